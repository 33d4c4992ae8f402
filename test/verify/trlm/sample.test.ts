import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import { createPool } from '../../../src/runtime/pool.js';
import { rankByTrlm } from '../../../src/verify/trlm/rank.js';
import { bestOfN, type BestOfNOptions, drawLetter } from '../../../src/verify/trlm/sample.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { tinyPair } from './pair.js';

const pool = createPool(1);
afterAll(() => pool.close());
const pair = await tinyPair(temporaryFolder(), 'dna');
const sample = (options: Partial<BestOfNOptions> = {}) =>
  bestOfN({ ...pair, leftFlank: 'ACGGT', rightFlank: 'CA', length: 3, count: 40, pool, ...options });
const total = (drawn: readonly { draws: number }[]) => drawn.reduce((sum, { draws }) => sum + draws, 0);

describe('best of N', () => {
  it('keeps what the reverse model scores best, with the scores of the ranking', async () => {
    const drawn = await sample({ alpha: 0.5 });
    expect(total(drawn)).toBe(40);
    expect(new Set(drawn.map(({ region }) => region)).size).toBe(drawn.length);
    const reverse = drawn.map((one) => one.reverse);
    expect(reverse).toEqual([...reverse].sort((a, b) => b - a));
    const sequences = drawn.map(({ region }) => `ACGGT${region}CA`);
    const ranked = await rankByTrlm({ ...pair, sequences, region: { from: 5, to: 8 }, alpha: 0.5, pool });
    expect(drawn.map(({ forward, reverse: back, score }) => ({ forward, reverse: back, score }))).toEqual(
      ranked,
    );
    expect(await sample({ alpha: 0.5, keep: 2 })).toEqual(drawn.slice(0, 2));
  });

  it('draws the same regions from the same seed, and more of them where more are asked for', async () => {
    const regions = async (options: Partial<BestOfNOptions>) =>
      new Map((await sample(options)).map(({ region, draws }) => [region, draws]));
    expect(await regions({ seed: 7 })).toEqual(await regions({ seed: 7 }));
    expect(await regions({ seed: 7 })).not.toEqual(await regions({ seed: 8 }));
    const [few, many] = [await regions({ seed: 7, count: 10 }), await regions({ seed: 7, count: 30 })];
    for (const [region, draws] of few) expect(many.get(region)).toBeGreaterThanOrEqual(draws);
  });

  it('draws in proportion to the forward model: one letter, many draws', async () => {
    const drawn = await sample({ rightFlank: '', length: 1, count: 4000, alpha: 0 });
    // P(A) + P(C) + P(G) + P(T) < 1: other tokens have a share too.
    const known = drawn.reduce((sum, { forward }) => sum + Math.exp(forward), 0);
    expect(drawn.length).toBe(4);
    for (const { forward, draws } of drawn) {
      const p = Math.exp(forward) / known;
      expect(Math.abs(draws / 4000 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 4000));
    }
  });

  it('a low temperature draws the likeliest letters alone', async () => {
    const drawn = await sample({ temperature: 1e-3, length: 4 });
    expect(drawn.length).toBe(1);
    expect(drawn[0].draws).toBe(40);
  });

  it.each([
    [{ leftFlank: '' }, /no left flank/],
    [{ length: 0 }, /length/],
    [{ count: 2.5 }, /count/],
    [{ temperature: 0 }, /temperature/],
    [{ alpha: -1 }, /alpha/],
    [{ leftFlank: 'ACX' }, /letter 'X' at position 3/],
    [{ length: 100 }, /too long for model/],
  ] as const)('refuses %j', async (options, message) => {
    const run = sample(options);
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toThrow(InputError);
  });
});

describe('drawing a letter', () => {
  it('follows the shares at every temperature', () => {
    const random = createRandom('draw');
    const logs = Float64Array.from([Math.log(0.1), -Infinity, Math.log(0.6), Math.log(0.3)]);
    for (const temperature of [0.5, 1, 2]) {
      const weights = [0.1, 0, 0.6, 0.3].map((p) => p ** (1 / temperature));
      const all = weights.reduce((a, b) => a + b, 0);
      const counts = new Float64Array(4);
      for (let i = 0; i < 20000; i++) counts[drawLetter(logs, temperature, random.uniform())]++;
      weights.forEach((weight, a) => expect(counts[a] / 20000).toBeCloseTo(weight / all, 1));
      expect(counts[1]).toBe(0);
    }
  });

  it('never draws what has no share, even at the edges', () => {
    const logs = Float64Array.from([-Infinity, 0, -Infinity]);
    expect([0, 0.5, 1 - 2 ** -53].map((u) => drawLetter(logs, 1, u))).toEqual([1, 1, 1]);
  });
});
