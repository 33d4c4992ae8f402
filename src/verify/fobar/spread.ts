/** How far the counts of recoveries tell candidates apart. */
export interface CountSpread {
  min: number;
  max: number;
  mean: number;
  /** Population standard deviation of the counts. */
  deviation: number;
  /** How many different counts there are. */
  distinct: number;
  /** What the deviation would be if every hidden thing were recovered with the same probability, by chance alone. */
  chance: number;
  /**
   * Whether the counts differ by more than that: the dispersion test's statistic is above the 95 % quantile of its normal
   * approximation. Candidates that share hidden rows are not independent, so a yes is a hint and no proof.
   */
  apart: boolean;
}

/** Upper 5 % of the standard normal distribution. */
const CRITICAL = 1.645;

/**
 * The spread of the counts, beside what chance would give.
 * @param recovered [C] Z_c
 * @param hidden [C] how many things were hidden for each candidate
 */
export function spreadOfCounts(recovered: readonly number[], hidden: readonly number[]): CountSpread {
  const C = recovered.length;
  const mean = total(recovered) / C;
  const rate = total(recovered) / Math.max(1, total(hidden));
  const variance = total(recovered.map((z) => (z - mean) ** 2)) / C;
  const expected = (total(hidden) / C) * rate * (1 - rate);
  const statistic = total(
    recovered.map((z, c) =>
      hidden[c] > 0 && expected > 0 ? (z - hidden[c] * rate) ** 2 / (hidden[c] * rate * (1 - rate)) : 0,
    ),
  );
  return {
    min: recovered.reduce((least, z) => Math.min(least, z)),
    max: recovered.reduce((most, z) => Math.max(most, z)),
    mean,
    deviation: Math.sqrt(variance),
    distinct: new Set(recovered).size,
    chance: Math.sqrt(expected),
    apart: C > 1 && (statistic - (C - 1)) / Math.sqrt(2 * (C - 1)) > CRITICAL,
  };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
