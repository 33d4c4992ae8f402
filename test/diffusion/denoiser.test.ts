import { beforeAll, describe, expect, it } from 'vitest';
import { DNA, encode, type Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { createDenoiser, type Denoiser } from '../../src/diffusion/denoiser.js';
import { createEditor, indexOfBack, leadStates } from '../../src/diffusion/editor.js';
import { logitsOf, relax } from '../../src/diffusion/encoding.js';
import { cosineSchedule } from '../../src/diffusion/schedule.js';
import { scoreFeatures, scoreScale } from '../../src/diffusion/score-condition.js';
import {
  type DenoisingData,
  type DenoisingState,
  type TrainedDenoiser,
  trainDenoiser,
} from '../../src/diffusion/training.js';

/** All DNA 3-mers between two fixed letters; the score is the number of G, so the letters depend on it and on one another. */
const sequences = Array.from({ length: 64 }, (_, k) => Uint8Array.of(0, k >> 4, (k >> 2) & 3, k & 3, 1));
const isG = (sequence: Sequence) => sequence.slice(1, 4).filter((code) => code === 2).length;
const data: DenoisingData = {
  alphabet: DNA,
  positions: [1, 2, 3],
  sequences,
  scores: sequences.map(isG),
};
const options = { hidden: 24, blocks: 1, steps: 700, batch: 64, learningRate: 5e-3, heldOut: 0, every: 100 };
const schedule = cosineSchedule(40);
const D = 12;

/** Letter probabilities that a noise stands for. */
function letters(z: Float64Array, eps: Float64Array, index: number): Float64Array {
  return eps.map((e, k) => ((z[k] - schedule.sigma[index] * e) / schedule.alpha[index] + 1) / 2);
}

/** The exact posterior of the letters, by all sequences with that score. */
function posterior(z: Float64Array, index: number, score: number | null): Float64Array {
  const { alpha, sigma } = schedule;
  const p = new Float64Array(D);
  for (const sequence of sequences) {
    if (score !== null && isG(sequence) !== score) continue;
    const x = relax({ positions: [1, 2, 3], letters: 4 }, [sequence]);
    const square = x.reduce((sum, value, k) => sum + (z[k] - alpha[index] * value) ** 2, 0);
    const weight = Math.exp(-square / (2 * sigma[index] ** 2));
    x.forEach((value, k) => (p[k] += value > 0 ? weight : 0));
  }
  const total = p[0] + p[1] + p[2] + p[3];
  return p.map((value) => value / total);
}

let trained: TrainedDenoiser;
let denoiser: Denoiser;
beforeAll(async () => {
  trained = await trainDenoiser(data, options, createRandom(1));
  denoiser = await createDenoiser(trained);
});

const noisy = (sequence: Sequence, index: number, seed: string) => {
  const random = createRandom(seed);
  const x = relax(denoiser.shape, [sequence]);
  return x.map((value) => schedule.alpha[index] * value + schedule.sigma[index] * random.normal());
};

describe('the denoiser', () => {
  it('before training is the exact denoiser of independent uniform letters', async () => {
    const start = await createDenoiser(
      await trainDenoiser(data, { ...options, steps: 1, learningRate: 1e-12 }, createRandom(2)),
    );
    for (const index of [3, 20, 38]) {
      const z = noisy(sequences[27], index, `${index}`);
      const p = letters(z, await start.predictor(schedule, [Number.NaN])(z, index), index);
      // all 64 sequences are independent uniform letters
      posterior(z, index, null).forEach((value, k) => expect(p[k]).toBeCloseTo(value, 6));
    }
    await start.release();
  });

  it('learns the posterior of the letters given the score', async () => {
    for (const index of [10, 25, 38]) {
      for (const score of [0, 1, 2, 3]) {
        // a sequence of that score: what contradicts its score was never seen
        const sequence = sequences.filter((row) => isG(row) === score)[score];
        const z = noisy(sequence ?? sequences[42], index, `${index} ${score}`);
        const p = letters(z, await denoiser.predictor(schedule, [score])(z, index), index);
        posterior(z, index, score).forEach((value, k) => expect(Math.abs(p[k] - value)).toBeLessThan(0.15));
      }
    }
  });

  it('does not know the score where none is asked for', async () => {
    const z = noisy(sequences[5], 36, 'any');
    const p = letters(z, await denoiser.predictor(schedule, [Number.NaN])(z, 36), 36);
    posterior(z, 36, null).forEach((value, k) => expect(Math.abs(p[k] - value)).toBeLessThan(0.15));
  });

  it('guides between probabilities: p ~ p_any (p_score / p_any)^w', async () => {
    const z = noisy(sequences[9], 30, 'guided');
    const at = async (score: number, w: number) =>
      letters(z, await denoiser.predictor(schedule, [score], w)(z, 30), 30);
    const [any, plain, strong, none] = [
      await at(Number.NaN, 1),
      await at(3, 1),
      await at(3, 2.5),
      await at(3, 0),
    ];
    none.forEach((value, k) => expect(value).toBeCloseTo(any[k], 12));
    const raw = any.map((value, k) => value * (plain[k] / value) ** 2.5);
    for (let row = 0; row < D; row += 4) {
      const sum = raw.slice(row, row + 4).reduce((a, b) => a + b, 0);
      for (let k = row; k < row + 4; k++) expect(strong[k]).toBeCloseTo(raw[k] / sum, 8);
    }
  });

  it('gives a row the same bits in any company', async () => {
    const rows = sequences.slice(0, 70).map((sequence, i) => noisy(sequence, 20, `row ${i}`));
    const together = Float64Array.from(rows.flatMap((row) => [...row]));
    const scores = rows.map((_, i) => i % 4);
    const all = await denoiser.predictor(schedule, scores, 2)(together, 20);
    for (const i of [0, 13, 63]) {
      const alone = await denoiser.predictor(schedule, [scores[i]], 2)(rows[i], 20);
      expect(all.slice(i * D, (i + 1) * D)).toEqual(alone);
    }
  });
});

describe('an editor', () => {
  const lead = encode(DNA, 'ACTAC');

  it('brings a lead back exactly at its own score by BDIA, not by DDIM', async () => {
    const errors: number[] = [];
    for (const sampler of ['bdia', 'ddim'] as const) {
      const editor = createEditor(denoiser, { sampler, g: 0.95 });
      const states = leadStates(denoiser, editor.schedule, lead, 8, createRandom('draws'));
      const own = new Float64Array(8).fill(0);
      const up = await editor.invert(states, own);
      const again = await editor.regenerate(up, 40, own);
      errors.push(states.reduce((most, value, k) => Math.max(most, Math.abs(value - again[k])), 0));
    }
    expect(errors[0]).toBeLessThan(1e-9);
    expect(errors[1]).toBeGreaterThan(1e-4);
  });

  it('reaches the score that is asked for, the more so the further back it goes', async () => {
    const editor = createEditor(denoiser);
    const states = leadStates(denoiser, editor.schedule, lead, 32, createRandom('draws'));
    const up = await editor.invert(states, new Float64Array(32).fill(0));
    const reached: number[] = [];
    for (const back of [0.1, 0.5, 1]) {
      const z = await editor.regenerate(up, indexOfBack(back, 40), new Float64Array(32).fill(3));
      let sum = 0;
      for (let b = 0; b < 32; b++) {
        const theta = logitsOf(denoiser.shape, z, b * D, 5);
        for (const i of [1, 2, 3]) {
          const row = [...theta.slice(4 * i, 4 * i + 4)];
          sum += row.indexOf(Math.max(...row)) === 2 ? 1 : 0;
        }
      }
      reached.push(sum / 32);
    }
    expect(reached[0]).toBeLessThan(0.2);
    expect(reached[1]).toBeGreaterThan(reached[0]);
    expect(reached[2]).toBeGreaterThan(2.4);
  });
});

describe('training', () => {
  const bits = ({ weights }: { weights: ReadonlyMap<string, Float32Array> }) =>
    [...weights].map(([name, weight]) => [name, [...weight]]);
  const short = { ...options, steps: 30, every: 10, heldOut: 0.2 };

  it('gives the same weights for the same seed, others for another', async () => {
    const [a, b, c] = [
      await trainDenoiser(data, short, createRandom(5)),
      await trainDenoiser(data, short, createRandom(5)),
      await trainDenoiser(data, short, createRandom(6)),
    ];
    expect(bits(a)).toEqual(bits(b));
    expect(bits(a)).not.toEqual(bits(c));
  });

  it('goes on from a checkpoint to the same weights', async () => {
    const checkpoints: DenoisingState[] = [];
    const copy = (arrays: DenoisingState['weights']) => new Map([...arrays].map(([k, v]) => [k, v.slice()]));
    const whole = await trainDenoiser(data, short, createRandom(5), {
      onCheckpoint: (state) =>
        checkpoints.push({ ...state, weights: copy(state.weights), moments: copy(state.moments) }),
    });
    expect(checkpoints.map(({ step }) => step)).toEqual([10, 20, 30]);
    const resumed = await trainDenoiser(data, short, createRandom(5), { resume: checkpoints[0] });
    expect(bits(resumed)).toEqual(bits(whole));
    expect(resumed.heldOutLoss).toBe(whole.heldOutLoss);
  });

  it('keeps the step that denoises held-out rows best, and says how well', async () => {
    const losses: (number | undefined)[] = [];
    const result = await trainDenoiser(data, { ...short, steps: 60 }, createRandom(5), {
      onCheckpoint: ({ best }) => losses.push(best?.loss),
    });
    expect(result.heldOutLoss).toBe(losses.at(-1));
    expect(result.heldOutLoss!).toBeLessThan(result.untrainedLoss!);
    for (let i = 1; i < losses.length; i++) expect(losses[i]!).toBeLessThanOrEqual(losses[i - 1]!);
  });

  it('learns a family without scores, which cannot be steered', async () => {
    const family = await createDenoiser(
      await trainDenoiser({ ...data, scores: null }, short, createRandom(1)),
    );
    expect(family.steerable).toBe(false);
    const z = noisy(sequences[5], 30, 'family');
    expect(await family.predictor(schedule, [Number.NaN])(z, 30)).toHaveLength(D);
    expect(() => family.predictor(schedule, [1])).toThrow('trained without scores');
    await family.release();
  });

  it('can be cancelled', async () => {
    const controller = new AbortController();
    await expect(
      trainDenoiser(data, short, createRandom(1), {
        signal: controller.signal,
        onProgress: (step) => step === 3 && controller.abort(),
      }),
    ).rejects.toThrow('cancelled');
  });

  it.each([
    [{ positions: [] }, {}, 'nothing to learn from'],
    [{ positions: [7] }, {}, 'sequence 1 has no position 8'],
    [{ scores: [1, 2] }, {}, 'sequences and scores differ in number; expected 64 scores, got 2'],
    [{ scores: new Float64Array(64) }, {}, 'the scores say nothing'],
    [{}, { steps: 0 }, 'training option steps is wrong'],
    [{}, { scoreDropout: 2 }, 'training option scoreDropout is wrong'],
  ])('refuses case %#', async (wrongData, wrongOptions, message) => {
    await expect(
      trainDenoiser({ ...data, ...wrongData }, { ...short, ...wrongOptions }, createRandom(1)),
    ).rejects.toThrow(message);
  });
});

describe('a score as input', () => {
  it('is standardised, and ranked between the measured ones', () => {
    const scale = scoreScale(Array.from({ length: 129 }, (_, k) => k));
    expect(scoreFeatures(scale, 64)).toEqual([0, 0, 1]);
    expect(scoreFeatures(scale, 33)[1]).toBeCloseTo(33 / 64 - 1, 12);
    expect(scoreFeatures(scale, -5)[1]).toBe(-1);
    expect(scoreFeatures(scale, 1000)[1]).toBe(1);
    expect(scoreFeatures(scale, 1000)[0]).toBeCloseTo((1000 - 64) / scale.std, 12);
    expect(scoreFeatures(scale, Number.NaN)).toEqual([0, 0, 0]);
  });

  it('of a crowded scale keeps its order', () => {
    const scale = scoreScale([...new Array<number>(200).fill(0), 0.1, 0.5, 1, 4]);
    const ranks = [-1, 0, 0.3, 2, 4, 9].map((score) => scoreFeatures(scale, score)[1]);
    for (let i = 1; i < ranks.length; i++) expect(ranks[i]).toBeGreaterThanOrEqual(ranks[i - 1]);
    expect(ranks.at(-1)).toBe(1);
  });
});
