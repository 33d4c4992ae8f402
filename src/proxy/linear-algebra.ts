import { InputError } from '../core/errors.js';

/** Dot product of two vectors of equal length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** `A x` for a row-major matrix [n x n]. */
export function multiply(A: Float64Array, x: ArrayLike<number>): Float64Array {
  const n = x.length;
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    const row = i * n;
    for (let j = 0; j < n; j++) sum += A[row + j] * x[j];
    out[i] = sum;
  }
  return out;
}

/**
 * Lower Cholesky factor L of a symmetric positive definite matrix, `A = L L^T`. Only the lower triangle of A is read.
 * @param A [n x n] row-major
 * @returns [n x n] row-major, zero above the diagonal
 * @throws InputError when A is not positive definite in float64
 */
export function cholesky(A: Float64Array, n: number): Float64Array {
  const L = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const rest = A[row + j] - rowsDot(L, row, j * n, j);
      if (j < i) L[row + j] = rest / L[j * n + j];
      else L[row + i] = Math.sqrt(positive(rest, i));
    }
  }
  return L;
}

function positive(pivot: number, row: number): number {
  if (pivot > 0 && Number.isFinite(pivot)) return pivot;
  throw new InputError({
    what: 'the regression has no unique solution: its matrix is not positive definite',
    expected: `a positive pivot in row ${row + 1}`,
    got: `${pivot}`,
    fix: 'Use a larger ridge, or check the features of the model.',
  });
}

/** Dot product of the first `count` entries of two rows; four sums, so that additions overlap. */
function rowsDot(L: Float64Array, a: number, b: number, count: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 3 < count; k += 4) {
    s0 += L[a + k] * L[b + k];
    s1 += L[a + k + 1] * L[b + k + 1];
    s2 += L[a + k + 2] * L[b + k + 2];
    s3 += L[a + k + 3] * L[b + k + 3];
  }
  for (; k < count; k++) s0 += L[a + k] * L[b + k];
  return s0 + s1 + (s2 + s3);
}

/** Solves `L L^T x = b` by forward and back substitution. */
export function solveCholesky(L: Float64Array, b: ArrayLike<number>): Float64Array {
  const n = b.length;
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    let rest = x[i];
    for (let j = 0; j < i; j++) rest -= L[i * n + j] * x[j];
    x[i] = rest / L[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    x[i] /= L[i * n + i];
    // row by row, so that L is read in memory order
    for (let j = 0; j < i; j++) x[j] -= L[i * n + j] * x[i];
  }
  return x;
}

/**
 * Solves the symmetric positive definite system `A x = b` by Cholesky with one step of iterative refinement,
 * `x <- x + (L L^T)^-1 (b - A x)`.
 */
export function solvePositiveDefinite(A: Float64Array, b: ArrayLike<number>): Float64Array {
  const L = cholesky(A, b.length);
  const x = solveCholesky(L, b);
  const residual = multiply(A, x).map((value, i) => b[i] - value);
  const correction = solveCholesky(L, residual);
  return x.map((value, i) => value + correction[i]);
}
