/**
 * Solves `L x = b` for many right-hand sides, in place. Takes two right-hand sides and four columns at a time, so that a
 * number read from memory takes part in several products; a solution does not depend on its neighbours.
 * @param L [n x n] row-major lower triangular; the strict upper triangle is not read
 * @param X [rows x n] row-major, one right-hand side a row
 */
export function solveRows(L: Float64Array, n: number, X: Float64Array, rows: number): void {
  let j = 0;
  for (; j + 3 < n; j += 4) {
    for (let i = 0; i < rows; i += 2) solveTile(X, i * n, Math.min(i + 1, rows - 1) * n, L, n, j);
  }
  for (; j < n; j++) for (let i = 0; i < rows; i++) solveEntry(X, i * n, L, n, j);
}

/**
 * One step of forward substitution: columns j..j+3 of two rows of X, given the columns before them.
 * @param r0 where the first row starts
 * @param r1 where the second row starts; `r0` for one row only
 */
export function solveTile(
  X: Float64Array,
  r0: number,
  r1: number,
  L: Float64Array,
  n: number,
  j: number,
): void {
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
    const x = X[r0 + k];
    const y = X[r1 + k];
    const u0 = L[c0 + k];
    const u1 = L[c1 + k];
    const u2 = L[c2 + k];
    const u3 = L[c3 + k];
    a0 += x * u0;
    a1 += x * u1;
    a2 += x * u2;
    a3 += x * u3;
    b0 += y * u0;
    b1 += y * u1;
    b2 += y * u2;
    b3 += y * u3;
  }
  finishRow(X, r0, L, j, c0, c1, c2, c3, a0, a1, a2, a3);
  if (r1 !== r0) finishRow(X, r1, L, j, c0, c1, c2, c3, b0, b1, b2, b3);
}

/** One step of forward substitution: column j of the row of X that starts at `row`. */
export function solveEntry(X: Float64Array, row: number, L: Float64Array, n: number, j: number): void {
  const column = j * n;
  let sum = 0;
  for (let k = 0; k < j; k++) sum += X[row + k] * L[column + k];
  X[row + j] = (X[row + j] - sum) / L[column + j];
}

/** The four columns of one row, given the products over the columns before them. */
function finishRow(
  X: Float64Array,
  row: number,
  L: Float64Array,
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
  const x0 = (X[row + j] - s0) / L[c0 + j];
  const x1 = (X[row + j + 1] - s1 - x0 * L[c1 + j]) / L[c1 + j + 1];
  const x2 = (X[row + j + 2] - s2 - x0 * L[c2 + j] - x1 * L[c2 + j + 1]) / L[c2 + j + 2];
  const x3 = (X[row + j + 3] - s3 - x0 * L[c3 + j] - x1 * L[c3 + j + 1] - x2 * L[c3 + j + 2]) / L[c3 + j + 3];
  X[row + j] = x0;
  X[row + j + 1] = x1;
  X[row + j + 2] = x2;
  X[row + j + 3] = x3;
}
