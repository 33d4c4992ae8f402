import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import {
  cholesky,
  multiply,
  multiplyTransposed,
  solvePositiveDefinite,
} from '../../src/proxy/linear-algebra.js';

function positiveDefinite(n: number, decay: number): Float64Array {
  const random = createRandom(`spd ${n}`);
  const X = Matrix.from1DArray(
    n + 3,
    n,
    Array.from({ length: (n + 3) * n }, (_, i) => random.normal() * decay ** (i % n)),
  );
  return Float64Array.from(X.transpose().mmul(X).to1DArray());
}

describe('linear algebra', () => {
  it.each([1, 2, 5, 13, 40])('Cholesky agrees with ml-matrix, n = %i', (n) => {
    const A = positiveDefinite(n, 1);
    const want = new CholeskyDecomposition(Matrix.from1DArray(n, n, A)).lowerTriangularMatrix.to1DArray();
    const got = cholesky(A, n);
    want.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 9));
  });

  it.each([
    [1, 1],
    [3, 5],
    [4, 2],
    [7, 3],
    [9, 1],
  ])('products with %i x %i matrices agree with ml-matrix', (rows, D) => {
    const random = createRandom(`products ${rows} ${D}`);
    const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal());
    const A = normals(rows * D);
    const x = normals(D);
    const u = normals(rows);
    const M = Matrix.from1DArray(rows, D, A);
    const close = (got: Float64Array, want: number[]) => {
      expect(got).toHaveLength(want.length);
      want.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 12));
    };
    close(multiply(A, x), M.mmul(Matrix.columnVector(x)).to1DArray());
    close(multiplyTransposed(A, u, D), M.transpose().mmul(Matrix.columnVector(u)).to1DArray());
  });

  it('solves badly conditioned systems to a residual of rounding', () => {
    const n = 30;
    const A = positiveDefinite(n, 0.7);
    const truth = Float64Array.from({ length: n }, (_, i) => Math.cos(i));
    const b = multiply(A, truth);
    const x = solvePositiveDefinite(A, b);
    const scale = Math.max(...b.map(Math.abs));
    multiply(A, x).forEach((value, i) => expect(Math.abs(value - b[i]) / scale).toBeLessThan(1e-14));
  });

  it('refuses a matrix that is not positive definite', () => {
    expect(() => cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(InputError);
    expect(() => cholesky(Float64Array.of(NaN), 1)).toThrow(/not positive definite/);
  });
});
