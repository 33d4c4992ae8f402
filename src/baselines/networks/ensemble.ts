import { throwIfAborted } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { vjp } from '../../graph/autodiff.js';
import { GraphBuilder } from '../../graph/builder.js';
import { serialise } from '../../graph/serialise.js';
import { constantParameters } from '../../lm/architecture/parameters.js';
import { createSession } from '../../runtime/session.js';
import type { Session } from '../../runtime/session.js';
import type { Architecture, InputShape } from './architecture.js';
import { createTrainer, weightSource } from './trainer.js';
import type { Weights } from './trainer.js';

/** Options of {@link trainEnsemble}. */
export interface TrainingOptions {
  /** Networks that are trained, each from its own seed. */
  members: number;
  /** Passes through the measured set. */
  epochs: number;
  /** Optimiser steps at least, for small measured sets. */
  minSteps: number;
  /** Rows per step. */
  batch: number;
  learningRate: number;
  /** Whether each member sees its own bootstrap of the rows. */
  bootstrap: boolean;
}

/** What an ensemble learns from. */
export interface TrainingData {
  /** [N x width] */
  x: Float32Array;
  /** [N] */
  y: ArrayLike<number>;
  input: InputShape;
}

/** Trained networks that are evaluated together. */
export interface Ensemble {
  readonly members: number;
  readonly width: number;
  /** [B x K] predictions. */
  predict(x: Float32Array): Promise<Float64Array>;
  /** [B x K x width] gradient of each member's prediction in the input. */
  gradients(x: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * Trains networks of one shape by Adam on the squared error. All members are trained in one graph and differ in weights at
 * the start, order of rows and (if asked) bootstrap.
 * @throws CancelledError when the signal fires
 */
export async function trainEnsemble(
  architecture: Architecture,
  data: TrainingData,
  options: TrainingOptions,
  random: Random,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (step: number, steps: number) => void } = {},
): Promise<Ensemble> {
  const { members, batch, learningRate } = options;
  const width = data.input.positions * data.input.channels;
  const trainer = await createTrainer(
    (g, parameters) => {
      const x = g.input('x', 'float32', [members, 'B', width]);
      const y = g.input('y', 'float32', [members, 'B']);
      const error = g.sub(architecture.build(g, parameters, x, members, data.input), y);
      // a mean over rows, a sum over members: they have no weight in common
      return { loss: g.reduceSum(g.reduceMean(g.mul(error, error), [1]), [0]) };
    },
    random.fork('weights'),
    { learningRate },
  );
  const order = createOrder(data.y.length, options, random);
  const perEpoch = Math.ceil(data.y.length / batch);
  const steps = Math.max(options.epochs * perEpoch, options.minSteps);
  for (let step = 0; step < steps; step++) {
    throwIfAborted(signal);
    await trainer.step(gather(data, order(step % perEpoch), width));
    onProgress?.(step + 1, steps);
  }
  await trainer.release();
  return compileEnsemble(architecture, trainer.weights, members, data.input);
}

/** Rows of each member's batches: shuffled anew at the first batch of every epoch. */
function createOrder(
  rows: number,
  { members, batch, bootstrap }: TrainingOptions,
  random: Random,
): (index: number) => number[][] {
  const sources = Array.from({ length: members }, (_, k) => random.fork(`rows ${k}`));
  const drawn = sources.map((source) =>
    Array.from({ length: rows }, (_, i) => (bootstrap ? source.integer(rows) : i)),
  );
  return (index) => {
    if (index === 0) drawn.forEach((list, k) => sources[k].shuffle(list));
    return drawn.map((list) => list.slice(index * batch, (index + 1) * batch));
  };
}

function gather({ x, y }: TrainingData, rows: readonly (readonly number[])[], width: number) {
  const [K, B] = [rows.length, rows[0].length];
  const inputs = new Float32Array(K * B * width);
  const targets = new Float32Array(K * B);
  rows.flat().forEach((row, i) => {
    inputs.set(x.subarray(row * width, (row + 1) * width), i * width);
    targets[i] = y[row];
  });
  return { x: { data: inputs, shape: [K, B, width] }, y: { data: targets, shape: [K, B] } };
}

/** Rows that the compiled graphs take at a time; fewer are padded, so that a row's bits do not depend on its company. */
const ROWS = 32;

/** Trained weights as graphs for predictions and gradients. */
export async function compileEnsemble(
  architecture: Architecture,
  weights: Weights,
  members: number,
  input: InputShape,
): Promise<Ensemble> {
  const width = input.positions * input.channels;
  const session = (withGradient: boolean) =>
    createSession(ensembleGraph(architecture, weights, members, input, withGradient));
  const values = await session(false);
  let slopes: Promise<Session> | null = null;
  return {
    members,
    width,
    predict: async (x) =>
      regroup(
        x,
        width,
        members,
        1,
        async (rows) => (await values.run({ x: rows })).values.data as Float32Array,
      ),
    gradients: async (x) => {
      slopes ??= session(true);
      const compiled = await slopes;
      const run = async (rows: Rows) => (await compiled.run({ x: rows })).gradient.data as Float32Array;
      return Float32Array.from(await regroup(x, width, members, width, run));
    },
    async release() {
      await values.release();
      await (await slopes)?.release();
    },
  };
}

interface Rows {
  data: Float32Array;
  shape: number[];
}

function ensembleGraph(
  architecture: Architecture,
  weights: Weights,
  members: number,
  input: InputShape,
  withGradient: boolean,
): Uint8Array {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [members, 'B', input.positions * input.channels]);
  const values = architecture.build(g, constantParameters(g, weightSource(weights)), x, members, input);
  if (!withGradient) return serialise(g.build({ values }));
  const ones = g.apply('ExpandLike', [g.scalar(1, values), values], {})[0];
  const [gradient] = vjp(g, [{ output: values, cotangent: ones }], [x]);
  return serialise(g.build({ gradient }));
}

/** Runs a graph over padded chunks and turns its [K x rows x size] into [B x K x size]. */
async function regroup(
  x: Float32Array,
  width: number,
  members: number,
  size: number,
  run: (rows: Rows) => Promise<Float32Array>,
): Promise<Float64Array> {
  const count = x.length / width;
  const out = new Float64Array(count * members * size);
  for (let from = 0; from < count; from += ROWS) {
    const used = Math.min(ROWS, count - from);
    const data = new Float32Array(members * ROWS * width);
    for (let k = 0; k < members; k++)
      data.set(x.subarray(from * width, (from + used) * width), k * ROWS * width);
    const result = await run({ data, shape: [members, ROWS, width] });
    for (let b = 0; b < used; b++) {
      for (let k = 0; k < members; k++) {
        const at = (k * ROWS + b) * size;
        out.set(result.subarray(at, at + size), ((from + b) * members + k) * size);
      }
    }
  }
  return out;
}
