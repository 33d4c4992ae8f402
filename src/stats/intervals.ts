import { internal } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { requireFinite, requirePaired, type Values } from './check.js';
import { mean, quantile, standardError } from './descriptive.js';
import { normalQuantile } from './normal.js';
import { studentTQuantile } from './student-t.js';

/** A range that covers the true value with a stated confidence. */
export interface Interval {
  low: number;
  high: number;
}

/** An estimate with its standard error and interval. */
export interface Estimate extends Interval {
  mean: number;
  /** Unbiased standard deviation over sqrt(n); NaN for one value. */
  standardError: number;
  /** Number of values. */
  n: number;
}

/** 0.95: the confidence of every interval unless another is asked for. */
export const CONFIDENCE = 0.95;

/**
 * Mean with its interval from Student's t, `mean +- t_{n-1} se`. One value has no spread: its interval is unbounded.
 * @param confidence above 0 and below 1; default 0.95
 */
export function meanInterval(values: Values, confidence = CONFIDENCE): Estimate {
  const n = values.length;
  const [centre, se] = [mean(values), standardError(values)];
  if (n === 1) return { mean: centre, standardError: se, n, low: -Infinity, high: Infinity };
  const half = studentTQuantile((1 + confidence) / 2, n - 1) * se;
  return { mean: centre, standardError: se, n, low: centre - half, high: centre + half };
}

/**
 * Mean of the paired differences `a[i] - b[i]` (same seed or plate) with its interval from Student's t: the paired
 * t-test's. The difference is significant at 1 - confidence where the interval excludes 0.
 */
export function pairedDifference(a: Values, b: Values, confidence = CONFIDENCE): Estimate {
  return meanInterval(differences(a, b), confidence);
}

function differences(a: Values, b: Values): Float64Array {
  requirePaired(a, b, 'pairedDifference');
  return Float64Array.from(a, (value, i) => value - b[i]);
}

/** Options of {@link bootstrapInterval}. */
export interface BootstrapOptions {
  random: Random;
  /** Number of resamples. Default 10,000. */
  resamples?: number;
  /** Default 0.95. */
  confidence?: number;
}

/**
 * Percentile interval of the mean by the bootstrap (Efron): the values are drawn again with replacement, and the
 * quantiles of the resampled means are taken. It assumes no shape, but is too narrow for few values (by about
 * sqrt((n - 1)/n) and the missing t factor: with 8 values by a fifth), so give it beside the t interval, not instead.
 */
export function bootstrapInterval(values: Values, options: BootstrapOptions): Interval {
  requireFinite(values, 'bootstrapInterval');
  const { random, resamples = 10_000, confidence = CONFIDENCE } = options;
  if (!Number.isInteger(resamples) || resamples < 1)
    throw internal(`bootstrapInterval: ${resamples} resamples`);
  const n = values.length;
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[random.integer(n)];
    means[r] = sum / n;
  }
  return { low: quantile(means, (1 - confidence) / 2), high: quantile(means, (1 + confidence) / 2) };
}

/** {@link bootstrapInterval} of the mean paired difference `a[i] - b[i]`. */
export function pairedBootstrap(a: Values, b: Values, options: BootstrapOptions): Interval {
  return bootstrapInterval(differences(a, b), options);
}

/**
 * Wilson's interval for a proportion (J. Am. Stat. Assoc. 1927): the p with `|k/n - p| <= z sqrt(p (1 - p) / n)`. Within
 * [0, 1] and sensible at k = 0 and k = n.
 * @param k successes of n
 */
export function wilsonInterval(k: number, n: number, confidence = CONFIDENCE): Interval {
  if (!(n > 0 && k >= 0 && k <= n)) throw internal(`wilsonInterval: ${k} of ${n}`);
  const z = normalQuantile((1 + confidence) / 2);
  const p = k / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { low: k === 0 ? 0 : centre - half, high: k === n ? 1 : centre + half };
}
