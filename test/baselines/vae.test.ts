import { describe, expect, it } from 'vitest';
import { compileDecoder, trainVae } from '../../src/baselines/networks/vae.js';
import type { VaeOptions } from '../../src/baselines/networks/vae.js';
import { createRandom } from '../../src/core/random.js';

const input = { positions: 4, channels: 3 };
const options: VaeOptions = { latent: 2, hidden: 16, epochs: 60, batch: 20, learningRate: 5e-3 };
const random = createRandom('vae');
/** Two families that share no letter, and their weights. */
const rows = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? [0, 0, 0, 0] : [1, 2, 1, 2]));
const x = new Float32Array(200 * 12);
rows.forEach((row, b) => row.forEach((letter, i) => (x[b * 12 + i * 3 + letter] = 1)));

/** Shares of letters in what the decoder draws from the prior. */
async function shares(weights: ArrayLike<number>, seed = 1): Promise<Float64Array> {
  const trained = await trainVae({ x, weights, input }, options, createRandom(seed));
  const decoder = await compileDecoder(trained, input, options);
  const z = Float32Array.from({ length: 2 * 500 }, () => random.normal());
  const logP = await decoder.logProbabilities(z);
  const mean = new Float64Array(12);
  for (let b = 0; b < 500; b++) {
    for (let i = 0; i < 4; i++) {
      const row = [0, 1, 2].map((a) => Math.exp(logP[b * 12 + i * 3 + a]));
      expect(row[0] + row[1] + row[2]).toBeCloseTo(1, 5);
      row.forEach((p, a) => (mean[i * 3 + a] += p / 500));
    }
  }
  return mean;
}

describe('trainVae', () => {
  it('draws like what it learned from, and like its weights', async () => {
    const even = await shares(new Float64Array(200).fill(1));
    for (let i = 0; i < 4; i++) expect(Math.abs(even[3 * i] - 0.5)).toBeLessThan(0.15);
    // three quarters of the weight on the first family, and none on the second
    const uneven = await shares(rows.map((_, i) => (i % 2 === 0 ? 3 : 1)));
    for (let i = 0; i < 4; i++) expect(Math.abs(uneven[3 * i] - 0.75)).toBeLessThan(0.15);
    const one = await shares(rows.map((_, i) => (i % 2 === 0 ? 1 : 0)));
    for (let i = 0; i < 4; i++) expect(one[3 * i]).toBeGreaterThan(0.95);
  });

  it('finds that the letters of a family belong together', async () => {
    const trained = await trainVae(
      { x, weights: new Float64Array(200).fill(1), input },
      options,
      createRandom(1),
    );
    const decoder = await compileDecoder(trained, input, options);
    const logP = await decoder.logProbabilities(Float32Array.from({ length: 1000 }, () => random.normal()));
    let together = 0;
    for (let b = 0; b < 500; b++) {
      const first = [0, 1, 2, 3].reduce((sum, i) => sum + logP[b * 12 + 3 * i], 0);
      const second = [1, 2, 1, 2].reduce((sum, letter, i) => sum + logP[b * 12 + 3 * i + letter], 0);
      together += (Math.exp(first) + Math.exp(second)) / 500;
    }
    // independent letters would reach 1/8
    expect(together).toBeGreaterThan(0.6);
  });

  it('goes on from given weights without changing them', async () => {
    const data = { x, weights: new Float64Array(200).fill(1), input };
    const first = await trainVae(data, { ...options, epochs: 1 }, createRandom(1));
    const copy = new Map([...first].map(([name, weight]) => [name, weight.slice()]));
    const next = await trainVae(data, { ...options, epochs: 1 }, createRandom(2), { start: first });
    expect(first).toEqual(copy);
    expect(next).not.toEqual(first);
  });
});
