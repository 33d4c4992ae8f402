import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { bdiaInvert, bdiaRegenerate, bdiaSample, pairAt, SMALLEST_G } from '../../src/diffusion/bdia.js';
import { ddimInvert, ddimSample, ddimStep, type NoisePredictor } from '../../src/diffusion/ddim.js';
import { cosineSchedule, stepsOf } from '../../src/diffusion/schedule.js';
import { readFixture } from '../helpers/fixtures.js';

interface Case {
  gamma: number;
  trajectory_from_noise: number[][][];
  max_abs_trajectory: number;
  inversion_of_pair_0_1?: number[][][];
  max_error_of_inversion?: number;
  lead_inversion?: number[][][];
  max_error_regenerating_lead_from_pair?: number;
  max_error_regenerating_lead_from_z_N_alone?: number;
  lead_ddim_inversion?: number[][][];
  max_error_regenerating_lead_with_ddim?: number;
}

interface Fixture {
  steps: number;
  D: number;
  W1: number[][];
  b1: number[];
  W2: number[][];
  b2: number[];
  alpha: number[];
  sigma: number[];
  z_N: number[][];
  lead_z_0: number[][];
  cases: Case[];
}

const fixture = readFixture<Fixture>('bdia/bdia_ddim.json');
const flat = (rows: number[][]) => Float64Array.from(rows.flat());
const maxError = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, k) => Math.max(most, Math.abs(value - b[k])), 0);

describe.skipIf(fixture === null)('the stored trajectories', () => {
  const { steps, D, W1, b1, W2, b2, alpha, sigma, z_N, lead_z_0, cases } = fixture!;
  const schedule = { alpha: Float64Array.from(alpha), sigma: Float64Array.from(sigma) };
  const predict: NoisePredictor = (z, i) => {
    const out = new Float64Array(z.length);
    for (let b = 0; b < z.length; b += D) {
      const input = [...z.subarray(b, b + D), i / steps];
      const hidden = b1.map((bias, h) => Math.tanh(input.reduce((sum, x, k) => sum + x * W1[k][h], bias)));
      b2.forEach((bias, d) => (out[b + d] = hidden.reduce((sum, x, h) => sum + x * W2[h][d], bias)));
    }
    return out;
  };
  const compare = (states: readonly Float64Array[], stored: number[][][], scale: number) =>
    stored.forEach((state, i) => expect(maxError(states[i], flat(state))).toBeLessThan(1e-9 * scale));

  it.each(cases)('from noise with g = $gamma', async (stored) => {
    const states = await bdiaSample(predict, schedule, flat(z_N), stored.gamma);
    compare(states, stored.trajectory_from_noise, stored.max_abs_trajectory);
  });

  it('DDIM is g = 0', async () => {
    const stored = cases.find(({ gamma }) => gamma === 0)!;
    compare(
      await ddimSample(predict, schedule, flat(z_N)),
      stored.trajectory_from_noise,
      stored.max_abs_trajectory,
    );
  });

  it.each(cases.filter(({ gamma }) => gamma > 0))(
    'from the pair (z_0, z_1) with g = $gamma',
    async (stored) => {
      const [first, second] = stored.trajectory_from_noise.map(flat);
      const states = await bdiaInvert(predict, schedule, first, { g: stored.gamma, second });
      const error = Math.max(
        ...states.map((state, i) => maxError(state, flat(stored.trajectory_from_noise[i]))),
      );
      // what torch reaches, with room for another order of summation
      expect(error).toBeLessThan(20 * stored.max_error_of_inversion!);
      [2, 20, 39, 40].forEach((i, k) =>
        expect(maxError(states[i], flat(stored.inversion_of_pair_0_1![k]))).toBeLessThan(
          1e-9 * stored.max_abs_trajectory,
        ),
      );
    },
  );

  it.each(cases.filter(({ gamma }) => gamma > 0))(
    'a lead up and down again with g = $gamma: exactly from the pair, not from z_N alone',
    async (stored) => {
      const lead = flat(lead_z_0);
      const states = await bdiaInvert(predict, schedule, lead, { g: stored.gamma });
      compare(states, stored.lead_inversion!, stored.max_abs_trajectory);
      const again = await bdiaRegenerate(predict, schedule, pairAt(states, steps), stored.gamma);
      expect(maxError(again[0], lead)).toBeLessThan(1e-10);
      const alone = await bdiaSample(predict, schedule, states[steps], stored.gamma);
      const error = maxError(alone[0], lead);
      expect(error / stored.max_error_regenerating_lead_from_z_N_alone!).toBeCloseTo(1, 3);
    },
  );

  it('the same lead by DDIM, which does not return', async () => {
    const stored = cases.find(({ gamma }) => gamma === 0)!;
    const states = await ddimInvert(predict, schedule, flat(lead_z_0));
    compare(states, stored.lead_ddim_inversion!, stored.max_abs_trajectory);
    const again = await ddimSample(predict, schedule, states[steps]);
    expect(maxError(again[0], flat(lead_z_0))).toBeCloseTo(stored.max_error_regenerating_lead_with_ddim!, 6);
  });
});

/** A smooth random network, the same at every index but for a shift. */
function randomPredictor(seed: number, D: number): NoisePredictor {
  const random = createRandom(seed);
  const W = Float64Array.from({ length: D * D }, () => random.normal() / Math.sqrt(D));
  return (z, i) => {
    const out = new Float64Array(z.length);
    for (let k = 0; k < z.length; k++) {
      const row = k - (k % D);
      let sum = 0.1 * i;
      for (let j = 0; j < D; j++) sum += W[(k % D) * D + j] * z[row + j];
      out[k] = Math.tanh(sum);
    }
    return out;
  };
}

describe('any model', () => {
  it('is inverted exactly from any pair on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 2, max: 40 }),
        fc.double({ min: SMALLEST_G, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (seed, D, steps, g, share) => {
          const schedule = cosineSchedule(steps);
          const predict = randomPredictor(seed, D);
          const random = createRandom(`lead ${seed}`);
          const lead = Float64Array.from({ length: 2 * D }, () => random.normal());
          const states = await bdiaInvert(predict, schedule, lead, { g });
          const index = 1 + Math.round(share * (steps - 1));
          const again = await bdiaRegenerate(predict, schedule, pairAt(states, index), g);
          const size = Math.max(...states.map((state) => maxError(state, new Float64Array(state.length))));
          expect(maxError(again[0], lead)).toBeLessThan(1e-9 * size);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('with g = 0 samples as DDIM does, bit for bit', async () => {
    const schedule = cosineSchedule(12);
    const predict = randomPredictor(3, 4);
    const noise = Float64Array.from({ length: 8 }, (_, k) => Math.cos(k));
    const [a, b] = [
      await bdiaSample(predict, schedule, noise, 0),
      await ddimSample(predict, schedule, noise),
    ];
    a.forEach((state, i) => expect(maxError(state, b[i])).toBeLessThan(1e-15));
  });

  it('steps back and forth where the noise is the same', () => {
    const schedule = cosineSchedule(10);
    const [z, eps] = [Float64Array.of(0.3, -2), Float64Array.of(1, 0.5)];
    const there = ddimStep(schedule, z, eps, 2, 9);
    expect(maxError(ddimStep(schedule, there, eps, 9, 2), z)).toBeLessThan(1e-13);
  });
});

describe('the schedule', () => {
  it('keeps variance, and goes from little noise to little signal', () => {
    const { alpha, sigma } = cosineSchedule(40);
    expect(stepsOf({ alpha, sigma })).toBe(40);
    alpha.forEach((a, i) => expect(a * a + sigma[i] * sigma[i]).toBeCloseTo(1, 14));
    expect([sigma[0], alpha[40]].map((value) => Number(value.toFixed(12)))).toEqual([0.01, 0.01]);
    for (let i = 1; i <= 40; i++) expect(sigma[i]).toBeGreaterThan(sigma[i - 1]);
  });

  it.each([1, 2.5, Number.NaN])('cannot have %s steps', (steps) => {
    expect(() => cosineSchedule(steps)).toThrow('internal');
  });
});
