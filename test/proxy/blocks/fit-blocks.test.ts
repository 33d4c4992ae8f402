import { describe, expect, it } from 'vitest';
import { DNA, PROTEIN } from '../../../src/core/alphabet.js';
import type { Alphabet, Sequence } from '../../../src/core/alphabet.js';
import { InputError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import { createObjective } from '../../../src/design/objective.js';
import { fitBlocks } from '../../../src/proxy/blocks/fit-blocks.js';
import type { BlocksFit } from '../../../src/proxy/blocks/fit-blocks.js';
import { pearson } from '../../../src/stats/index.js';

const random = createRandom('fit blocks');

interface Planted {
  alphabet: Alphabet;
  sequences: Sequence[];
  scores: number[];
  truth: (sequence: Sequence) => number;
}

/** Sequences whose score is a sum over sites of a random effect of the letter, plus noise. */
function additive(alphabet: Alphabet, L: number, N: number, noise: number): Planted {
  const effects = Array.from({ length: L * alphabet.size }, () => random.normal());
  const truth = (sequence: Sequence) =>
    sequence.reduce((sum, code, i) => sum + effects[i * alphabet.size + code], 0);
  const distinct = new Map<string, Sequence>();
  while (distinct.size < N) {
    const sequence = Uint8Array.from({ length: L }, () => random.integer(alphabet.size));
    distinct.set(sequence.join(), sequence);
  }
  const sequences = [...distinct.values()];
  return { alphabet, sequences, scores: sequences.map((x) => truth(x) + noise * random.normal()), truth };
}

async function predictions(fit: BlocksFit, sequences: readonly Sequence[]): Promise<number[]> {
  const phi = await fit.featureMap.features(sequences);
  const D = fit.featureMap.width;
  return sequences.map((_, i) => fit.scale.toUserUnits(fit.head.predict(phi.subarray(i * D, (i + 1) * D))));
}

describe('fitBlocks', () => {
  it.each([
    ['proteins, by tables', PROTEIN, 4],
    ['long proteins, pairs through their kernel', PROTEIN, 9],
    ['DNA, by features', DNA, 6],
  ])('predicts many sequences as the head does: %s', async (_, alphabet, L) => {
    const planted = additive(alphabet, L, 60, 0.3);
    const fit = await fitBlocks({ ...planted, random: createRandom(0) });
    const D = fit.featureMap.width;
    const phi = await fit.featureMap.features(planted.sequences);
    const many = await fit.predict(planted.sequences);
    many.forEach((value, i) =>
      expect(value).toBeCloseTo(fit.head.predict(phi.subarray(i * D, (i + 1) * D)), 8),
    );
  });

  it('learns an additive landscape from few rows, in the unit of the scores', async () => {
    const planted = additive(DNA, 6, 120, 0.3);
    const fit = await fitBlocks({ ...planted, random: createRandom(0) });
    const fresh = Array.from({ length: 200 }, () => Uint8Array.from({ length: 6 }, () => random.integer(4)));
    const predicted = await predictions(fit, fresh);
    const truth = fresh.map(planted.truth);
    expect(pearson(predicted, truth)).toBeGreaterThan(0.9);
    const error = predicted.reduce((sum, value, i) => sum + (value - truth[i]) ** 2, 0) / 200;
    const spread = truth.reduce((sum, value) => sum + value ** 2, 0) / 200;
    expect(error / spread).toBeLessThan(0.35);
    const total = fit.report.signal.reduce((sum, { share }) => sum + share, 0);
    expect(total).toBeCloseTo(1, 9);
    expect(fit.report.signal.find(({ block }) => block === 'onehot')?.share).toBeGreaterThan(0.3);
  });

  it('says how sure it is: standardised leave-one-out errors of about 1', async () => {
    const planted = additive(DNA, 6, 150, 0.5);
    const fit = await fitBlocks({ ...planted, random: createRandom(0), only: ['onehot'] });
    const D = fit.featureMap.width;
    const phi = await fit.featureMap.features(planted.sequences);
    let square = 0;
    planted.scores.forEach((score, i) => {
      const row = phi.subarray(i * D, (i + 1) * D);
      const y = (score - fit.scale.mean) / fit.scale.std;
      const out = fit.posterior.leftOut(row, y);
      const leverage = fit.posterior.leverage(row);
      square += (out * out * (1 - leverage)) / fit.posterior.noise / 150;
      expect(leverage).toBeGreaterThan(0);
      expect(leverage).toBeLessThan(1);
    });
    expect(square).toBeGreaterThan(0.7);
    expect(square).toBeLessThan(1.4);
  });

  it('works with 20 rows of a protein, and is a function of its seed', async () => {
    const planted = additive(PROTEIN, 5, 20, 0.1);
    const fits = await Promise.all(
      [0, 0].map((seed) => fitBlocks({ ...planted, random: createRandom(seed) })),
    );
    expect(fits[0].head.weights).toEqual(fits[1].head.weights);
    expect(fits[0].auxiliary.weights).toEqual(fits[1].auxiliary.weights);
    expect(fits[0].featureMap.key).toBe(fits[1].featureMap.key);
    expect(fits[0].report.classes).toBe(20);
    expect(fits[0].head.weights.every(Number.isFinite)).toBe(true);
  });

  it('averages no candidate that hardly predicts held-out rows, though few sets of blocks are tried', async () => {
    const planted = additive(DNA, 6, 120, 0.3);
    const noise = createRandom('noise block');
    const numbers = new Map<string, number>();
    const numberOf = (sequence: Sequence) => {
      const key = sequence.join();
      if (!numbers.has(key)) numbers.set(key, noise.normal());
      return numbers.get(key) as number;
    };
    const map = {
      width: 1,
      key: 'noise',
      features: async (sequences: readonly Sequence[]) => Float64Array.from(sequences, numberOf),
      vjp: async (sequences: readonly Sequence[], _: ArrayLike<number>, K: number) => ({
        data: new Float64Array(sequences.length * K * 24),
        alphabetSize: 4,
      }),
    };
    const fit = await fitBlocks({
      ...planted,
      only: ['onehot'],
      extra: [{ name: 'noise', map }],
      random: createRandom(0),
    });
    const sets = fit.report.chosen.map(({ blocks }) => blocks.join('+'));
    expect(sets).toContain('onehot');
    expect(sets).not.toContain('noise');
  });

  it('gives an objective whose gradients are those of its losses', async () => {
    const planted = additive(PROTEIN, 4, 40, 0.2);
    const fit = await fitBlocks({
      ...planted,
      random: createRandom(0),
      only: ['onehot', 'similarity-pairs'],
    });
    const x = planted.sequences[3];
    const phi = await fit.featureMap.features([x]);
    const losses = async (at: Float64Array) => (await fit.head.losses(at))[0];
    const [slopes] = await fit.head.cotangents([await losses(Float64Array.from(phi))]);
    const h = 1e-6;
    for (let check = 0; check < 20; check++) {
      const j = random.integer(phi.length);
      const moved = await Promise.all(
        [h, -h].map((step) => losses(Float64Array.from(phi, (value, k) => (k === j ? value + step : value)))),
      );
      const forward = (moved[0].forward - moved[1].forward) / (2 * h);
      const backward = (moved[0].backward - moved[1].backward) / (2 * h);
      expect(Math.abs(slopes.forward[j] - forward)).toBeLessThan(1e-4 * (1 + Math.abs(forward)));
      expect(Math.abs(slopes.backward[j] - backward)).toBeLessThan(1e-4 * (1 + Math.abs(backward)));
    }
    const objective = createObjective(fit);
    const [evaluation] = await objective.evaluate([x]);
    expect(evaluation.prediction).toBeCloseTo(fit.head.predict(phi), 12);
    expect(evaluation.gradients).toHaveLength(3 * 4 * 20);
  });

  it('has a backward loss that is the mean squared error of the measured set as the candidate predicts it', async () => {
    const planted = additive(DNA, 6, 90, 0.3);
    const fit = await fitBlocks({ ...planted, random: createRandom(0), only: ['onehot', 'kmers-2'] });
    const D = fit.featureMap.width;
    const phi = await fit.featureMap.features(planted.sequences);
    const row = (i: number) => phi.subarray(i * D, (i + 1) * D);
    const dot = (a: Float32Array | Float64Array, b: Float32Array | Float64Array) =>
      Float64Array.from(a).reduce((sum, value, j) => sum + value * b[j], 0);
    const s = fit.head.target / (dot(row(5), row(5)) + fit.head.noise);
    const expected =
      planted.scores.reduce((sum, score, i) => {
        const y = (score - fit.scale.mean) / fit.scale.std;
        return sum + (s * dot(row(i), row(5)) - y) ** 2;
      }, 0) / 90;
    const [{ backward }] = await fit.head.losses(row(5));
    expect(backward).toBeCloseTo(expected, 8);
  });

  it('refuses unknown blocks and scores that are all the same', async () => {
    const planted = additive(DNA, 6, 30, 0.3);
    const bad = fitBlocks({ ...planted, random: createRandom(0), only: ['oneshot'] });
    await expect(bad).rejects.toThrow(InputError);
    await expect(bad).rejects.toThrow(/onehot/);
    const flat = fitBlocks({ ...planted, scores: planted.scores.map(() => 3), random: createRandom(0) });
    await expect(flat).rejects.toThrow(InputError);
  });
});
