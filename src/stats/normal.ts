import { internal } from '../core/errors.js';

/** Beyond this z the distribution function is 1 to the last digit. */
const LARGEST = 9;

/**
 * Distribution function of the standard normal, by `1/2 + pdf(z) (z + z^3/3 + z^5/(3 5) + ...)` (Marsaglia, J. Stat.
 * Softw. 2004), to about 1e-15 absolute.
 */
export function normalCdf(z: number): number {
  if (z > LARGEST) return 1;
  if (z < -LARGEST) return 0;
  let [term, sum] = [z, z];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/**
 * Quantile of the standard normal, by bisection of {@link normalCdf}.
 * @param p above 0 and below 1
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw internal(`normalQuantile: p = ${p}`);
  let [low, high] = [-LARGEST, LARGEST];
  for (let middle = 0; middle > low && middle < high; middle = (low + high) / 2) {
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
