import { Matrix, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { createRefit } from '../../../src/verify/index.js';

const random = createRandom('refit');
const normals = (n: number) => Float64Array.from({ length: n }, () => random.normal());

/** Ridge regression with an unpenalised intercept, solved anew: weights and, last, the intercept. */
function solveAnew(rows: readonly Float64Array[], y: readonly number[], noise: number): number[] {
  const D = rows[0].length;
  const X = new Matrix(rows.map((row) => [...row, 1]));
  const A = X.transpose().mmul(X);
  for (let j = 0; j < D; j++) A.set(j, j, A.get(j, j) + noise);
  return solve(A, X.transpose().mmul(Matrix.columnVector([...y]))).to1DArray();
}

const predict = (weights: readonly number[], phi: Float64Array) =>
  phi.reduce((sum, value, j) => sum + value * weights[j], weights[phi.length]);

describe.each([
  ['more rows than features', 30, 6],
  ['more features than rows', 9, 25],
  ['as many', 12, 12],
])('with %s', (_, n, D) => {
  const noise = 0.37;
  // not centred: the intercept has to take that up
  const rows = Array.from({ length: n }, () => normals(D).map((value) => value + 2));
  const y = normals(n).map((value) => value + 5);
  const phi = Float64Array.from(rows.flatMap((row) => [...row]));
  const refit = createRefit({ phi, y, noise });
  const candidate = normals(D).map((value) => value - 1);
  const bearing = refit.bearing(candidate);
  const others = (hidden: number) => rows.filter((__, i) => i !== hidden);
  const otherScores = (hidden: number) => [...y].filter((__, i) => i !== hidden);

  it('predicts the candidate as the regression does', () => {
    const weights = solveAnew(rows, [...y], noise);
    expect(bearing.mean).toBeCloseTo(predict(weights, candidate), 9);
  });

  it('leaves each row out as if solved anew', () => {
    rows.forEach((row, i) => {
      const weights = solveAnew(others(i), otherScores(i), noise);
      expect(refit.leftOut[i]).toBeCloseTo(predict(weights, row), 9);
    });
    const square = rows.reduce((sum, __, i) => sum + (y[i] - refit.leftOut[i]) ** 2, 0);
    expect(refit.deviation).toBeCloseTo(Math.sqrt(square / n), 12);
  });

  it.each([-3, 0.5, 40])('predicts a hidden row with the candidate at %d as if solved anew', (score) => {
    rows.forEach((row, i) => {
      const weights = solveAnew([...others(i), candidate], [...otherScores(i), score], noise);
      expect(refit.predictHidden(i, bearing, score)).toBeCloseTo(predict(weights, row), 8);
    });
  });

  it('knows how far the features lie apart', () => {
    rows.forEach((row, i) => {
      const distance = row.reduce((sum, value, j) => sum + (value - candidate[j]) ** 2, 0);
      expect(bearing.distance[i]).toBeCloseTo(distance, 9);
    });
  });
});

it('a candidate at what the others predict changes nothing', () => {
  const phi = normals(40 * 5);
  const y = normals(40);
  const refit = createRefit({ phi, y, noise: 0.2 });
  const bearing = refit.bearing(normals(5));
  const without = bearing.mean - bearing.cross[7] * (y[7] - refit.leftOut[7]);
  expect(refit.predictHidden(7, bearing, without)).toBeCloseTo(refit.leftOut[7], 12);
});
