import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { times, timesTransposed } from '../../src/proxy/products.js';

const random = createRandom('products');
const matrix = (rows: number, columns: number) =>
  Float64Array.from({ length: rows * columns }, () => random.normal());

describe('products of rows', () => {
  it.each([
    [1, 1, 1],
    [3, 5, 2],
    [7, 40, 33],
    [33, 9, 300],
  ])('%d rows by %d, of width %d, are the sums of their products', async (B, N, D) => {
    const [X, A, U] = [matrix(B, D), matrix(N, D), matrix(B, N)];
    const inner = await timesTransposed(X, A, D);
    const mixed = await times(U, A, N);
    for (let b = 0; b < B; b++) {
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let j = 0; j < D; j++) sum += X[b * D + j] * A[n * D + j];
        expect(inner[b * N + n]).toBeCloseTo(sum, 11);
      }
      for (let j = 0; j < D; j++) {
        let sum = 0;
        for (let n = 0; n < N; n++) sum += U[b * N + n] * A[n * D + j];
        expect(mixed[b * D + j]).toBeCloseTo(sum, 11);
      }
    }
    expect([inner.length, mixed.length]).toEqual([B * N, B * D]);
  });

  it('give a row the same bits whatever rows are beside it', async () => {
    for (const [N, D] of [
      [384, 700],
      [130, 1031],
    ]) {
      const [X, A, U] = [matrix(70, D), matrix(N, D), matrix(70, N)];
      const inner = await timesTransposed(X, A, D);
      const mixed = await times(U, A, N);
      for (let round = 0; round < 40; round++) {
        const from = random.integer(70);
        const to = from + 1 + random.integer(70 - from);
        const some = await timesTransposed(X.slice(from * D, to * D), A, D);
        expect(some).toEqual(inner.slice(from * N, to * N));
        const others = await times(U.slice(from * N, to * N), A, N);
        expect(others).toEqual(mixed.slice(from * D, to * D));
      }
    }
  });

  it('of no rows is nothing', async () => {
    expect(await timesTransposed(new Float64Array(0), matrix(3, 4), 4)).toEqual(new Float64Array(0));
  });
});
