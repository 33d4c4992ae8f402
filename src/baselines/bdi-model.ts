import type { Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import { headOneByOne, type Head } from '../proxy/head.js';
import { factor } from '../proxy/evidence/tiled-cholesky.js';
import { dot, multiply, solveCholesky } from '../proxy/linear-algebra.js';
import { createNtk } from '../proxy/ntk.js';
import type { NtkKernel } from '../proxy/ntk.js';
import { TARGET } from './model-objective.js';
import type { ScoreModel } from './model-objective.js';
import type { ContinuousEncoding } from './networks/encoding.js';

/** BDI's kernel machine on the measured set. */
export interface BdiModel {
  kernel: NtkKernel;
  encoding: ContinuousEncoding;
  /** [N x width] measured points, and their standardised scores [N]. */
  X: Float64Array;
  y: Float64Array;
  /** `(K + beta I)^-1 y`, `beta = 1e-6 tr(K) / N`. */
  dual: Float64Array;
  /** `y^T y` */
  yy: number;
  /** beta_h / k_hh of the backward mapping. */
  backwardRidge: number;
}

/** Relative ridge of the published code: of the forward mapping always, of the backward mapping where it stands alone. */
export const BDI_RIDGE = 1e-6;
/** Rows of the kernel matrix computed at a time. */
const BLOCK = 64;

/**
 * Fits the forward mapping: the kernel matrix of the measured set, N^2 numbers, and its Cholesky factor.
 * @throws CancelledError when the signal fires while the matrix is computed
 */
export function fitBdi(
  encoding: ContinuousEncoding,
  sequences: readonly Sequence[],
  y: Float64Array,
  backwardRidge: number,
  signal?: AbortSignal,
): BdiModel {
  const kernel = createNtk();
  const [N, width] = [sequences.length, encoding.width];
  const X = Float64Array.from(encoding.encode(sequences));
  const K = new Float64Array(N * N);
  for (let from = 0; from < N; from += BLOCK) {
    throwIfAborted(signal);
    const rows = X.subarray(from * width, Math.min(N, from + BLOCK) * width);
    // the lower triangle is enough for Cholesky, the refinement reads all
    K.set(kernel.matrix(rows, X, width).ntk, from * N);
  }
  let trace = 0;
  for (let i = 0; i < N; i++) trace += K[i * N + i];
  for (let i = 0; i < N; i++) K[i * N + i] += (BDI_RIDGE * trace) / N;
  return { kernel, encoding, X, y, dual: solveRefined(K, y), yy: dot(y, y), backwardRidge };
}

/** `K^-1 y` by Cholesky with one step of iterative refinement. */
function solveRefined(K: Float64Array, y: Float64Array): Float64Array {
  const L = factor(K.slice(), y.length);
  const x = solveCholesky(L, y);
  const residual = multiply(K, x).map((value, i) => y[i] - value);
  const correction = solveCholesky(L, residual);
  return x.map((value, i) => value + correction[i]);
}

/** What both losses need of a point: k = k(x, X), and k_hh. */
export interface BdiPoint {
  k: Float64Array;
  self: number;
  prediction: number;
}

/** The kernel of points [B x width] with the measured set. */
export function lookAtPoints({ kernel, X, dual, encoding }: BdiModel, points: Float64Array): BdiPoint[] {
  const { width } = encoding;
  const N = dual.length;
  const { ntk } = kernel.matrix(points, X, width);
  return Array.from({ length: points.length / width }, (_, b) => {
    const k = ntk.subarray(b * N, (b + 1) * N);
    return { k, self: kernel.diagonal(points.slice(b * width, (b + 1) * width)), prediction: dot(k, dual) };
  });
}

/**
 * Gradient in x of `forward/2 (f(x) - y_h)^2 + backward/2 mean_j (s k_j - y_j)^2`, `s = y_h / (k_hh (1 + ridge))`, the losses
 * of BDI with its factor 1/2.
 */
export function bdiGradient(
  model: BdiModel,
  x: Float64Array,
  weights: { forward: number; backward: number },
): Float64Array {
  const { kernel, X, y, dual, backwardRidge } = model;
  const point = kernel.point(x, X);
  const k = point.ntk;
  const self = kernel.diagonal(x);
  const s = TARGET / (self * (1 + backwardRidge));
  const gap = weights.forward * (dot(k, dual) - TARGET);
  const share = weights.backward / y.length;
  let selfSlope = 0;
  const cotangents = dual.map((d, j) => {
    const residual = share * (s * k[j] - y[j]);
    selfSlope += (residual * k[j] * -s) / self;
    return gap * d + residual * s;
  });
  const gradient = point.vjp(cotangents);
  const own = kernel.diagonalGradient(x);
  return gradient.map((value, i) => value + selfSlope * own[i]);
}

/** Outputs: the prediction, `sum_j k_j y_j`, `sum_j k_j^2` and k_hh; enough for both losses. */
export function bdiScores(model: BdiModel, size: number): ScoreModel {
  const { kernel, encoding, X, y, dual } = model;
  const pointsOf = (sequences: readonly Sequence[]) => Float64Array.from(encoding.encode(sequences));
  return {
    key: 'bdi',
    outputs: 4,
    async evaluate(sequences, signal) {
      const out = new Float64Array(sequences.length * 4);
      for (let b = 0; b < sequences.length; b++) {
        if (b % BLOCK === 0) throwIfAborted(signal);
        const [{ k, self, prediction }] = lookAtPoints(model, pointsOf([sequences[b]]));
        out.set([prediction, dot(k, y), dot(k, k), self], b * 4);
      }
      return out;
    },
    async gradients(sequences, signal) {
      const out = new Float64Array(sequences.length * 4 * size);
      for (let b = 0; b < sequences.length; b++) {
        throwIfAborted(signal);
        const x = pointsOf([sequences[b]]);
        const point = kernel.point(x, X);
        const slopes = [
          point.vjp(dual),
          point.vjp(y),
          point.vjp(point.ntk.map((value) => 2 * value)),
          kernel.diagonalGradient(x),
        ];
        slopes.forEach((slope, o) => encoding.pull(slope, 0, out, (b * 4 + o) * size));
      }
      return out;
    },
  };
}

/** Both losses from {@link bdiScores}: `L_f = (f - y_h)^2` and `L_b = (y^T y - 2 s sum k y + s^2 sum k^2) / N`. */
export function bdiHead({ y, yy, backwardRidge }: BdiModel): Head {
  return headOneByOne({
    width: 4,
    target: TARGET,
    predict: (phi) => phi[0],
    losses(phi) {
      const [prediction, ky, kk, self] = [phi[0], phi[1], phi[2], phi[3]];
      const s = TARGET / (self * (1 + backwardRidge));
      const gap = prediction - TARGET;
      const bySelf = ((2 * s * kk - 2 * ky) / y.length) * (-s / self);
      return {
        prediction,
        forward: gap * gap,
        backward: (yy - 2 * s * ky + s * s * kk) / y.length,
        cotangents: () => ({
          forward: Float64Array.of(2 * gap, 0, 0, 0),
          backward: Float64Array.of(0, (-2 * s) / y.length, (s * s) / y.length, bySelf),
        }),
      };
    },
  });
}
