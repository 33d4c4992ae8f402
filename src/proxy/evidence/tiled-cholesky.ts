import { internal } from '../../core/errors.js';

/**
 * Lower Cholesky factor of a positive definite matrix, in place; the strict upper triangle is left as it is. Computes two
 * rows by four columns at a time, so that a number read from memory takes part in several products: about three times as
 * fast as row by row.
 * @param A [n x n] row-major; only the lower triangle is read
 * @returns false when A is not positive definite in float64
 */
export function factorise(A: Float64Array, n: number): boolean {
  let i = 0;
  for (; i + 1 < n; i += 2) {
    let j = 0;
    for (; j + 3 < i; j += 4) tile(A, n, i, j);
    for (; j < i; j++) {
      entry(A, n, i, j);
      entry(A, n, i + 1, j);
    }
    if (!pivot(A, n, i)) return false;
    entry(A, n, i + 1, i);
    if (!pivot(A, n, i + 1)) return false;
  }
  if (i < n) {
    for (let j = 0; j < i; j++) entry(A, n, i, j);
    if (!pivot(A, n, i)) return false;
  }
  return true;
}

/** {@link factorise}, for matrices that a positive penalty makes definite. */
export function factor(A: Float64Array, n: number): Float64Array {
  if (!factorise(A, n)) throw internal('a penalised matrix is not positive definite');
  return A;
}

/** Entries (i, j..j+3) and (i+1, j..j+3). */
function tile(A: Float64Array, n: number, i: number, j: number): void {
  const [r0, r1] = [i * n, i * n + n];
  const [c0, c1, c2, c3] = [j * n, j * n + n, j * n + 2 * n, j * n + 3 * n];
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  for (let k = 0; k < j; k++) {
    const x = A[r0 + k];
    const y = A[r1 + k];
    const u0 = A[c0 + k];
    const u1 = A[c1 + k];
    const u2 = A[c2 + k];
    const u3 = A[c3 + k];
    a0 += x * u0;
    a1 += x * u1;
    a2 += x * u2;
    a3 += x * u3;
    b0 += y * u0;
    b1 += y * u1;
    b2 += y * u2;
    b3 += y * u3;
  }
  finishRow(A, r0, j, c0, c1, c2, c3, a0, a1, a2, a3);
  finishRow(A, r1, j, c0, c1, c2, c3, b0, b1, b2, b3);
}

/** The four columns of one row, given the products over the columns before them. */
function finishRow(
  A: Float64Array,
  row: number,
  j: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  s0: number,
  s1: number,
  s2: number,
  s3: number,
): void {
  const l0 = (A[row + j] - s0) / A[c0 + j];
  const l1 = (A[row + j + 1] - s1 - l0 * A[c1 + j]) / A[c1 + j + 1];
  const l2 = (A[row + j + 2] - s2 - l0 * A[c2 + j] - l1 * A[c2 + j + 1]) / A[c2 + j + 2];
  const l3 = (A[row + j + 3] - s3 - l0 * A[c3 + j] - l1 * A[c3 + j + 1] - l2 * A[c3 + j + 2]) / A[c3 + j + 3];
  A[row + j] = l0;
  A[row + j + 1] = l1;
  A[row + j + 2] = l2;
  A[row + j + 3] = l3;
}

function entry(A: Float64Array, n: number, i: number, j: number): void {
  const [a, b] = [i * n, j * n];
  let sum = 0;
  for (let k = 0; k < j; k++) sum += A[a + k] * A[b + k];
  A[a + j] = (A[a + j] - sum) / A[b + j];
}

function pivot(A: Float64Array, n: number, i: number): boolean {
  const row = i * n;
  let rest = A[row + i];
  for (let k = 0; k < i; k++) rest -= A[row + k] * A[row + k];
  if (!(rest > 0) || !Number.isFinite(rest)) return false;
  A[row + i] = Math.sqrt(rest);
  return true;
}
