import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { factorise } from '../../../src/proxy/evidence/tiled-cholesky.js';

const random = createRandom('tiled');

describe('factorise', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 23])("gives ml-matrix' factor, n = %i", (n) => {
    const X = Matrix.from1DArray(
      n,
      n,
      Array.from({ length: n * n }, () => random.normal()),
    );
    const A = X.mmul(X.transpose()).add(Matrix.eye(n));
    const expected = new CholeskyDecomposition(A).lowerTriangularMatrix;
    const L = Float64Array.from(A.to1DArray());
    expect(factorise(L, n)).toBe(true);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) expect(L[i * n + j]).toBeCloseTo(expected.get(i, j), 11);
  });

  it('says where a matrix is not positive definite', () => {
    expect(factorise(Float64Array.of(1, 2, 2, 1), 2)).toBe(false);
    expect(factorise(Float64Array.of(NaN), 1)).toBe(false);
  });
});
