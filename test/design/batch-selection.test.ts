import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hammingDistance } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { greedyDeterminant } from '../../src/design/batch-determinant.js';
import { CAUTION, selectBatch } from '../../src/design/batch-selection.js';
import type { BatchRule } from '../../src/design/batch-selection.js';
import type { ScorePosterior } from '../../src/design/posterior.js';

const random = createRandom('batch');
const sequences = Array.from({ length: 200 }, (_, i) =>
  Uint8Array.from({ length: 5 }, (_, j) => Math.floor(i / 4 ** j) % 4),
);
const merits = sequences.map(() => random.normal());

/** Independent normal scores of the given moments. */
function independent(sd: (i: number) => number): ScorePosterior {
  const rowOf = new Map(sequences.map((x, i) => [x.join(), i]));
  const rows = (list: readonly Uint8Array[]) => list.map((x) => rowOf.get(x.join()) as number);
  return {
    moments: async (list) => ({
      mean: Float64Array.from(rows(list), (i) => merits[i]),
      variance: Float64Array.from(rows(list), (i) => sd(i) ** 2),
    }),
    sample: async (list, draws, source) =>
      Float64Array.from(
        Array.from({ length: draws }, () =>
          rows(list).map((i) => merits[i] + sd(i) * source.normal()),
        ).flat(),
      ),
  };
}
const posterior = independent((i) => (i % 7) / 4);
const choose = (rule: BatchRule, count = 20, seed = 1, rest: object = {}) =>
  selectBatch({ sequences, merits, count, rule, posterior, random: createRandom(seed), ...rest });
const rules: BatchRule[] = [
  { rule: 'mean' },
  { rule: 'lcb' },
  { rule: 'ucb' },
  { rule: 'thompson' },
  { rule: 'distance', distance: 3 },
  { rule: 'determinant' },
];
const order = merits.map((_, i) => i).sort((a, b) => merits[b] - merits[a]);

describe('selectBatch', () => {
  it('gives exactly the number asked for, distinct, the same for the same seed, by every rule', async () => {
    for (const rule of rules) {
      for (const count of [1, 20, 200]) {
        const chosen = await choose(rule, count);
        expect(chosen.length).toBe(count);
        expect(new Set(chosen).size).toBe(count);
        expect(await choose(rule, count)).toEqual(chosen);
      }
    }
  });

  it('mean: the best predicted', async () => {
    expect(await choose({ rule: 'mean' })).toEqual(order.slice(0, 20));
  });

  it('ucb: the largest mean + kappa sd; kappa 0 is the mean', async () => {
    const bound = merits.map((merit, i) => merit + (2 * (i % 7)) / 4);
    const expected = bound.map((_, i) => i).sort((a, b) => bound[b] - bound[a]);
    expect(await choose({ rule: 'ucb' })).toEqual(expected.slice(0, 20));
    expect(await choose({ rule: 'ucb', kappa: 0 })).toEqual(order.slice(0, 20));
  });

  it('lcb: the largest mean less kappa sd, of equal means the surest; kappa 0 is the mean', async () => {
    const bound = (kappa: number) => merits.map((merit, i) => merit - (kappa * (i % 7)) / 4);
    const by = (values: number[]) => values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
    expect(await choose({ rule: 'lcb', kappa: 3 })).toEqual(by(bound(3)).slice(0, 20));
    expect(await choose({ rule: 'lcb', kappa: 0 })).toEqual(order.slice(0, 20));
    expect(await choose({ rule: 'lcb' })).toEqual(by(bound(CAUTION)).slice(0, 20));
  });

  it('lcb: the best predicted where most of them lie above everything measured', async () => {
    const middle = merits[order[10]];
    const above = { posterior: { ...posterior, highest: middle - 1e-9 } };
    expect(await choose({ rule: 'lcb', kappa: 3 }, 20, 1, above)).toEqual(order.slice(0, 20));
    const below = { posterior: { ...posterior, highest: middle } };
    expect(await choose({ rule: 'lcb', kappa: 3 }, 20, 1, below)).toEqual(
      await choose({ rule: 'lcb', kappa: 3 }),
    );
  });

  it('thompson: a sure posterior gives the mean, an unsure one explores by the seed', async () => {
    expect(await choose({ rule: 'thompson' }, 20, 1, { posterior: independent(() => 0) })).toEqual(
      order.slice(0, 20),
    );
    const [one, two] = [await choose({ rule: 'thompson' }, 20, 1), await choose({ rule: 'thompson' }, 20, 2)];
    expect(one).not.toEqual(two);
  });

  it('thompson: takes a candidate as first with its probability of being the best', async () => {
    const pair = [sequences[0], sequences[1]];
    const two: ScorePosterior = {
      moments: posterior.moments,
      // best with probability P(Z < 0.5) = 0.6915
      sample: async (_, draws, source) =>
        Float64Array.from({ length: 2 * draws }, (_, k) => (k % 2 === 0 ? 0.5 : source.normal())),
    };
    let first = 0;
    for (let seed = 0; seed < 2000; seed++) {
      const request = {
        sequences: pair,
        merits: [0, 0],
        count: 1,
        posterior: two,
        random: createRandom(seed),
      };
      if ((await selectBatch({ ...request, rule: { rule: 'thompson' } }))[0] === 0) first++;
    }
    expect(first / 2000).toBeGreaterThan(0.66);
    expect(first / 2000).toBeLessThan(0.72);
  });

  it('distance: takes equal candidates last, where nothing else is left', async () => {
    const twice = [...sequences.slice(0, 6), ...sequences.slice(0, 6)];
    const merits = twice.map((_, i) => -i);
    const rule = { rule: 'distance' as const };
    const chosen = await selectBatch({ sequences: twice, merits, count: 9, rule, random: createRandom(1) });
    expect(new Set(chosen).size).toBe(9);
    expect(chosen.slice(0, 6).sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('distance: as brute force says, and no closer than it has to be', async () => {
    const chosen = await choose({ rule: 'distance', distance: 3 }, 10);
    const expected: number[] = [];
    for (const i of order)
      if (expected.every((j) => hammingDistance(sequences[i], sequences[j]) >= 3)) expected.push(i);
    expect(expected.length).toBeGreaterThanOrEqual(10);
    expect(chosen).toEqual(expected.slice(0, 10));
  });

  it('needs a posterior where a rule looks at one, and says so', async () => {
    for (const rule of ['lcb', 'ucb', 'thompson'] as const)
      await expect(choose({ rule }, 2, 1, { posterior: null })).rejects.toThrow(/needs a proxy/);
    await expect(choose({ rule: 'thompson' }, 2, 1, { posterior: undefined })).rejects.toThrow(/a posterior/);
    await expect(choose({ rule: 'ucb', kappa: -1 })).rejects.toThrow(/kappa/);
    await expect(choose({ rule: 'distance', distance: 0 })).rejects.toThrow(/distance/);
    await expect(choose({ rule: 'determinant', scale: 0 })).rejects.toThrow(/scale/);
  });

  it('determinant: spreads the batch more than the mean does', async () => {
    const spread = (chosen: number[]) =>
      chosen.reduce(
        (s, i) => s + chosen.reduce((t, j) => t + hammingDistance(sequences[i], sequences[j]), 0),
        0,
      );
    expect(spread(await choose({ rule: 'determinant', weight: 0.5 }, 10))).toBeGreaterThan(
      spread(await choose({ rule: 'mean' }, 10)),
    );
  });
});

/** Determinant by cofactors. */
function determinant(m: number[][]): number {
  if (m.length === 0) return 1;
  return m[0].reduce(
    (sum, value, j) =>
      sum + (-1) ** j * value * determinant(m.slice(1).map((row) => row.filter((_, k) => k !== j))),
    0,
  );
}

describe('greedyDeterminant', () => {
  it('takes each time the item with the largest determinant (brute force, 200 cases)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const source = createRandom(seed);
        const points = Array.from({ length: 8 }, () => [source.normal(), source.normal()]);
        const logQuality = points.map(() => source.normal());
        const similarity = (i: number, j: number) =>
          Math.exp(-((points[i][0] - points[j][0]) ** 2) - (points[i][1] - points[j][1]) ** 2);
        const det = (set: number[]) =>
          determinant(
            set.map((i) => set.map((j) => Math.exp(logQuality[i] + logQuality[j]) * similarity(i, j))),
          );
        const expected: number[] = [];
        while (expected.length < 4) {
          const rest = points.map((_, i) => i).filter((i) => !expected.includes(i));
          expected.push(rest.reduce((a, b) => (det([...expected, b]) > det([...expected, a]) ? b : a)));
        }
        expect(greedyDeterminant(logQuality, similarity, 4)).toEqual(expected);
      }),
      { numRuns: 200, seed: 4 },
    );
  });
});
