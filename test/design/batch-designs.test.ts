import { describe, expect, it } from 'vitest';
import { DNA } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { selectBatchDesigns } from '../../src/design/batch-designs.js';
import type { BatchRule } from '../../src/design/batch-selection.js';
import { exhaustive } from '../../src/design/exhaustive.js';
import { featurePosterior } from '../../src/design/feature-posterior.js';
import { createObjective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import { selectDesigns } from '../../src/design/selection.js';
import { chooseStarts } from '../../src/design/starts.js';
import { fitProxy } from '../../src/proxy/fit.js';
import { rowsOf } from '../../src/proxy/linear-algebra.js';
import { fitPosterior } from '../../src/proxy/posterior.js';
import { randomToyMap } from './toy-feature-map.js';

const random = createRandom('batch designs');
const measured = Array.from({ length: 40 }, () => Uint8Array.from({ length: 5 }, () => random.integer(4)));
const scores = measured.map((x) => x[0] - x[3] + 0.3 * random.normal());
const map = randomToyMap(random, 5, 4, 4);
const problem = createProblem({ alphabet: DNA, measured, designable: [0, 1, 2, 3, 4] });

/** `a^T M b = (q(a + b) - q(a) - q(b)) / 2` with `q(v) = v^T M v`. */
function jointly(rows: readonly Float64Array[], q: (v: Float64Array) => number): Float64Array {
  const own = rows.map(q);
  const pair = (i: number, j: number) =>
    (q(rows[i].map((value, k) => value + rows[j][k])) - own[i] - own[j]) / 2;
  return Float64Array.from(rows.flatMap((_, i) => rows.map((_other, j) => pair(i, j))));
}

async function setUp() {
  const proxy = await fitProxy(
    { featureMap: map, sequences: measured, scores, random: createRandom(1) },
    { auxiliary: { steps: 5 } },
  );
  const { G, b, rows } = proxy.gram;
  const posterior = fitPosterior({ G, b, rows, noise: 0.5, centred: false });
  const objective = createObjective({ featureMap: map, head: proxy.head, auxiliary: proxy.auxiliary });
  const run = { problem, objective, starts: chooseStarts(problem, measured, scores, 4), random };
  const exploration = await exhaustive({ keep: 300 }).design(run);
  const belief = {
    noise: 0.5,
    mean: posterior.predict,
    leverage: posterior.leverage,
    leverages: async (phis: Float64Array) => Float64Array.from(rowsOf(phis, map.width), posterior.leverage),
    jointLeverages: async (phis: Float64Array) => jointly(rowsOf(phis, map.width), posterior.leverage),
  };
  return { objective, exploration, posterior, scorePosterior: featurePosterior(map, belief) };
}

describe('selectBatchDesigns', () => {
  it('gives exactly the number asked for, new and distinct, by every rule; mean is the usual selection', async () => {
    const { objective, exploration, scorePosterior } = await setUp();
    const request = { problem, objective, exploration, ranking: 'prediction' as const, count: 30 };
    const rules: BatchRule[] = [
      { rule: 'mean' },
      { rule: 'lcb' },
      { rule: 'ucb' },
      { rule: 'thompson' },
      { rule: 'distance' },
      { rule: 'determinant' },
    ];
    for (const rule of rules) {
      const choose = () =>
        selectBatchDesigns({
          ...request,
          rule,
          posterior: scorePosterior,
          pool: 100,
          random: createRandom(2),
        });
      const { designs, filled } = await choose();
      expect(designs.length).toBe(30);
      expect(new Set(designs.map(({ sequence }) => sequence.join())).size).toBe(30);
      expect(designs.every(({ sequence }) => !problem.isMeasured(sequence))).toBe(true);
      expect(filled).toBe(0);
      expect((await choose()).designs).toEqual(designs);
      if (rule.rule === 'mean') expect(designs).toEqual((await selectDesigns(request)).designs);
    }
  });

  it('says by which rule: the best predicted where they lie above everything measured', async () => {
    const { objective, exploration, scorePosterior } = await setUp();
    const request = { problem, objective, exploration, ranking: 'prediction' as const, count: 30 };
    const choose = (rule: BatchRule, highest: number) =>
      selectBatchDesigns({
        ...{ ...request, rule, random: createRandom(2) },
        posterior: { ...scorePosterior, highest },
      });
    expect((await choose({ rule: 'lcb' }, Infinity)).rule).toBe('lcb');
    expect((await choose({ rule: 'ucb' }, -Infinity)).rule).toBe('ucb');
    const { rule, designs } = await choose({ rule: 'lcb' }, -Infinity);
    expect(rule).toBe('mean');
    expect(designs).toEqual((await selectDesigns(request)).designs);
  });

  it('fills up where too little was explored', async () => {
    const { objective, exploration } = await setUp();
    const { designs, filled } = await selectBatchDesigns({
      problem,
      objective,
      exploration: { visits: exploration.visits.slice(0, 3), finals: [] },
      ranking: 'prediction',
      count: 10,
      rule: { rule: 'distance', distance: 2 },
      random: createRandom(1),
    });
    expect(designs.length).toBe(10);
    expect(filled).toBe(7);
  });
});

describe('featurePosterior', () => {
  it('moments and draws of a Bayesian regression: scores are w . phi with w ~ N(mean, s^2 (G + s^2)^-1)', async () => {
    const { posterior, scorePosterior, exploration } = await setUp();
    const sequences = exploration.visits.slice(0, 4).map(({ sequence }) => sequence);
    const phi = await map.features(sequences);
    const row = (i: number) => Float64Array.from(phi.subarray(4 * i, 4 * i + 4));
    const moments = await scorePosterior.moments(sequences);
    sequences.forEach((_, i) => {
      expect(moments.mean[i]).toBeCloseTo(posterior.predict(row(i)), 12);
      expect(moments.variance[i]).toBeCloseTo(posterior.variance(row(i)) - 0.5, 12);
    });
    const n = 20_000;
    const draws = await scorePosterior.sample(sequences, n, createRandom(5));
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        let product = 0;
        for (let d = 0; d < n; d++)
          product += ((draws[4 * d + i] - moments.mean[i]) * (draws[4 * d + j] - moments.mean[j])) / n;
        // the covariance of a pair from the variance of their difference
        const difference = row(i).map((value, k) => value - row(j)[k]);
        const spread = posterior.variance(difference) - 0.5;
        const expected = (moments.variance[i] + moments.variance[j] - spread) / 2;
        const error = Math.sqrt((2 * moments.variance[i] * moments.variance[j]) / n);
        expect(Math.abs(product - expected)).toBeLessThan(5 * error);
      }
    }
  });
});
