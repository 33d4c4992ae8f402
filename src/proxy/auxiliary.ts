import { InputError, internal } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { applyLinear } from './head.js';
import type { LinearHead } from './head.js';

/** Options of {@link fitAuxiliary}. */
export interface AuxiliaryOptions {
  /** Number of heads. Default 5. */
  heads?: number;
  /** SGD steps of each head. Default 3000. */
  steps?: number;
  /** Rows per step. Default 32. */
  batch?: number;
  /** First step size; it falls linearly to 0. Default 0.3; stable below 3.8 (heavy ball). */
  stepSize?: number;
  /** Default 0.9. */
  momentum?: number;
}

/** Several linear heads that differ, and their mean: the weak supervision f, in standardised units. */
export interface Auxiliary extends LinearHead {
  /** The single heads, on the same features as their mean. */
  readonly heads: readonly LinearHead[];
  /** Unbiased standard deviation of the heads' predictions at phi [D]. */
  spread(phi: ArrayLike<number>): number;
}

/** Measured rows: features [N x D] row-major and standardised scores [N]. */
export interface AuxiliaryData {
  phi: Float32Array | Float64Array;
  width: number;
  y: ArrayLike<number>;
}

/** Standard deviation of the weights before the first step, in scaled units. */
const START_NOISE = 0.01;

/**
 * Fits the auxiliary ensemble: each head sees its own bootstrap of the rows and has its own seed for start weights and
 * batches. Mini-batch SGD with momentum on the squared error, early stopping (a fixed number of steps) being the only
 * regulariser.
 *
 * Language-model features are far from centred and badly scaled, on which SGD would crawl or diverge. So it runs on
 * `x_j = (phi_j - mean_j) / (std_j sqrt(D))`, whose mean squared norm is 1, with a step divided by the batch's mean
 * squared norm where that exceeds 1 (normalised LMS), and the scaling is folded back into the weights. Features that do
 * not vary get weight 0. Cost does not depend on N.
 * @throws InputError when no feature varies
 */
export function fitAuxiliary(data: AuxiliaryData, random: Random, options: AuxiliaryOptions = {}): Auxiliary {
  const { heads = 5, steps = 3000, batch = 32, stepSize = 0.3, momentum = 0.9 } = options;
  const { phi, width, y } = data;
  if (phi.length !== y.length * width)
    throw internal(`auxiliary: ${phi.length} features for ${y.length} x ${width}`);
  const scaling = scalingOf(data);
  const settings = { steps, batch, stepSize, momentum };
  const fitted = Array.from({ length: heads }, (_, h) =>
    foldBack(trainHead(data, scaling, random.fork(`head ${h}`), settings), scaling),
  );
  return ensemble(fitted, width);
}

function ensemble(heads: readonly LinearHead[], width: number): Auxiliary {
  const weights = Float64Array.from({ length: width }, (_, j) => mean(heads.map((head) => head.weights[j])));
  return {
    heads,
    weights,
    bias: mean(heads.map((head) => head.bias)),
    spread(phi) {
      const predictions = heads.map((head) => applyLinear(head, phi));
      const centre = mean(predictions);
      const squares = predictions.reduce((sum, value) => sum + (value - centre) ** 2, 0);
      return Math.sqrt(squares / Math.max(1, heads.length - 1));
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Scaling {
  /** [D] */
  centre: Float64Array;
  /** [D] factor after centring: 1 / (std sqrt(D)); 0 where the feature does not vary. */
  factor: Float64Array;
}

function scalingOf({ phi, width, y }: AuxiliaryData): Scaling {
  const n = y.length;
  const centre = new Float64Array(width);
  for (let i = 0; i < n; i++) for (let j = 0; j < width; j++) centre[j] += phi[i * width + j] / n;
  const squares = new Float64Array(width);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < width; j++) squares[j] += (phi[i * width + j] - centre[j]) ** 2;
  // below this a float32 feature differs by its rounding only
  const varies = squares.map((value, j) =>
    Math.sqrt(value / n) > 1e-6 * Math.abs(centre[j]) + 1e-12 ? 1 : 0,
  );
  const active = varies.reduce((sum, value) => sum + value, 0);
  if (active === 0) {
    throw new InputError({
      what: 'the features of all measured rows are the same',
      expected: 'features that differ between sequences',
      fix: 'Use another model, or check that the sequences differ.',
    });
  }
  const factor = squares.map((value, j) => (varies[j] === 1 ? 1 / Math.sqrt((value / n) * active) : 0));
  return { centre, factor };
}

type TrainSettings = Required<Omit<AuxiliaryOptions, 'heads'>>;

/** Weights and bias in scaled units. */
function trainHead(
  data: AuxiliaryData,
  scaling: Scaling,
  random: Random,
  settings: TrainSettings,
): LinearHead {
  const { width, y } = data;
  const bootstrap = Uint32Array.from({ length: y.length }, () => random.integer(y.length));
  const x = new Float64Array(width);
  // the bias is the last weight, of a feature that is always 1
  const weights = Float64Array.from({ length: width + 1 }, () => START_NOISE * random.normal());
  const velocity = new Float64Array(width + 1);
  for (let step = 0; step < settings.steps; step++) {
    const gradient = new Float64Array(width + 1);
    let norm = 0;
    for (let k = 0; k < settings.batch; k++) {
      const row = bootstrap[random.integer(bootstrap.length)];
      norm += scaleRow(data, row, scaling, x) / settings.batch;
      const error = (predictScaled(weights, x) - y[row]) / settings.batch;
      for (let j = 0; j < width; j++) gradient[j] += error * x[j];
      gradient[width] += error;
    }
    const rate = (settings.stepSize * (1 - step / settings.steps)) / Math.max(1, norm);
    for (let j = 0; j <= width; j++) {
      velocity[j] = settings.momentum * velocity[j] - rate * gradient[j];
      weights[j] += velocity[j];
    }
  }
  return { weights: weights.subarray(0, width), bias: weights[width] };
}

/** Writes a scaled row to x and returns its squared norm. */
function scaleRow(
  { phi, width }: AuxiliaryData,
  row: number,
  { centre, factor }: Scaling,
  x: Float64Array,
): number {
  let norm = 0;
  for (let j = 0; j < width; j++) {
    const value = (phi[row * width + j] - centre[j]) * factor[j];
    x[j] = value;
    norm += value * value;
  }
  return norm;
}

function predictScaled(weights: Float64Array, x: Float64Array): number {
  let sum = weights[x.length];
  for (let j = 0; j < x.length; j++) sum += weights[j] * x[j];
  return sum;
}

/** The same head on unscaled features. */
function foldBack({ weights, bias }: LinearHead, { centre, factor }: Scaling): LinearHead {
  const unscaled = weights.map((weight, j) => weight * factor[j]);
  return { weights: unscaled, bias: bias - unscaled.reduce((sum, weight, j) => sum + weight * centre[j], 0) };
}
