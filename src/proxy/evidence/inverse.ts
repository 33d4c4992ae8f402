/** log det A of a positive definite matrix from its lower Cholesky factor L [n x n]. */
export function logDeterminant(L: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(L[i * n + i]);
  return 2 * sum;
}

/**
 * The inverse of a lower triangular matrix, transposed: row j holds column j of L^-1, so that rows are read in memory
 * order. Zero left of the diagonal.
 * @param L [n x n] row-major
 */
export function inverseFactorTransposed(L: Float64Array, n: number): Float64Array {
  const T = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const row = j * n;
    T[row + j] = 1 / L[row + j];
    for (let i = j + 1; i < n; i++) {
      const at = i * n;
      let sum = 0;
      for (let k = j; k < i; k++) sum += L[at + k] * T[row + k];
      T[row + i] = -sum / L[at + i];
    }
  }
  return T;
}

/** Diagonal of `A^-1 = L^-T L^-1`. */
export function inverseDiagonal(L: Float64Array, n: number): Float64Array {
  const T = inverseFactorTransposed(L, n);
  return Float64Array.from({ length: n }, (_, j) => rowsProduct(T, j, j, n));
}

/** `A^-1` [n x n] from the lower Cholesky factor of A. */
export function inverseFromCholesky(L: Float64Array, n: number): Float64Array {
  const T = inverseFactorTransposed(L, n);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) inverse[i * n + j] = inverse[j * n + i] = rowsProduct(T, i, j, n);
  }
  return inverse;
}

/** Product of two rows of an upper triangular matrix, from the larger index on. */
function rowsProduct(T: Float64Array, i: number, j: number, n: number): number {
  let [s0, s1] = [0, 0];
  let k = Math.max(i, j);
  const [a, b] = [i * n, j * n];
  for (; k + 1 < n; k += 2) {
    s0 += T[a + k] * T[b + k];
    s1 += T[a + k + 1] * T[b + k + 1];
  }
  if (k < n) s0 += T[a + k] * T[b + k];
  return s0 + s1;
}
