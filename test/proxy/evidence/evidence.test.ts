import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { dualEvidence, maximiseEvidence, primalEvidence } from '../../../src/proxy/evidence/evidence.js';
import type { Evidence } from '../../../src/proxy/evidence/evidence.js';
import { minimise } from '../../../src/proxy/evidence/lbfgs.js';
import { blockKernels } from '../../../src/proxy/evidence/trials.js';
import { readFixture } from '../../helpers/fixtures.js';

const random = createRandom('evidence');
const widths = [3, 5, 4];
const D = 12;

/** Features, and scores that follow the first two blocks. */
function data(N: number) {
  const phi = Float64Array.from({ length: N * D }, () => random.normal());
  const y = Float64Array.from({ length: N }, (_, i) => {
    let score = 0.5 * random.normal();
    for (let j = 0; j < 8; j++) score += 0.7 * phi[i * D + j];
    return score;
  });
  return { phi, y };
}

function gramOf(phi: Float64Array, y: Float64Array, width = D, sizes: readonly number[] = widths) {
  const G = new Float64Array(width * width);
  const b = new Float64Array(width);
  y.forEach((score, i) => {
    for (let j = 0; j < width; j++) {
      b[j] += score * phi[i * width + j];
      for (let k = 0; k < width; k++) G[j * width + k] += phi[i * width + j] * phi[i * width + k];
    }
  });
  return { widths: sizes, G, b, yy: y.reduce((sum, score) => sum + score * score, 0), rows: y.length };
}

function both(N: number): { primal: Evidence; dual: Evidence } {
  const { phi, y } = data(N);
  return { primal: primalEvidence(gramOf(phi, y)), dual: dualEvidence(blockKernels(phi, D, widths, N), y) };
}

describe('log marginal likelihood', () => {
  it.each([6, 40])('is the same from sums and from kernels, with %i rows', (N) => {
    const { primal, dual } = both(N);
    for (let draw = 0; draw < 5; draw++) {
      const weights = widths.map(() => random.normal());
      const noise = random.normal() - 1;
      const [a, b] = [primal.at(weights, noise), dual.at(weights, noise)];
      expect(a.logLikelihood).toBeCloseTo(b.logLikelihood, 8);
      expect(a.noiseSlope).toBeCloseTo(b.noiseSlope, 7);
      a.weightSlopes.forEach((slope, i) => expect(slope).toBeCloseTo(b.weightSlopes[i], 7));
    }
  });

  it.each([6, 40])('has slopes as central differences say, with %i rows', (N) => {
    for (const evidence of Object.values(both(N))) {
      const point = [0.3, -1.2, 0.7, -0.9];
      const value = (x: number[]) => evidence.at(x.slice(0, 3), x[3]).logLikelihood;
      const { weightSlopes, noiseSlope } = evidence.at(point.slice(0, 3), point[3]);
      [...weightSlopes, noiseSlope].forEach((slope, i) => {
        const h = 1e-5;
        const up = point.map((x, j) => (j === i ? x + h : x));
        const down = point.map((x, j) => (j === i ? x - h : x));
        expect(Math.abs(slope - (value(up) - value(down)) / (2 * h))).toBeLessThan(
          1e-5 * (1 + Math.abs(slope)),
        );
      });
    }
  });

  it('is largest where the block that carries nothing is switched off and the noise is found', () => {
    const { phi, y } = data(300);
    const { weights, noise } = maximiseEvidence(primalEvidence(gramOf(phi, y)), { tolerance: 1e-5 });
    expect(weights[0]).toBeGreaterThan(0.1);
    expect(weights[1]).toBeGreaterThan(0.1);
    expect(weights[2]).toBeLessThan(0.01);
    expect(noise).toBeGreaterThan(0.18);
    expect(noise).toBeLessThan(0.35);
  });
});

describe('minimise', () => {
  it('finds the minimum of the Rosenbrock function, and stays in a box', () => {
    const rosenbrock = ([x, y]: Float64Array) => ({
      value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
      gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
    });
    const free = minimise(rosenbrock, [-1.2, 1], { maxIterations: 500, tolerance: 1e-8 });
    expect(free.x[0]).toBeCloseTo(1, 6);
    expect(free.x[1]).toBeCloseTo(1, 6);
    const boxed = minimise(rosenbrock, [-1.2, 0], { lower: -2, upper: 0.5, maxIterations: 500 });
    expect(boxed.x[0]).toBeCloseTo(0.5, 5);
    expect(boxed.x[1]).toBeCloseTo(0.25, 4);
  });
});

interface RegressionFixture {
  cases: {
    X: number[][];
    y: number[];
    models: {
      model: string;
      fit_intercept?: boolean;
      prior_weight_variance?: number;
      noise_variance?: number;
      log_marginal_likelihood?: number;
      noise_precision_alpha?: number;
      weight_precision_lambda?: number;
    }[];
  }[];
}

const fixture = readFixture<RegressionFixture>('proxies/regression.json');

describe.skipIf(!fixture)('against scikit-learn', () => {
  for (const [c, { X, y, models }] of (fixture?.cases ?? []).entries()) {
    const width = X[0].length;
    const mean = X[0].map((_, j) => X.reduce((sum, row) => sum + row[j], 0) / X.length);
    const yMean = y.reduce((sum, value) => sum + value, 0) / y.length;
    const evidenceOf = (centre: boolean, shift: number): Evidence[] => {
      const phi = Float64Array.from(
        X.flatMap((row) => row.map((value, j) => value - (centre ? mean[j] : 0))),
      );
      const scores = Float64Array.from(y, (value) => value - (centre ? yMean : shift));
      return [
        primalEvidence(gramOf(phi, scores, width, [width])),
        dualEvidence(blockKernels(phi, width, [width], y.length), scores),
      ];
    };

    for (const model of models.filter((each) => each.model.startsWith('GaussianProcess'))) {
      it(`case ${c}: the evidence of a Gaussian process, prior ${model.prior_weight_variance}`, () => {
        for (const evidence of evidenceOf(false, 2.5)) {
          const { logLikelihood } = evidence.at(
            [Math.log(model.prior_weight_variance ?? NaN)],
            Math.log(model.noise_variance ?? NaN),
          );
          const expected = model.log_marginal_likelihood ?? NaN;
          expect(Math.abs(logLikelihood / expected - 1)).toBeLessThan(1e-8);
        }
      });
    }

    for (const model of models.filter((each) => each.model === 'BayesianRidge')) {
      it(`case ${c}: BayesianRidge, intercept ${model.fit_intercept}, stands where the evidence is flat`, () => {
        const alpha = model.noise_precision_alpha ?? NaN;
        const lambda = model.weight_precision_lambda ?? NaN;
        // its gamma priors on both precisions, of shape and rate 1e-6
        const prior = 1e-6 * (Math.log(lambda) - lambda + Math.log(alpha) - alpha);
        for (const evidence of evidenceOf(model.fit_intercept ?? false, 0)) {
          const { logLikelihood, weightSlopes, noiseSlope } = evidence.at(
            [-Math.log(lambda)],
            -Math.log(alpha),
          );
          const expected = model.log_marginal_likelihood ?? NaN;
          expect(Math.abs((logLikelihood + prior) / expected - 1)).toBeLessThan(1e-6);
          // slopes of the priors' terms by log variance
          const slopes = [weightSlopes[0] + 1e-6 * (lambda - 1), noiseSlope + 1e-6 * (alpha - 1)];
          for (const slope of slopes) expect(Math.abs(slope)).toBeLessThan(1e-6 * X.length);
        }
      });
    }
  }
});
