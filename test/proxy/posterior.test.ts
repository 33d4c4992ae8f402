import { Matrix, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { createBlockPosterior } from '../../src/proxy/blocks/posterior.js';
import { measuredByRows, measuredBySums } from '../../src/proxy/blocks/learner.js';
import { fitPosterior } from '../../src/proxy/posterior.js';
import { spearman } from '../../src/stats/index.js';
import { readFixture } from '../helpers/fixtures.js';

interface Model {
  model: string;
  alpha?: number;
  fit_intercept?: boolean;
  coef: number[];
  intercept: number;
  pred: number[];
  noise_precision_alpha: number;
  weight_precision_lambda: number;
  std_including_noise: number[];
  prior_weight_variance: number;
  noise_variance: number;
  mean: number[];
  std_without_noise: number[];
}
interface Case {
  X: number[][];
  y: number[];
  X_test: number[][];
  models: Model[];
}

/** Sums of rows that are centred or shifted, and scaled. */
function sums(X: number[][], y: number[], centre: boolean, scale = 1, shift = 0) {
  const n = X.length;
  const mean = X[0].map((_, j) => (centre ? X.reduce((sum, row) => sum + row[j], 0) / n : 0));
  const yMean = centre ? y.reduce((sum, value) => sum + value, 0) / n : shift;
  const row = (x: number[]) => Float64Array.from(x, (value, j) => scale * (value - mean[j]));
  const D = mean.length;
  const G = new Float64Array(D * D);
  const b = new Float64Array(D);
  const scores = y.map((value) => value - yMean);
  const rows = X.map(row);
  rows.forEach((x, i) => {
    for (let j = 0; j < D; j++) {
      b[j] += scores[i] * x[j];
      for (let k = 0; k < D; k++) G[j * D + k] += x[j] * x[k];
    }
  });
  return { G, b, yMean, row, rows, scores };
}

const fixture = readFixture<{ cases: Case[] }>('proxies/regression.json');

describe.skipIf(!fixture)('posterior against scikit-learn', () => {
  for (const [c, { X, y, X_test, models }] of (fixture?.cases ?? []).entries()) {
    for (const model of models) {
      const centre = model.fit_intercept ?? false;
      const relative = (value: number, expected: number, tolerance: number) =>
        expect(Math.abs(value - expected)).toBeLessThan(tolerance * Math.max(1, Math.abs(expected)));
      if (model.model === 'Ridge') {
        it(`case ${c}: Ridge, alpha ${model.alpha}, intercept ${centre}`, () => {
          const { G, b, yMean, row } = sums(X, y, centre);
          const fit = fitPosterior({ G, b, rows: X.length, noise: model.alpha ?? NaN, centred: centre });
          X_test.forEach((x, i) => relative(fit.predict(row(x)) + yMean, model.pred[i], 1e-8));
          model.coef.forEach((value, j) => relative(fit.mean[j], value, 1e-8));
        });
      } else if (model.model === 'BayesianRidge') {
        it(`case ${c}: BayesianRidge, intercept ${centre}`, () => {
          const noise = 1 / model.noise_precision_alpha;
          const scale = 1 / Math.sqrt(model.weight_precision_lambda);
          const { G, b, yMean, row } = sums(X, y, centre, scale);
          const fit = fitPosterior({ G, b, rows: X.length, noise, centred: false });
          X_test.forEach((x, i) => {
            relative(fit.predict(row(x)) + yMean, model.pred[i], 1e-6);
            relative(Math.sqrt(fit.variance(row(x))), model.std_including_noise[i], 1e-6);
          });
        });
      } else {
        it(`case ${c}: Gaussian process with a linear kernel, noise ${model.noise_variance}`, () => {
          const scale = Math.sqrt(model.prior_weight_variance);
          const { G, b, yMean, row } = sums(X, y, false, scale, 2.5);
          const fit = fitPosterior({ G, b, rows: X.length, noise: model.noise_variance, centred: false });
          expect(yMean).toBe(2.5);
          X_test.forEach((x, i) => {
            relative(fit.predict(row(x)), model.mean[i], 1e-8);
            const variance = fit.variance(row(x)) - model.noise_variance;
            relative(Math.sqrt(variance), model.std_without_noise[i], 1e-8);
          });
        });
      }
    }
  }
});

interface KFold {
  cases: {
    X: number[][];
    y: number[];
    fold_of_row: number[];
    results: { alpha: number; out_of_fold_pred: number[]; spearman: number }[];
  }[];
}
const kfold = readFixture<KFold>('proxies/kfold.json');

describe.skipIf(!kfold)('ridge in folds against scikit-learn', () => {
  for (const [c, { X, y, fold_of_row, results }] of (kfold?.cases ?? []).entries()) {
    it.each(results)(`case ${c}, alpha $alpha`, ({ alpha, out_of_fold_pred, spearman: expected }) => {
      const predicted = X.map((x, i) => {
        const train = X.map((_, j) => j).filter((j) => fold_of_row[j] !== fold_of_row[i]);
        const { G, b, yMean, row } = sums(
          train.map((j) => X[j]),
          train.map((j) => y[j]),
          true,
        );
        const fit = fitPosterior({ G, b, rows: train.length, noise: alpha, centred: true });
        return fit.predict(row(x)) + yMean;
      });
      predicted.forEach((value, i) => expect(value).toBeCloseTo(out_of_fold_pred[i], 8));
      expect(spearman(predicted, y)).toBeCloseTo(expected, 10);
    });
  }
});

describe('leave-one-out in closed form', () => {
  const random = createRandom('leave one out');
  const X = Array.from({ length: 25 }, () => Array.from({ length: 6 }, () => random.normal()));
  const y = X.map((x) => 2 * x[0] - x[1] + random.normal());
  const noise = 0.8;

  it('equals refits without each row, intercept included', () => {
    const { G, b, rows, scores } = sums(X, y, true);
    const fit = fitPosterior({ G, b, rows: X.length, noise, centred: true });
    X.forEach((x, left) => {
      const keep = X.map((_, i) => i).filter((i) => i !== left);
      // intercept as an unpenalised column of ones
      const A = new Matrix(keep.map((i) => [1, ...X[i]]));
      const penalty = Matrix.diag([0, ...x.map(() => noise)]);
      const w = solve(
        A.transpose().mmul(A).add(penalty),
        A.transpose().mmul(Matrix.columnVector(keep.map((i) => y[i]))),
      );
      const prediction = new Matrix([[1, ...x]]).mmul(w).get(0, 0);
      expect(fit.leftOut(rows[left], scores[left])).toBeCloseTo(y[left] - prediction, 9);
    });
  });

  it('is the same from rows and from sums, and so are variance and leverage', async () => {
    const { G, b, rows, scores } = sums(X, y, true);
    const phi = Float64Array.from(rows.flatMap((row) => [...row]));
    const posteriors = [
      createBlockPosterior(measuredBySums({ G, targets: [b], rows: X.length, widths: [2, 4] }), { noise }),
      createBlockPosterior(measuredByRows({ phi, y: [Float64Array.from(scores)], widths: [2, 4] }), {
        noise,
      }),
    ];
    const plain = fitPosterior({ G, b, rows: X.length, noise, centred: true });
    const probe = Float64Array.from({ length: 6 }, () => random.normal());
    for (const posterior of posteriors) {
      expect(posterior.mean(probe)).toBeCloseTo(plain.predict(probe), 10);
      expect(posterior.variance(probe)).toBeCloseTo(plain.variance(probe), 10);
      const together = await posterior.leverages(Float64Array.from([...probe, ...phi]));
      expect(together[0]).toBeCloseTo(plain.leverage(probe), 10);
      rows.forEach((row, i) => expect(together[i + 1]).toBeCloseTo(plain.leverage(row), 10));
      rows.forEach((row, i) =>
        expect(posterior.leftOut(row, scores[i])).toBeCloseTo(plain.leftOut(row, scores[i]), 9),
      );
    }
  });

  it('covariances are V (G + s^2 I)^-1 V^T + 1/N, from rows and from sums, also of features that no row has', async () => {
    const { G, b, scores, rows } = sums(X, y, true);
    const D = rows[0].length;
    const unseen = 2;
    for (let i = 0; i < D; i++) G[unseen * D + i] = G[i * D + unseen] = 0;
    rows.forEach((row) => (row[unseen] = 0));
    const phi = Float64Array.from(rows.flatMap((row) => [...row]));
    const V = new Matrix(Array.from({ length: 5 }, () => Array.from({ length: D }, () => random.normal())));
    const A = new Matrix(D, D);
    for (let i = 0; i < D; i++) for (let j = 0; j < D; j++) A.set(i, j, G[i * D + j] + (i === j ? noise : 0));
    const expected = V.mmul(solve(A, V.transpose())).add(1 / X.length);
    for (const measured of [
      measuredBySums({ G, targets: [b], rows: X.length, widths: [2, 4] }),
      measuredByRows({ phi, y: [Float64Array.from(scores)], widths: [2, 4] }),
    ]) {
      const posterior = createBlockPosterior(measured, { noise });
      const flat = Float64Array.from(V.to1DArray());
      const found = await posterior.jointLeverages(flat);
      expected.to1DArray().forEach((value, i) => expect(found[i]).toBeCloseTo(value, 9));
      const alone = await posterior.leverages(flat);
      alone.forEach((value, i) => expect(found[i * 6]).toBeCloseTo(value, 10));
    }
  });
});
