/** A monotone map of scores before the regression, with its way back. */
export interface ScoreTransform {
  readonly name: string;
  apply(score: number): number;
  invert(value: number): number;
  /**
   * log d apply / d score: adds up to the Jacobian term that makes evidences of different transforms comparable; null
   * for a root, whose density is not usable where scores are tied at 0.
   */
  logSlope: ((score: number) => number) | null;
}

export const IDENTITY: ScoreTransform = {
  name: 'identity',
  apply: (score) => score,
  invert: (value) => value,
  logSlope: () => 0,
};

/** `asinh(y / c)`: linear within c of 0, logarithmic beyond. */
export function asinhTransform(c: number): ScoreTransform {
  return {
    name: `asinh(y/${short(c)})`,
    apply: (score) => Math.asinh(score / c),
    invert: (value) => c * Math.sinh(value),
    logSlope: (score) => -0.5 * Math.log(score * score + c * c),
  };
}

/** `log(y + c)`, for scores above -c. */
export function logTransform(c: number): ScoreTransform {
  return {
    name: `log(y+${short(c)})`,
    apply: (score) => Math.log(score + c),
    invert: (value) => Math.exp(value) - c,
    logSlope: (score) => -Math.log(score + c),
  };
}

/** The signed cube root. */
export const CUBE_ROOT: ScoreTransform = {
  name: 'cube root',
  apply: (score) => Math.cbrt(score),
  invert: (value) => value ** 3,
  logSlope: null,
};

function short(c: number): string {
  return String(Number(c.toPrecision(3)));
}

/**
 * The transforms that suit a table. Scores that pile up near 0 and reach far beyond (non-negative but for noise, skewness
 * above 1) may be compressed: cube root, `log(y + c)` and `asinh(y / c)` with c fixed from the table (see
 * {@link offsets}); all others stay as they are, scores of both signs being logarithms or differences already.
 */
export function transformsFor(scores: ArrayLike<number>): ScoreTransform[] {
  const sorted = Float64Array.from(scores).sort();
  const [low, high] = [sorted[0], sorted[sorted.length - 1]];
  // measurement noise around 0 may go a little below it
  if (low < -0.1 * (high - low) || skewness(sorted) <= 1) return [IDENTITY];
  const cs = offsets(sorted).map((c) => Math.max(c, low < 0 ? -1.5 * low : 0));
  return [IDENTITY, CUBE_ROOT, asinhTransform(cs[0]), ...cs.map(logTransform)];
}

/**
 * Values of c: the spread of the bulk of the scores (1.4826 times the median absolute deviation, the noise where most
 * variants are dead), and a fourth of the standard deviation; never below the smallest gap between distinct scores.
 */
export function offsets(sorted: Float64Array): number[] {
  const middle = sorted[sorted.length >> 1];
  const deviations = sorted.map((score) => Math.abs(score - middle)).sort();
  const noise = 1.4826 * deviations[deviations.length >> 1];
  const deviation = Math.sqrt(centralMoment(sorted, 2));
  let gap = Infinity;
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i] > sorted[i - 1]) gap = Math.min(gap, sorted[i] - sorted[i - 1]);
  const floor = Math.max(gap, 1e-3 * deviation);
  return [Math.max(noise, floor), Math.max(deviation / 4, floor)];
}

function skewness(values: Float64Array): number {
  return centralMoment(values, 3) / centralMoment(values, 2) ** 1.5;
}

function centralMoment(values: Float64Array, order: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** order, 0) / values.length;
}
