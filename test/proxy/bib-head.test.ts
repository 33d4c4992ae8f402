import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fitBibHead } from '../../src/proxy/bib-head.js';
import type { Gram } from '../../src/proxy/gram.js';
import { createGramAccumulator } from '../../src/proxy/gram.js';
import { createRandom } from '../../src/core/random.js';
import { InputError } from '../../src/core/errors.js';
import { standardise } from '../../src/proxy/standardise.js';
import { fixturePath, readFixture } from '../helpers/fixtures.js';

interface Candidate {
  prediction: number;
  L_f: number;
  L_b: number;
  grad_L_f: number[];
  grad_L_b: number[];
}

interface BibFixture {
  y_h: number;
  relative_ridge: number;
  N: number;
  D: number;
  Phi: number[][];
  scores: number[];
  scores_mean: number;
  scores_std_unbiased: number | null;
  y: number[];
  candidate_phi: number[][];
  exact: { beta: number; w: number[]; candidates: Candidate[] };
  relative_error_of_numpy_float64_primal: Record<'w' | 'L_f' | 'grad_L_f', number>;
}

const folder = fixturePath('bib');
const files = folder === null ? [] : readdirSync(folder).filter((name) => name.endsWith('.json'));

function gramOf(Phi: number[][], y: ArrayLike<number>): Gram {
  const accumulator = createGramAccumulator(Phi[0].length);
  accumulator.add(Float64Array.from(Phi.flat()), y);
  return accumulator.finish();
}

/** Largest error relative to the largest entry. */
function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [error, size] = [0, 0];
  for (let i = 0; i < want.length; i++) {
    error = Math.max(error, Math.abs(got[i] - want[i]));
    size = Math.max(size, Math.abs(want[i]));
  }
  return error / size;
}

describe.skipIf(files.length === 0)('the BIB head against 60-digit values', () => {
  it.each(files)('%s', async (file) => {
    const fixture = readFixture<BibFixture>(`bib/${file}`) as BibFixture;
    const head = fitBibHead(gramOf(fixture.Phi, fixture.y), {
      target: fixture.y_h,
      relativeRidge: fixture.relative_ridge,
      backwardRidge: { relative: fixture.relative_ridge, absolute: 0 },
    });
    const reached = fixture.relative_error_of_numpy_float64_primal;
    const tolerance = (error: number) => (error < 1e-12 ? 1e-10 : 1e-7);
    expect(relativeError([head.ridge], [fixture.exact.beta])).toBeLessThan(1e-14);
    expect(relativeError(head.weights, fixture.exact.w)).toBeLessThan(tolerance(reached.w));
    const losses = await head.losses(Float64Array.from(fixture.candidate_phi.flat()));
    const slopes = await head.cotangents(losses);
    fixture.exact.candidates.forEach((exact, i) => {
      expect(relativeError([losses[i].prediction], [exact.prediction])).toBeLessThan(1e-7);
      expect(head.predict(fixture.candidate_phi[i])).toBe(losses[i].prediction);
      expect(relativeError([losses[i].forward], [exact.L_f])).toBeLessThan(tolerance(reached.L_f));
      expect(relativeError(slopes[i].forward, exact.grad_L_f)).toBeLessThan(tolerance(reached.grad_L_f));
      expect(relativeError([losses[i].backward], [exact.L_b])).toBeLessThan(1e-12);
      expect(relativeError(slopes[i].backward, exact.grad_L_b)).toBeLessThan(1e-12);
    });
  });

  it.each(files)('standardised scores of %s', (file) => {
    const fixture = readFixture<BibFixture>(`bib/${file}`) as BibFixture;
    if (fixture.scores_std_unbiased === null)
      return expect(() => standardise(fixture.scores)).toThrow(InputError);
    const scaled = standardise(fixture.scores);
    expect(relativeError(scaled.y, fixture.y)).toBeLessThan(1e-13);
    expect(scaled.std).toBeCloseTo(fixture.scores_std_unbiased, 12);
    expect(scaled.toUserUnits(scaled.y[0])).toBeCloseTo(fixture.scores[0], 12);
  });
});

describe('an absolute backward ridge', () => {
  it('gives the loss of its definition, and its gradient by central differences', async () => {
    const random = createRandom('absolute ridge');
    const Phi = Array.from({ length: 9 }, () => Array.from({ length: 5 }, () => random.normal()));
    const { y } = standardise(Phi.map((row) => row[0] + random.normal()));
    const noise = 0.3;
    const head = fitBibHead(gramOf(Phi, y), { target: 4, backwardRidge: { relative: 0, absolute: noise } });
    const phi = Array.from({ length: 5 }, () => random.normal());
    const definition = (x: number[]) => {
      const inner = (a: number[], b: number[]) => a.reduce((sum, value, j) => sum + value * b[j], 0);
      const s = 4 / (inner(x, x) + noise);
      return Phi.reduce((sum, row, i) => sum + (inner(row, x) * s - y[i]) ** 2, 0) / Phi.length;
    };
    const losses = await head.losses(Float64Array.from(phi));
    const [{ backward }] = await head.cotangents(losses);
    expect(losses[0].backward).toBeCloseTo(definition(phi), 12);
    phi.forEach((_, j) => {
      const step = 1e-5;
      const shifted = (h: number) => phi.map((value, k) => (k === j ? value + h : value));
      const slope = (definition(shifted(step)) - definition(shifted(-step))) / (2 * step);
      expect(backward[j]).toBeCloseTo(slope, 7);
    });
  });

  it('keeps a vanishing norm finite', async () => {
    const head = fitBibHead(
      gramOf(
        [
          [1, 0],
          [0, 1],
        ],
        [1, -1],
      ),
      { backwardRidge: { relative: 0, absolute: 0.1 } },
    );
    const [{ backward }] = await head.losses(Float64Array.of(0, 0));
    expect(backward).toBeCloseTo(1, 12);
  });
});

it('refuses features that are all zero', () => {
  expect(() =>
    fitBibHead(
      gramOf(
        [
          [0, 0],
          [0, 0],
        ],
        [1, -1],
      ),
    ),
  ).toThrow(/features of all measured rows are zero/);
});
