import type { Sequence } from '../core/alphabet.js';
import type { FeatureMap } from '../core/feature-map.js';
import { createObjective } from '../design/objective.js';
import type { Objective } from '../design/objective.js';
import { headOneByOne, type Head, type LinearHead } from '../proxy/head.js';
import type { Encoding } from './networks/encoding.js';

/** A model of the score with a few outputs, and their gradients in the letters. */
export interface ScoreModel {
  /** Names the model for memos. */
  readonly key: string;
  /** K, number of outputs: members of an ensemble, or whatever its head needs. */
  readonly outputs: number;
  /** [B x K] */
  evaluate(sequences: readonly Sequence[], signal?: AbortSignal): Promise<Float64Array>;
  /** [B x K x L x A] gradients in the letters. */
  gradients(sequences: readonly Sequence[], signal?: AbortSignal): Promise<Float64Array>;
}

/** y_h where a model needs a target: BIB's, in standardised units. */
export const TARGET = 10;

/** A head that reads one number off a model's outputs. A network has no backward mapping: L_b is 0. */
export function forwardHead(
  outputs: number,
  aggregate: (values: ArrayLike<number>) => { value: number; slopes: Float64Array },
): Head {
  return headOneByOne({
    width: outputs,
    target: TARGET,
    predict: (phi) => aggregate(phi).value,
    losses(phi) {
      const { value, slopes } = aggregate(phi);
      const gap = value - TARGET;
      return {
        prediction: value,
        forward: gap * gap,
        backward: 0,
        cotangents: () => ({
          forward: slopes.map((slope) => 2 * gap * slope),
          backward: new Float64Array(outputs),
        }),
      };
    },
  });
}

/** The mean of all outputs. */
export function meanHead(outputs: number): Head {
  return forwardHead(outputs, (values) => {
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += values[k] / outputs;
    return { value: sum, slopes: new Float64Array(outputs).fill(1 / outputs) };
  });
}

/** The lowest output. */
export function minHead(outputs: number): Head {
  return forwardHead(outputs, (values) => {
    let lowest = 0;
    for (let k = 1; k < outputs; k++) if (values[k] < values[lowest]) lowest = k;
    const slopes = new Float64Array(outputs);
    slopes[lowest] = 1;
    return { value: values[lowest], slopes };
  });
}

/** What {@link modelObjective} is made of. */
export interface ModelObjectiveOptions {
  model: ScoreModel;
  /** Over the model's outputs. */
  head: Head;
  /** The weak supervision f, a linear head over an encoding; for searches that look at f. */
  weakSupervision?: { head: LinearHead; encoding: Encoding } | null;
  /** [K] What f is of the outputs where there is no weak supervision. Default: their mean. */
  auxiliary?: Float64Array;
}

/** An {@link Objective} over a model: features are the model's outputs, and what the weak supervision sees. */
export function modelObjective(options: ModelObjectiveOptions): Objective {
  const { model, head, weakSupervision } = options;
  const K = model.outputs;
  const encoding = weakSupervision?.encoding ?? null;
  const width = K + (encoding?.width ?? 0);
  const extended = (part: Float64Array) => {
    const full = new Float64Array(width);
    full.set(part);
    return full;
  };
  const auxiliary: LinearHead = { weights: new Float64Array(width), bias: weakSupervision?.head.bias ?? 0 };
  if (weakSupervision) auxiliary.weights.set(weakSupervision.head.weights, K);
  else auxiliary.weights.set(options.auxiliary ?? new Float64Array(K).fill(1 / K));
  return createObjective({
    featureMap: encoding === null ? outputMap(model) : joinedMap(model, encoding, width),
    auxiliary,
    head: {
      width,
      target: head.target,
      predict: head.predict,
      losses: (phis) => head.losses(outputsOf(phis, width, K)),
      async cotangents(losses) {
        const slopes = await head.cotangents(losses);
        return slopes.map(({ forward, backward }) => ({
          forward: extended(forward),
          backward: extended(backward),
        }));
      },
    },
  });
}

/** The first K of each row, [B x K]. */
function outputsOf(phis: Float32Array | Float64Array, width: number, K: number): Float64Array {
  const B = phis.length / width;
  return Float64Array.from({ length: B * K }, (_, i) => phis[Math.floor(i / K) * width + (i % K)]);
}

/** The model's outputs as features. */
function outputMap(model: ScoreModel): FeatureMap {
  return {
    width: model.outputs,
    key: model.key,
    features: (sequences, signal) => model.evaluate(sequences, signal),
    async vjp(sequences, cotangents, count, signal) {
      const slopes = await model.gradients(sequences, signal);
      const size = slopes.length / (sequences.length * model.outputs);
      const data = combine(slopes, cotangents, model.outputs, model.outputs, count, size);
      return { data, alphabetSize: size / sequences[0].length };
    },
  };
}

/** The model's outputs and an encoding side by side. */
function joinedMap(model: ScoreModel, encoding: Encoding, width: number): FeatureMap {
  const K = model.outputs;
  return {
    width,
    key: `${model.key}+encoding`,
    async features(sequences, signal) {
      const outputs = await model.evaluate(sequences, signal);
      const encoded = encoding.encode(sequences);
      const phi = new Float64Array(sequences.length * width);
      sequences.forEach((_, b) => {
        phi.set(outputs.subarray(b * K, (b + 1) * K), b * width);
        phi.set(encoded.subarray(b * encoding.width, (b + 1) * encoding.width), b * width + K);
      });
      return phi;
    },
    async vjp(sequences, cotangents, count, signal) {
      const slopes = await model.gradients(sequences, signal);
      const size = slopes.length / (sequences.length * K);
      const data = combine(slopes, cotangents, K, width, count, size);
      for (let row = 0; row < sequences.length * count; row++)
        encoding.pull(cotangents, row * width + K, data, row * size);
      return { data, alphabetSize: size / sequences[0].length };
    },
  };
}

/** `sum_k v[b, c, k] slopes[b, k]` for `count` cotangents a sequence: [B x count x size]. */
function combine(
  slopes: Float64Array,
  cotangents: Float64Array,
  K: number,
  width: number,
  count: number,
  size: number,
): Float64Array {
  const rows = cotangents.length / width;
  const data = new Float64Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const b = Math.floor(row / count);
    for (let k = 0; k < K; k++) {
      const factor = cotangents[row * width + k];
      if (factor === 0) continue;
      const from = (b * K + k) * size;
      for (let j = 0; j < size; j++) data[row * size + j] += factor * slopes[from + j];
    }
  }
  return data;
}
