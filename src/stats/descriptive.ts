import { quantileSorted } from 'd3-array';
import { internal } from '../core/errors.js';
import { requireFinite, type Values } from './check.js';

/** The arithmetic mean. */
export function mean(values: Values): number {
  requireFinite(values, 'mean');
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Sum of squared deviations from the mean, two passes. */
function squaredDeviations(values: Values): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - centre) ** 2;
  return sum;
}

/** Unbiased standard deviation (divisor n - 1); NaN for one value. */
export function standardDeviation(values: Values): number {
  return values.length === 1 ? NaN : Math.sqrt(squaredDeviations(values) / (values.length - 1));
}

/** Standard deviation of the values themselves (divisor n). */
export function populationStandardDeviation(values: Values): number {
  return Math.sqrt(squaredDeviations(values) / values.length);
}

/** Standard error of the mean: unbiased standard deviation over sqrt(n); NaN for one value. */
export function standardError(values: Values): number {
  return standardDeviation(values) / Math.sqrt(values.length);
}

/** The values in ascending order, as a copy. */
function ascending(values: Values): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * The p-quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan, numpy's default).
 * @param p from 0 (the smallest) to 1 (the largest)
 */
export function quantile(values: Values, p: number): number {
  requireFinite(values, 'quantile');
  const value = quantileSorted([...ascending(values)], p);
  if (!(p >= 0 && p <= 1) || value === undefined) throw internal(`quantile: p = ${p}`);
  return value;
}

/** The median: the middle value, or the mean of the two middle ones. */
export function median(values: Values): number {
  return quantile(values, 0.5);
}

/** The middle value, or the lower of the two middle ones (what torch's `median` gives). */
export function lowerMedian(values: Values): number {
  requireFinite(values, 'lowerMedian');
  return ascending(values)[(values.length - 1) >> 1];
}

/** The middle value, or the upper of the two middle ones. */
export function upperMedian(values: Values): number {
  requireFinite(values, 'upperMedian');
  return ascending(values)[values.length >> 1];
}
