import { Matrix, determinant, inverse } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { chooseHyperparameters, fitGaussianProcess } from '../../src/baselines/gaussian-process.js';
import { hammingDistance } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { sampleNormal } from '../../src/design/joint-normal.js';

const random = createRandom('gp');
const draw = () => Uint8Array.from({ length: 6 }, () => random.integer(4));
const rows = Array.from({ length: 25 }, draw);
const y = Float64Array.from(rows, (x) => (x[0] === 1 ? 1 : -0.5) + 0.3 * x[3] - 0.4 + 0.2 * random.normal());
const candidates = Array.from({ length: 7 }, draw);
const hyperparameters = { scale: 3, signal: 1.3, noise: 0.2 };

const kernel = (a: Uint8Array[], b: Uint8Array[]) =>
  new Matrix(a.map((x) => b.map((z) => 1.3 * Math.exp(-hammingDistance(x, z) / 3))));
const K = kernel(rows, rows).add(Matrix.eye(25).mul(0.2));
const Ki = inverse(K);
const cross = kernel(candidates, rows);
const mean = cross
  .mmul(Ki)
  .mmul(Matrix.columnVector([...y]))
  .to1DArray();
const covariance = Matrix.sub(kernel(candidates, candidates), cross.mmul(Ki).mmul(cross.transpose()));

describe('fitGaussianProcess', () => {
  const gp = fitGaussianProcess(rows, y, hyperparameters);

  it('moments and likelihood as the textbook writes them, by matrix inversion', async () => {
    const moments = await gp.moments(candidates);
    gp.means(candidates).forEach((value, i) => expect(value).toBeCloseTo(mean[i], 10));
    moments.mean.forEach((value, i) => expect(value).toBeCloseTo(mean[i], 10));
    moments.variance.forEach((value, i) => expect(value).toBeCloseTo(covariance.get(i, i), 10));
    const column = Matrix.columnVector([...y]);
    const fit = column.transpose().mmul(Ki).mmul(column).get(0, 0);
    const expected = -0.5 * (fit + Math.log(determinant(K)) + 25 * Math.log(2 * Math.PI));
    expect(gp.logLikelihood).toBeCloseTo(expected, 9);
  });

  it('draws have its mean and covariance', async () => {
    const n = 20_000;
    const draws = await gp.sample(candidates, n, createRandom(1));
    const at = (d: number, i: number) => draws[d * 7 + i];
    for (let i = 0; i < 7; i++) {
      let sum = 0;
      for (let d = 0; d < n; d++) sum += at(d, i) / n;
      expect(Math.abs(sum - mean[i])).toBeLessThan(5 * Math.sqrt(covariance.get(i, i) / n));
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let d = 0; d < n; d++) product += ((at(d, i) - mean[i]) * (at(d, j) - mean[j])) / n;
        const error = Math.sqrt((2 * covariance.get(i, i) * covariance.get(j, j)) / n);
        expect(Math.abs(product - covariance.get(i, j))).toBeLessThan(5 * error);
      }
    }
  });

  it("gradient of the mean by central differences of the kernel's continuation", () => {
    const x = candidates[0];
    const alpha = Ki.mmul(Matrix.columnVector([...y])).to1DArray();
    const relaxed = (p: Float64Array) =>
      rows.reduce((sum, row, j) => {
        const same = row.reduce((s, letter, i) => s + p[i * 4 + letter], 0);
        return sum + alpha[j] * 1.3 * Math.exp((same - 6) / 3);
      }, 0);
    const onehot = new Float64Array(24);
    x.forEach((letter, i) => (onehot[i * 4 + letter] = 1));
    gp.meanGradient(x, 4).forEach((slope, k) => {
      const at = (delta: number) => relaxed(onehot.map((value, j) => (j === k ? value + delta : value)));
      expect(slope).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 7);
    });
  });
});

describe('chooseHyperparameters', () => {
  it('takes the best of the grid, the variance being the best for its scale and noise', () => {
    const chosen = chooseHyperparameters(rows, y);
    const best = fitGaussianProcess(rows, y, chosen).logLikelihood;
    for (const scale of [0.5, 1, 2, 4, 8, 16, 32]) {
      for (const ratio of [1e-3, 1e-2, 0.1, 1, 3]) {
        for (const signal of [0.5, 0.9, 1, 1.1, 2].map((factor) => factor * chosen.signal)) {
          const other = fitGaussianProcess(rows, y, { scale, signal, noise: ratio * signal });
          expect(other.logLikelihood).toBeLessThanOrEqual(best + 1e-9);
        }
      }
    }
  });
});

describe('sampleNormal', () => {
  it('takes a covariance of rank one, and none at all', () => {
    const draws = sampleNormal(Float64Array.of(1, 2), Float64Array.of(1, 1, 1, 1), 5, createRandom(1));
    for (let d = 0; d < 5; d++) expect(draws[2 * d + 1] - draws[2 * d]).toBeCloseTo(1, 3);
    expect(sampleNormal(Float64Array.of(1, 2), new Float64Array(4), 1, createRandom(1))).toEqual(
      Float64Array.of(1, 2),
    );
  });
});
