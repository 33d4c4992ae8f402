import { InputError } from '../core/errors.js';

/** Dot product of two vectors of equal length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Copies of the rows of [B x D]. */
export function rowsOf(phis: Float32Array | Float64Array, D: number): Float64Array[] {
  return Array.from({ length: phis.length / D }, (_, b) =>
    Float64Array.from(phis.subarray(b * D, (b + 1) * D)),
  );
}

/**
 * `A x` for a row-major matrix [rows x x.length], [rows]. Four rows at a time, so that additions overlap and x is read once
 * for them; each sum is taken in the order of {@link dot}.
 */
export function multiply(A: Float64Array, x: ArrayLike<number>): Float64Array {
  const D = x.length;
  const rows = D === 0 ? 0 : A.length / D;
  const out = new Float64Array(rows);
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const [r0, r1, r2, r3] = [i * D, (i + 1) * D, (i + 2) * D, (i + 3) * D];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let j = 0; j < D; j++) {
      const value = x[j];
      s0 += A[r0 + j] * value;
      s1 += A[r1 + j] * value;
      s2 += A[r2 + j] * value;
      s3 += A[r3 + j] * value;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < rows; i++) out[i] = dot(A.subarray(i * D, (i + 1) * D), x);
  return out;
}

/** `A^T u` for a row-major matrix [u.length x D], [D]; four rows at a time, added in their order. */
export function multiplyTransposed(A: Float64Array, u: ArrayLike<number>, D: number): Float64Array {
  const out = new Float64Array(D);
  let i = 0;
  for (; i + 3 < u.length; i += 4) {
    const [r0, r1, r2, r3] = [i * D, (i + 1) * D, (i + 2) * D, (i + 3) * D];
    const [u0, u1, u2, u3] = [u[i], u[i + 1], u[i + 2], u[i + 3]];
    for (let j = 0; j < D; j++)
      out[j] = out[j] + u0 * A[r0 + j] + u1 * A[r1 + j] + u2 * A[r2 + j] + u3 * A[r3 + j];
  }
  for (; i < u.length; i++) for (let j = 0; j < D; j++) out[j] += u[i] * A[i * D + j];
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

/** `|L^-1 v|^2 = v^T (L L^T)^-1 v`, for L lower triangular as by {@link cholesky}. */
export function squaredForward(L: Float64Array, v: ArrayLike<number>): number {
  const n = v.length;
  const z = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let rest = v[i];
    const row = i * n;
    for (let j = 0; j < i; j++) rest -= L[row + j] * z[j];
    z[i] = rest / L[row + i];
    sum += z[i] * z[i];
  }
  return sum;
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
