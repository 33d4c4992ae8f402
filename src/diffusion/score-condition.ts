import { bisectRight } from 'd3-array';
import { InputError } from '../core/errors.js';

/** The measured scores as a network sees them: plain numbers, so that they can be stored with it. */
export interface ScoreScale {
  readonly mean: number;
  /** Unbiased standard deviation. */
  readonly std: number;
  /** Quantiles of the measured scores in equal steps, from the smallest to the largest. */
  readonly quantiles: readonly number[];
}

/** Steps between the stored quantiles. */
const STEPS = 64;
/** Numbers that say a score: see {@link scoreFeatures}. */
export const SCORE_FEATURES = 3;

/**
 * @throws InputError for scores that do not differ or are not finite
 */
export function scoreScale(scores: ArrayLike<number>): ScoreScale {
  const sorted = Float64Array.from(scores).sort();
  const n = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  const std = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  if (!(std > 0) || !Number.isFinite(std)) {
    throw new InputError({
      what: 'the scores say nothing',
      expected: 'at least two different finite scores',
      got: n < 2 ? `${n} scores` : `a standard deviation of ${std}`,
    });
  }
  const at = (share: number) => sorted[Math.round(share * (n - 1))];
  return { mean, std, quantiles: Array.from({ length: STEPS + 1 }, (_, k) => at(k / STEPS)) };
}

/**
 * A score as a network's input, or that none is given (NaN): `[z, r, 1]` or `[0, 0, 0]`, where z is the standardised score
 * and r, from -1 to 1, the share of the measured scores below it. r tells apart what lies close in a crowded part of the
 * scale; beyond the measured range it stays at its end, and z goes on.
 */
export function scoreFeatures({ mean, std, quantiles }: ScoreScale, score: number): number[] {
  if (Number.isNaN(score)) return [0, 0, 0];
  const above = bisectRight(quantiles, score);
  const rank = interpolateRank(quantiles, score, above);
  return [(score - mean) / std, (2 * rank) / STEPS - 1, 1];
}

function interpolateRank(quantiles: readonly number[], score: number, above: number): number {
  if (above === 0) return 0;
  if (above === quantiles.length) return STEPS;
  const [low, high] = [quantiles[above - 1], quantiles[above]];
  return above - 1 + (score - low) / (high - low);
}
