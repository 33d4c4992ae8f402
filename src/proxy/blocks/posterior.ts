import type { BlockHead } from './block-head.js';
import type { Measured } from './learner.js';

/** Uncertainty of predictions over weighted blocks; standardised units of the transformed score. */
export interface BlockPosterior {
  /** s_n^2 */
  readonly noise: number;
  /** `phi^T (G + s^2 I)^-1 phi + 1/N`: how far phi lies from the measured rows; at a measured row, H_ii. */
  leverage(phi: ArrayLike<number>): number;
  /** [B] The same of each row of [B x D]. */
  leverages(phis: Float64Array): Promise<Float64Array>;
  /** [B x B] `phi_i^T (G + s^2 I)^-1 phi_j + 1/N`: covariances of predictions over s^2; its diagonal are the leverages. */
  jointLeverages(phis: Float64Array): Promise<Float64Array>;
  /** Variance of a new measurement, `s^2 (1 + leverage)`. */
  variance(phi: ArrayLike<number>): number;
  /** Posterior mean with the noise as ridge; the head's own prediction averages several. */
  mean(phi: ArrayLike<number>): number;
  /** Leave-one-out residual of a measured row under the posterior mean. */
  leftOut(phi: ArrayLike<number>, y: number): number;
}

/** The posterior of `y ~ N(Phi w, s^2)`, `w ~ N(0, I)` in weighted feature coordinates. */
export function createBlockPosterior(
  measured: Measured,
  { noise }: Pick<BlockHead, 'noise'>,
): BlockPosterior {
  const solver = measured.solver(noise);
  const weights = solver.weights(0);
  const mean = (phi: ArrayLike<number>) => weights.reduce((sum, w, j) => sum + w * phi[j], 0);
  const leverage = (phi: ArrayLike<number>) => solver.quadratic(phi) + 1 / measured.rows;
  return {
    noise,
    mean,
    leverage,
    leverages: async (phis) => (await solver.quadratics(phis)).map((value) => value + 1 / measured.rows),
    jointLeverages: async (phis) => (await solver.joint(phis)).map((value) => value + 1 / measured.rows),
    variance: (phi) => noise * (1 + leverage(phi)),
    leftOut: (phi, y) => (y - mean(phi)) / (1 - leverage(phi)),
  };
}
