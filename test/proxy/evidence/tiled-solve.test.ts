import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { solveRows } from '../../../src/proxy/evidence/tiled-solve.js';

describe('forward substitution of many right-hand sides', () => {
  it.each([1, 2, 3, 4, 5, 8, 11, 30])('solves n = %i, whatever the number of rows', (n) => {
    const random = createRandom(n);
    const L = Float64Array.from({ length: n * n }, (_, at) =>
      at % n === Math.floor(at / n) ? 1 + random.uniform() : random.normal(),
    );
    for (const rows of [1, 2, 3, 6, 7]) {
      const x = Float64Array.from({ length: rows * n }, () => random.normal());
      const b = x.map((_, at) => {
        const [row, i] = [Math.floor(at / n) * n, at % n];
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += L[i * n + j] * x[row + j];
        return sum;
      });
      const first = b.slice(0, n);
      solveRows(L, n, b, rows);
      // substitution doubles an error at worst in each of n steps
      b.forEach((value, at) => expect(Math.abs(value - x[at])).toBeLessThan(1e-13 * 3 ** n));
      solveRows(L, n, first, 1);
      expect(first).toEqual(b.slice(0, n));
    }
  });
});
