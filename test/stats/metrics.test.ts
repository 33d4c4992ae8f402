import { describe, expect, it } from 'vitest';
import * as stats from '../../src/stats/index.js';
import { readFixture } from '../helpers/fixtures.js';

interface Case {
  truth: number[];
  pred: number[];
  spearman: number;
  pearson: number;
  kendall_tau_b: number;
  gains_for_ndcg: number[];
  ndcg: Record<string, { ties_averaged: number; ignore_ties_true: number }>;
  labels: number[];
  roc_auc: number;
  average_precision: number;
  r2: number;
  mean_squared_error: number;
  mean_absolute_error: number;
  average_ranks_truth: number[];
  average_ranks_pred: number[];
}

interface Description {
  x: number[];
  mean: number;
  std_unbiased: number;
  std_population: number;
  median: number;
  lower_median: number;
  upper_median: number;
  quantile_linear: Record<string, number>;
}

const fixture = readFixture<{ cases: Case[]; descriptive: Description[] }>('metrics/metrics.json');
const close = (value: number, reference: number) => expect(Math.abs(value - reference)).toBeLessThan(1e-12);

describe.skipIf(!fixture)('metrics equal scipy, scikit-learn and numpy', () => {
  it.each(fixture?.cases ?? [])('case $#: correlations, errors, ranks', (c) => {
    close(stats.spearman(c.truth, c.pred), c.spearman);
    close(stats.pearson(c.truth, c.pred), c.pearson);
    close(stats.kendallTauB(c.truth, c.pred), c.kendall_tau_b);
    close(stats.rSquared(c.truth, c.pred), c.r2);
    close(stats.meanSquaredError(c.truth, c.pred), c.mean_squared_error);
    close(stats.meanAbsoluteError(c.truth, c.pred), c.mean_absolute_error);
    expect([...stats.averageRanks(c.truth)]).toEqual(c.average_ranks_truth);
    expect([...stats.averageRanks(c.pred)]).toEqual(c.average_ranks_pred);
  });

  it.each(fixture?.cases ?? [])('case $#: ROC, average precision, NDCG', (c) => {
    close(stats.rocAuc(c.labels, c.pred), c.roc_auc);
    close(stats.averagePrecision(c.labels, c.pred), c.average_precision);
    for (const [name, expected] of Object.entries(c.ndcg)) {
      const k = name === 'all' ? undefined : Number(name);
      close(stats.ndcg(c.gains_for_ndcg, c.pred, k), expected.ties_averaged);
      // among tied predictions numpy's unstable sort decides, so there the reference is one of many; see below
      if (new Set(c.pred).size === c.pred.length) {
        close(stats.ndcg(c.gains_for_ndcg, c.pred, k), expected.ignore_ties_true);
      }
    }
  });

  it.each(fixture?.cases ?? [])(
    'case $#: NDCG of one order of the ties lies between the best and the worst',
    (c) => {
      for (const [name, { ignore_ties_true: reference }] of Object.entries(c.ndcg)) {
        const k = name === 'all' ? undefined : Number(name);
        const broken = (sign: number) => c.pred.map((value, i) => value + sign * 1e-9 * c.gains_for_ndcg[i]);
        expect(stats.ndcg(c.gains_for_ndcg, broken(1), k)).toBeGreaterThan(reference - 1e-12);
        expect(stats.ndcg(c.gains_for_ndcg, broken(-1), k)).toBeLessThan(reference + 1e-12);
      }
    },
  );

  it.each(fixture?.descriptive ?? [])('description $#', (c) => {
    close(stats.mean(c.x), c.mean);
    close(stats.standardDeviation(c.x), c.std_unbiased);
    close(stats.populationStandardDeviation(c.x), c.std_population);
    close(stats.standardError(c.x), c.std_unbiased / Math.sqrt(c.x.length));
    close(stats.median(c.x), c.median);
    expect(stats.lowerMedian(c.x)).toBe(c.lower_median);
    expect(stats.upperMedian(c.x)).toBe(c.upper_median);
    for (const [p, expected] of Object.entries(c.quantile_linear))
      close(stats.quantile(c.x, Number(p)), expected);
  });
});
