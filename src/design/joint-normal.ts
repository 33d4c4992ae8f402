import type { Random } from '../core/random.js';
import { cholesky } from '../proxy/linear-algebra.js';

/** Share of the mean variance that is added to the diagonal, so that rounding cannot make the matrix indefinite. */
const JITTER = 1e-9;

/**
 * Draws of a multivariate normal distribution.
 * @param mean [n]
 * @param covariance [n x n] symmetric, positive semidefinite up to rounding
 * @returns [draws x n]
 */
export function sampleNormal(
  mean: Float64Array,
  covariance: Float64Array,
  draws: number,
  random: Random,
): Float64Array {
  const n = mean.length;
  const A = covariance.slice();
  let trace = 0;
  for (let i = 0; i < n; i++) trace += A[i * n + i];
  for (let i = 0; i < n; i++) A[i * n + i] += (JITTER * trace) / n + Number.MIN_VALUE;
  const L = trace > 0 ? cholesky(A, n) : new Float64Array(n * n);
  const out = new Float64Array(draws * n);
  for (let d = 0; d < draws; d++) {
    const z = Float64Array.from({ length: n }, () => random.normal());
    for (let i = 0; i < n; i++) {
      let value = mean[i];
      for (let j = 0; j <= i; j++) value += L[i * n + j] * z[j];
      out[d * n + i] = value;
    }
  }
  return out;
}
