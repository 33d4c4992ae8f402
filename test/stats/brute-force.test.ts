import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as stats from '../../src/stats/index.js';

/** Two lists of small whole numbers of one length: many ties. */
const tiedLists = fc
  .integer({ min: 2, max: 30 })
  .chain((n) =>
    fc.tuple(
      fc.array(fc.integer({ min: -4, max: 4 }), { minLength: n, maxLength: n }),
      fc.array(fc.integer({ min: -4, max: 4 }), { minLength: n, maxLength: n }),
    ),
  );

const pairsOf = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: i }, (_, j) => [i, j])).flat();

const sameNumber = (value: number, expected: number) =>
  Number.isFinite(expected) ? expect(value).toBeCloseTo(expected, 12) : expect(value).not.toBeCloseTo(0, 12);

describe('metrics equal their definitions', () => {
  it('Kendall: all pairs counted', () => {
    fc.assert(
      fc.property(tiedLists, ([a, b]) => {
        let [numerator, untiedA, untiedB] = [0, 0, 0];
        for (const [i, j] of pairsOf(a.length)) {
          const [da, db] = [Math.sign(a[i] - a[j]), Math.sign(b[i] - b[j])];
          numerator += da * db;
          untiedA += da * da;
          untiedB += db * db;
        }
        sameNumber(stats.kendallTauB(a, b), numerator / Math.sqrt(untiedA * untiedB));
      }),
      { numRuns: 500 },
    );
  });

  it('ROC: the share of pairs in the right order', () => {
    fc.assert(
      fc.property(tiedLists, ([a, scores]) => {
        const labels = a.map((value) => (value > 0 ? 1 : 0));
        let [won, pairs] = [0, 0];
        labels.forEach((positive, i) =>
          labels.forEach((other, j) => {
            if (!positive || other) return;
            pairs++;
            won += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
          }),
        );
        sameNumber(stats.rocAuc(labels, scores), won / pairs);
      }),
      { numRuns: 500 },
    );
  });

  it('rank: half of the ties, all that are smaller', () => {
    fc.assert(
      fc.property(tiedLists, ([a]) => {
        const expected = a.map(
          (x) => a.filter((y) => y < x).length + (a.filter((y) => y === x).length + 1) / 2,
        );
        expect([...stats.averageRanks(a)]).toEqual(expected);
      }),
    );
  });

  it('top recall without ties is the overlap of two sets', () => {
    const list = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 3 }), fc.integer(), (truth, k, twist) => {
        const predicted = truth.map((value, i) => ((value + 1000) * 7 + i * (twist % 13)) % 1009);
        fc.pre(new Set(predicted).size === predicted.length);
        const top = (values: number[]) =>
          new Set([...values.keys()].sort((i, j) => values[j] - values[i]).slice(0, k));
        const both = [...top(truth)].filter((i) => top(predicted).has(i)).length;
        expect(stats.topRecall(truth, predicted, k)).toBeCloseTo(both / k, 12);
      }),
    );
  });

  it('top recall counts ties at the edge by the share that fits', () => {
    expect(stats.topRecall([3, 2, 1, 0], [1, 0, 0, 0], 2)).toBeCloseTo((1 + 1 / 3) / 2, 12);
  });

  it('a constant side has no correlation', () => {
    expect(stats.pearson([1, 1, 1], [1, 2, 3])).toBeNaN();
    expect(stats.spearman([1, 2, 3], [5, 5, 5])).toBeNaN();
    expect(stats.kendallTauB([1, 2, 3], [5, 5, 5])).toBeNaN();
    expect(stats.rocAuc([1, 1], [0.1, 0.2])).toBeNaN();
  });

  it.each([
    ['empty', () => stats.mean([])],
    ['a value that is no number', () => stats.median([1, NaN])],
    ['different lengths', () => stats.spearman([1, 2], [1])],
    ['a probability above 1', () => stats.quantile([1, 2], 1.5)],
    ['a negative gain', () => stats.ndcg([-1, 1], [1, 2])],
    ['k of 0', () => stats.topRecall([1, 2], [1, 2], 0)],
    ['a label of 2', () => stats.rocAuc([2, 0], [1, 2])],
  ])('%s is a broken invariant', (_, call) => {
    expect(call).toThrow(/^internal: /);
  });
});
