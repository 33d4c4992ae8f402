/**
 * Inner products of rows, `K = Phi Phi^T` over the columns from `from` to `to`, [N x N]. Computes two rows by four at a time,
 * so that a number read from memory takes part in several products.
 * @param phi [N x D] row-major
 */
export function rowProducts(phi: Float64Array, N: number, D: number, from = 0, to = D): Float64Array {
  const K = new Float64Array(N * N);
  for (let i = 0; i < N; i += 2) {
    const two = i + 1 < N;
    let j = 0;
    for (; two && j + 3 <= i; j += 4) tile(K, phi, N, D, i, j, from, to);
    for (; j <= i + 1 && j < N; j++) {
      if (j <= i) K[i * N + j] = product(phi, i * D, j * D, from, to);
      if (two) K[(i + 1) * N + j] = product(phi, (i + 1) * D, j * D, from, to);
    }
  }
  for (let i = 0; i < N; i++) for (let j = 0; j < i; j++) K[j * N + i] = K[i * N + j];
  return K;
}

function product(phi: Float64Array, a: number, b: number, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += phi[a + k] * phi[b + k];
  return sum;
}

/** Entries (i, j..j+3) and (i+1, j..j+3). */
function tile(
  K: Float64Array,
  phi: Float64Array,
  N: number,
  D: number,
  i: number,
  j: number,
  from: number,
  to: number,
): void {
  const [r0, r1] = [i * D, i * D + D];
  const [c0, c1, c2, c3] = [j * D, j * D + D, j * D + 2 * D, j * D + 3 * D];
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  for (let k = from; k < to; k++) {
    const x = phi[r0 + k];
    const y = phi[r1 + k];
    const u0 = phi[c0 + k];
    const u1 = phi[c1 + k];
    const u2 = phi[c2 + k];
    const u3 = phi[c3 + k];
    a0 += x * u0;
    a1 += x * u1;
    a2 += x * u2;
    a3 += x * u3;
    b0 += y * u0;
    b1 += y * u1;
    b2 += y * u2;
    b3 += y * u3;
  }
  const [to0, to1] = [i * N + j, (i + 1) * N + j];
  K[to0] = a0;
  K[to0 + 1] = a1;
  K[to0 + 2] = a2;
  K[to0 + 3] = a3;
  K[to1] = b0;
  K[to1 + 1] = b1;
  K[to1 + 2] = b2;
  K[to1 + 3] = b3;
}
