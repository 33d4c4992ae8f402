/** Columns that are multiplied at a time: those of all rows stay in the cache. */
const PANEL = 256;

/**
 * Inner products of rows, `K = Phi Phi^T` over the columns from `from` to `to`, [N x N]. Computes two rows by four at a time,
 * so that a number read from memory takes part in several products, in panels of columns; columns of zeros only, such as
 * letters that no row has, are left out.
 * @param phi [N x D] row-major
 */
export function rowProducts(phi: Float64Array, N: number, D: number, from = 0, to = D): Float64Array {
  const K = new Float64Array(N * N);
  const columns = occupiedColumns(phi, N, D, from, to);
  for (let first = 0; first < columns.length; first += PANEL) {
    const panel = columns.subarray(first, first + PANEL);
    addProducts(K, gather(phi, N, D, panel), N, panel.length);
  }
  for (let i = 0; i < N; i++) for (let j = 0; j < i; j++) K[j * N + i] = K[i * N + j];
  return K;
}

function occupiedColumns(phi: Float64Array, N: number, D: number, from: number, to: number): Uint32Array {
  const occupied = new Uint8Array(to - from);
  for (let i = 0; i < N; i++) {
    const row = i * D + from;
    for (let j = 0; j < occupied.length; j++) if (phi[row + j] !== 0) occupied[j] = 1;
  }
  return Uint32Array.from(occupied.keys())
    .filter((j) => occupied[j] === 1)
    .map((j) => from + j);
}

/** Some columns side by side, [N x columns]. */
function gather(phi: Float64Array, N: number, D: number, columns: Uint32Array): Float64Array {
  const out = new Float64Array(N * columns.length);
  let at = 0;
  for (let i = 0; i < N; i++) for (let j = 0; j < columns.length; j++) out[at++] = phi[i * D + columns[j]];
  return out;
}

/** lower(K) += X X^T, X [N x width]. */
function addProducts(K: Float64Array, X: Float64Array, N: number, width: number): void {
  for (let i = 0; i < N; i += 2) {
    const two = i + 1 < N;
    let j = 0;
    for (; two && j + 3 <= i; j += 4) addTile(K, X, N, width, i, j);
    for (; j <= i + 1 && j < N; j++) {
      if (j <= i) K[i * N + j] = product(K[i * N + j], X, i * width, j * width, width);
      if (two) K[(i + 1) * N + j] = product(K[(i + 1) * N + j], X, (i + 1) * width, j * width, width);
    }
  }
}

/** `sum` and the inner product of two rows. */
function product(sum: number, X: Float64Array, a: number, b: number, width: number): number {
  for (let k = 0; k < width; k++) sum += X[a + k] * X[b + k];
  return sum;
}

/** Entries (i, j..j+3) and (i+1, j..j+3). */
function addTile(K: Float64Array, X: Float64Array, N: number, width: number, i: number, j: number): void {
  const [r0, r1] = [i * width, (i + 1) * width];
  const [c0, c1, c2, c3] = [j * width, (j + 1) * width, (j + 2) * width, (j + 3) * width];
  const [to0, to1] = [i * N + j, (i + 1) * N + j];
  let a0 = K[to0];
  let a1 = K[to0 + 1];
  let a2 = K[to0 + 2];
  let a3 = K[to0 + 3];
  let b0 = K[to1];
  let b1 = K[to1 + 1];
  let b2 = K[to1 + 2];
  let b3 = K[to1 + 3];
  for (let k = 0; k < width; k++) {
    const x = X[r0 + k];
    const y = X[r1 + k];
    const u0 = X[c0 + k];
    const u1 = X[c1 + k];
    const u2 = X[c2 + k];
    const u3 = X[c3 + k];
    a0 += x * u0;
    a1 += x * u1;
    a2 += x * u2;
    a3 += x * u3;
    b0 += y * u0;
    b1 += y * u1;
    b2 += y * u2;
    b3 += y * u3;
  }
  K[to0] = a0;
  K[to0 + 1] = a1;
  K[to0 + 2] = a2;
  K[to0 + 3] = a3;
  K[to1] = b0;
  K[to1 + 1] = b1;
  K[to1 + 2] = b2;
  K[to1 + 3] = b3;
}
