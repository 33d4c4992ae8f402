/** Places along the axis of scores; a score becomes a distribution over them, so that scores can be distilled. */
export interface SoftBins {
  /** [K] in rising order, equally far apart. */
  readonly centres: Float64Array;
  /** Standard deviation of the kernel that spreads a score over its neighbours. */
  readonly width: number;
}

/** Kernels as wide as bins are apart: narrow enough to tell scores apart, wide enough that no score falls between. */
const WIDTH_IN_BINS = 1;

/** K bins over the range of scores, with one bin's room at both ends. */
export function softBins(scores: ArrayLike<number>, count: number): SoftBins {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < scores.length; i++) {
    low = Math.min(low, scores[i]);
    high = Math.max(high, scores[i]);
  }
  const apart = Math.max(high - low, 1e-9) / Math.max(1, count - 3);
  const centres = Float64Array.from({ length: count }, (_, k) => low + (k - 1) * apart);
  return { centres, width: WIDTH_IN_BINS * apart };
}

/** The distribution [K] of a score: proportional to exp(-(score - centre)^2 / (2 width^2)). */
export function softenScore({ centres, width }: SoftBins, score: number): Float64Array {
  const logs = centres.map((centre) => -0.5 * ((score - centre) / width) ** 2);
  const largest = logs.reduce((most, x) => Math.max(most, x), -Infinity);
  const weights = logs.map((x) => Math.exp(x - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((x) => x / sum);
}

/** Mean of a distribution over bins, and its standard deviation without the kernel's own. */
export function momentsOf(
  { centres, width }: SoftBins,
  distribution: ArrayLike<number>,
): { mean: number; spread: number } {
  const mean = centres.reduce((sum, centre, k) => sum + distribution[k] * centre, 0);
  const variance = centres.reduce((sum, centre, k) => sum + distribution[k] * (centre - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(Math.max(0, variance - width ** 2)) };
}
