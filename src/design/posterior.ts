import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';

/** Mean and variance of the score without measurement noise, standardised units. */
export interface Moments {
  /** [B] */
  mean: Float64Array;
  /** [B], at least 0. */
  variance: Float64Array;
}

/**
 * What is believed of the scores of sequences after the measured set was seen; the seam between any proxy with an
 * uncertainty (Bayesian linear regression over blocks, Gaussian process, network ensemble) and batch selection.
 */
export interface ScorePosterior {
  /** The highest measured score, standardised units; absent where it is not known. */
  readonly highest?: number;
  moments(sequences: readonly Sequence[], signal?: AbortSignal): Promise<Moments>;
  /**
   * Draws of all the scores together: within a draw the scores are correlated as the posterior says.
   * @returns [draws x B] row-major
   */
  sample(
    sequences: readonly Sequence[],
    draws: number,
    random: Random,
    signal?: AbortSignal,
  ): Promise<Float64Array>;
}
