import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { bootstrapHeads } from '../../src/proxy/blocks/bootstrap.js';
import { distillHeads } from '../../src/proxy/distilled-head.js';
import { applyLinear } from '../../src/proxy/head.js';
import { momentsOf, softBins, softenScore } from '../../src/proxy/soft-bins.js';
import { pearson } from '../../src/stats/index.js';

const D = 6;

/** Noisy linear scores of random features, few of them, so that bootstrap heads disagree far from the middle. */
function toy() {
  const random = createRandom('heads');
  const truth = Float64Array.from({ length: D }, () => random.normal());
  const drawn = (rows: number) => Float64Array.from({ length: rows * D }, () => random.normal());
  const score = (phi: Float64Array, i: number) => truth.reduce((sum, w, j) => sum + w * phi[i * D + j], 0);
  const measured = drawn(40);
  const y = Float64Array.from({ length: 40 }, (_, i) => score(measured, i) + 2 * random.normal());
  const ensemble = bootstrapHeads({ phi: measured, y }, 1, createRandom('bootstrap'), 12);
  const phi = new Float64Array(400 * D);
  phi.set(measured);
  phi.set(drawn(360), 40 * D);
  return { ensemble, rows: { phi, width: D, y }, unseen: drawn(200) };
}

describe('soft bins', () => {
  it('keep a score: its mean comes back, with no spread of its own', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -3, max: 5, noNaN: true }),
        fc.integer({ min: 12, max: 64 }),
        (score, count) => {
          const bins = softBins([-3, 5], count);
          const { mean, spread } = momentsOf(bins, softenScore(bins, score));
          const apart = bins.centres[1] - bins.centres[0];
          expect(Math.abs(mean - score)).toBeLessThan(0.3 * apart);
          expect(spread).toBeLessThan(0.7 * apart);
          expect(softenScore(bins, score).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
        },
      ),
    );
    const bins = softBins([-3, 5], 33);
    expect(momentsOf(bins, softenScore(bins, 1.1)).mean).toBeCloseTo(1.1, 3);
  });

  it('show how far two scores are apart', () => {
    const bins = softBins([0, 10], 53);
    const [one, other] = [softenScore(bins, 3), softenScore(bins, 7)];
    const { mean, spread } = momentsOf(
      bins,
      one.map((share, k) => (share + other[k]) / 2),
    );
    expect(mean).toBeCloseTo(5, 3);
    expect(spread).toBeCloseTo(2, 2);
  });
});

describe('a distilled head', () => {
  it('predicts what the ensemble predicts on new rows', async () => {
    const { ensemble, rows, unseen } = toy();
    const head = await distillHeads(rows, ensemble.heads, createRandom(1));
    const all = Array.from({ length: 200 }, (_, i) => unseen.subarray(i * D, (i + 1) * D));
    const predicted = all.map((phi) => head.predict(phi));
    const means = all.map((phi) => applyLinear(ensemble, phi));
    expect(
      pearson(
        predicted.map(({ mean }) => mean),
        means,
      ),
    ).toBeGreaterThan(0.99);
    expect(predicted.every(({ spread }) => spread >= 0 && spread < 5)).toBe(true);
    expect(head.distribution(all[0]).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
  });

  it('has the gradient that central differences give', async () => {
    const { ensemble, rows, unseen } = toy();
    const head = await distillHeads(rows, ensemble.heads, createRandom(2), { steps: 30 });
    for (const at of [0, 7, 199]) {
      const phi = unseen.slice(at * D, (at + 1) * D);
      const gradient = head.gradient(phi);
      expect(gradient).toHaveLength(D);
      for (let j = 0; j < D; j++) {
        const beside = (step: number) => head.predict(phi.map((x, k) => (k === j ? x + step : x))).mean;
        expect(gradient[j]).toBeCloseTo((beside(1e-5) - beside(-1e-5)) / 2e-5, 6);
      }
    }
  });

  it('keeps or levels the scales of the features, as told', async () => {
    const { ensemble, rows, unseen } = toy();
    const ask = async (scaling: 'each' | 'common', scales: readonly number[]) => {
      const scaled = (phi: Float64Array) => phi.map((x, i) => x * scales[i % D]);
      const heads = ensemble.heads.map(({ weights, bias }) => ({
        weights: weights.map((w, j) => w / scales[j]),
        bias,
      }));
      const options = { scaling, steps: 15 };
      const head = await distillHeads({ ...rows, phi: scaled(rows.phi) }, heads, createRandom(9), options);
      return head.predict(scaled(unseen.slice(0, D))).mean;
    };
    const ones = [1, 1, 1, 1, 1, 1];
    const odd = [1, 8, 1, 0.25, 1, 2];
    expect(await ask('each', odd)).toBeCloseTo(await ask('each', ones), 4);
    const common = await ask('common', ones);
    expect(await ask('common', [4, 4, 4, 4, 4, 4])).toBeCloseTo(common, 4);
    expect(Math.abs((await ask('common', odd)) - common)).toBeGreaterThan(0.01);
  });

  it('depends on its seed alone, and on the Sinkhorn term', async () => {
    const { ensemble, rows, unseen } = toy();
    const short = { steps: 40 };
    const ask = async (seed: number, options = {}) =>
      (await distillHeads(rows, ensemble.heads, createRandom(seed), { ...short, ...options })).predict(
        unseen.subarray(0, D),
      );
    expect(await ask(3)).toEqual(await ask(3));
    expect(await ask(3)).not.toEqual(await ask(4));
    expect(await ask(3, { beta: 1000 })).not.toEqual(await ask(3, { beta: 0 }));
  });

  it('refuses an empty ensemble, a single row and options out of range', async () => {
    const { ensemble, rows } = toy();
    const random = createRandom(0);
    const single = { ...rows, phi: rows.phi.slice(0, D) };
    await expect(distillHeads(rows, [], random)).rejects.toThrow(InputError);
    await expect(distillHeads(single, ensemble.heads, random)).rejects.toThrow(/at least two rows/);
    await expect(distillHeads(rows, ensemble.heads, random, { bins: 2 })).rejects.toThrow(/option bins/);
  });
});
