import { Matrix, determinant, inverse } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { createBlockPosterior } from '../../src/proxy/blocks/posterior.js';
import { measuredByRows, measuredBySums } from '../../src/proxy/blocks/learner.js';
import { selectBatch } from '../../src/proxy/posterior-batch.js';
import type { BatchRule } from '../../src/proxy/posterior-batch.js';

const random = createRandom('batch');
const D = 4;
const [N, noise] = [12, 0.5];
const rows = Float64Array.from({ length: N * D }, () => random.normal());
const y = Float64Array.from({ length: N }, () => random.normal());
const X = new Matrix(Array.from({ length: N }, (_, i) => [...rows.subarray(i * D, (i + 1) * D)]));
const G = X.transpose().mmul(X);
const b = Float64Array.from(
  X.transpose()
    .mmul(Matrix.columnVector([...y]))
    .to1DArray(),
);
const measured = [
  measuredBySums({ G: Float64Array.from(G.to1DArray()), targets: [b], rows: N, widths: [D] }),
  measuredByRows({ phi: rows, y: [y], widths: [D] }),
];

describe.each([0, 1])('posterior draws, form %i', (form) => {
  it('have the mean and the covariance of the posterior', () => {
    const solver = measured[form].solver(noise);
    const covariance = inverse(Matrix.add(G, Matrix.eye(D).mul(noise))).mul(noise);
    const mean = covariance.mmul(Matrix.columnVector([...b])).div(noise);
    const draws = Array.from({ length: 20_000 }, (_, d) => solver.sample(0, createRandom(d)));
    for (let i = 0; i < D; i++) {
      const average = draws.reduce((sum, w) => sum + w[i], 0) / draws.length;
      expect(Math.abs(average - mean.get(i, 0))).toBeLessThan(0.02);
      for (let j = 0; j < D; j++) {
        const product = draws.reduce((sum, w) => sum + (w[i] - mean.get(i, 0)) * (w[j] - mean.get(j, 0)), 0);
        expect(Math.abs(product / draws.length - covariance.get(i, j))).toBeLessThan(0.01);
      }
    }
  });
});

const n = 30;
const phi = Float64Array.from({ length: n * D }, () => random.normal());
const predicted = Float64Array.from({ length: n }, () => random.normal());
const sequences = Array.from({ length: n }, () => Uint8Array.from({ length: 4 }, () => random.integer(3)));
const posterior = createBlockPosterior(measured[0], { noise });
const request = { sequences, phi, predicted, posterior, count: 8, random: createRandom(1) };
const row = (i: number) => phi.subarray(i * D, (i + 1) * D);

describe('selectBatch', () => {
  const rules: BatchRule[] = [
    { rule: 'mean' },
    { rule: 'ucb', width: 2 },
    { rule: 'thompson' },
    { rule: 'distance', least: 3 },
    { rule: 'dpp' },
  ];

  it.each(rules)('$rule takes exactly as many distinct candidates as asked for, by the seed', (how) => {
    for (const count of [1, 8, n]) {
      const taken = selectBatch({ ...request, count }, how);
      expect(new Set(taken).size).toBe(count);
      expect(selectBatch({ ...request, count }, how)).toEqual(taken);
    }
    expect(() => selectBatch({ ...request, count: n + 1 }, how)).toThrow(InputError);
  });

  it('by mean and by upper bound takes the best', () => {
    const byMean = selectBatch(request, { rule: 'mean' });
    expect([...predicted].filter((value) => value > predicted[byMean[7]])).toHaveLength(7);
    const bound = (i: number) => predicted[i] + 2 * Math.sqrt(posterior.variance(row(i)) - noise);
    const byBound = selectBatch(request, { rule: 'ucb', width: 2 });
    const order = Array.from({ length: n }, (_, i) => i).sort((x, z) => bound(z) - bound(x));
    expect(byBound).toEqual(order.slice(0, 8));
  });

  it('by distance keeps designs apart as long as it can', () => {
    const distance = (x: number, z: number) =>
      sequences[x].filter((code, i) => code !== sequences[z][i]).length;
    const taken = selectBatch({ ...request, count: 3 }, { rule: 'distance', least: 2 });
    for (const a of taken)
      for (const c of taken) if (a !== c) expect(distance(a, c)).toBeGreaterThanOrEqual(2);
    expect(taken[0]).toBe(selectBatch(request)[0]);
  });

  it('by determinant takes at each place what brute force takes', () => {
    const taken = selectBatch({ ...request, count: 5 }, { rule: 'dpp', strength: 1 });
    const mean = predicted.reduce((sum, value) => sum + value, 0) / n;
    const spread = Math.sqrt(predicted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
    const cosine = (i: number, j: number) => {
      const inner = (p: Float64Array, q: Float64Array) => p.reduce((sum, value, k) => sum + value * q[k], 0);
      return inner(row(i), row(j)) / Math.sqrt(inner(row(i), row(i)) * inner(row(j), row(j)));
    };
    const L = (i: number, j: number) =>
      Math.exp((predicted[i] + predicted[j] - 2 * mean) / spread / 2) * (cosine(i, j) + (i === j ? 1e-3 : 0));
    const volume = (set: number[]) => determinant(new Matrix(set.map((i) => set.map((j) => L(i, j)))));
    for (let place = 0; place < 5; place++) {
      const before = taken.slice(0, place);
      const best = Array.from({ length: n }, (_, i) => i)
        .filter((i) => !before.includes(i))
        .reduce((a, c) => (volume([...before, c]) > volume([...before, a]) ? c : a));
      expect(taken[place]).toBe(best);
    }
  });
});
