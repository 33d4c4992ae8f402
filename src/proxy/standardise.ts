import { InputError } from '../core/errors.js';

/** Scores in standardised units (mean 0, unbiased standard deviation 1) and the way back to the user's units. */
export interface StandardisedScores {
  /** [N] standardised scores. */
  y: Float64Array;
  /** Mean of the scores, in the user's units. */
  mean: number;
  /** Unbiased standard deviation of the scores, in the user's units. */
  std: number;
  /** Standardised units to the user's: `mean + std z`. */
  toUserUnits(z: number): number;
}

/**
 * Standardises measured scores: `y = (score - mean) / std` with the unbiased std (division by N - 1).
 * @throws InputError for fewer than two scores, a score that is not finite, or scores that are all the same.
 */
export function standardise(scores: ArrayLike<number>): StandardisedScores {
  const n = scores.length;
  if (n < 2) {
    throw new InputError({
      what: 'too few measured variants to learn from',
      expected: 'at least 2 scores',
      got: `${n}`,
      fix: 'Give a table with more measured rows.',
    });
  }
  const mean = finiteMean(scores);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (scores[i] - mean) ** 2;
  const std = Math.sqrt(squares / (n - 1));
  // equal scores leave a rounding remnant of the mean, not an exact zero
  if (!(std > 1e-12 * Math.abs(mean))) {
    throw new InputError({
      what: 'all scores are the same, so there is nothing to learn',
      expected: 'scores that differ',
      got: `${n} scores of ${scores[0]}`,
      fix: 'Check that the right score column was taken.',
    });
  }
  const y = Float64Array.from(scores, (score) => (score - mean) / std);
  return { y, mean, std, toUserUnits: (z) => mean + std * z };
}

function finiteMean(scores: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) {
      throw new InputError({
        what: `score ${i + 1} is not a finite number`,
        expected: 'a finite number',
        got: `${scores[i]}`,
      });
    }
    sum += scores[i];
  }
  return sum / scores.length;
}
