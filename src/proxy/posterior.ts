import { internal } from '../core/errors.js';
import { cholesky, dot, multiply, solveCholesky, squaredForward } from './linear-algebra.js';

/** What {@link fitPosterior} learns from; features and scores are centred where `centred` says so. */
export interface PosteriorData {
  /** Phi^T Phi [D x D] */
  G: Float64Array;
  /** Phi^T y [D] */
  b: Float64Array;
  /** N */
  rows: number;
  /** s^2, the variance of the noise; the prior of the weights is N(0, I). */
  noise: number;
  /** Whether features and scores had their means over the rows taken away, which takes one degree of freedom. */
  centred: boolean;
}

/** The posterior of a Bayesian linear regression, `w | y ~ N(mean, s^2 (G + s^2 I)^-1)`. */
export interface Posterior {
  readonly width: number;
  /** s^2 */
  readonly noise: number;
  /** [D] posterior mean of the weights: the ridge head with penalty s^2. */
  readonly mean: Float64Array;
  /** Posterior mean at phi [D]. */
  predict(phi: ArrayLike<number>): number;
  /** `phi^T (G + s^2 I)^-1 phi` (plus 1/N if centred): how far phi lies from the measured rows; at a row, H_ii. */
  leverage(phi: ArrayLike<number>): number;
  /** Variance of a new measurement at phi: `s^2 + phi^T (Phi^T Phi / s^2 + I)^-1 phi` (plus s^2 / N if centred). */
  variance(phi: ArrayLike<number>): number;
  /**
   * Leave-one-out residual of a measured row, `(y_i - prediction_i) / (1 - H_ii)`: what a fit without the row would miss.
   */
  leftOut(phi: ArrayLike<number>, y: number): number;
}

/**
 * Fits `y ~ N(Phi w, s^2)`, `w ~ N(0, I)`.
 * @throws InputError when the noise is too small for the features in float64
 */
export function fitPosterior({ G, b, rows, noise, centred }: PosteriorData): Posterior {
  const D = b.length;
  if (!(noise > 0)) throw internal(`posterior: noise ${noise}`);
  const A = G.slice();
  for (let i = 0; i < D; i++) A[i * D + i] += noise;
  const L = cholesky(A, D);
  const mean = refined(A, L, b);
  const shared = centred ? 1 / rows : 0;
  const predict = (phi: ArrayLike<number>) => dot(mean, phi);
  const leverage = (phi: ArrayLike<number>) => squaredForward(L, phi) + shared;
  return {
    width: D,
    noise,
    mean,
    predict,
    leverage,
    variance: (phi) => noise * (1 + leverage(phi)),
    leftOut: (phi, y) => (y - predict(phi)) / (1 - leverage(phi)),
  };
}

/** Solution with one step of iterative refinement. */
function refined(A: Float64Array, L: Float64Array, b: Float64Array): Float64Array {
  const x = solveCholesky(L, b);
  const residual = multiply(A, x).map((value, i) => b[i] - value);
  const correction = solveCholesky(L, residual);
  return x.map((value, i) => value + correction[i]);
}
