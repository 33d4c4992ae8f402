import type { NoiseSchedule } from './schedule.js';
import { stepsOf } from './schedule.js';

/**
 * The noise `eps(z, i)` that a model sees in states of index i. It must be a function of its arguments alone, to the last
 * bit: exact inversion asks it again.
 * @param z states, any number of them one after the other
 * @returns as many numbers
 */
export type NoisePredictor = (z: Float64Array, index: number) => Float64Array | Promise<Float64Array>;

/**
 * `D(i -> j) = alpha_j (z - sigma_i eps) / alpha_i + sigma_j eps`: the deterministic step of DDIM (Song et al., ICLR
 * 2021), down to less noise or up to more.
 */
export function ddimStep(
  { alpha, sigma }: NoiseSchedule,
  z: Float64Array,
  eps: Float64Array,
  from: number,
  to: number,
): Float64Array {
  const out = new Float64Array(z.length);
  for (let k = 0; k < z.length; k++)
    out[k] = (alpha[to] * (z[k] - sigma[from] * eps[k])) / alpha[from] + sigma[to] * eps[k];
  return out;
}

/**
 * Samples by DDIM from a state of index `from` (default N) down to 0.
 * @returns states by index, 0 to `from`
 */
export async function ddimSample(
  predict: NoisePredictor,
  schedule: NoiseSchedule,
  start: Float64Array,
  from = stepsOf(schedule),
): Promise<Float64Array[]> {
  const states: Float64Array[] = [];
  states[from] = start;
  for (let i = from; i > 0; i--)
    states[i - 1] = ddimStep(schedule, states[i], await predict(states[i], i), i, i - 1);
  return states;
}

/**
 * DDIM's usual inversion, from data up to index `upTo` (default N). It takes the noise at i where the way back takes it
 * at i + 1, so the way back does not quite return.
 * @returns states by index, 0 to `upTo`
 */
export async function ddimInvert(
  predict: NoisePredictor,
  schedule: NoiseSchedule,
  data: Float64Array,
  upTo = stepsOf(schedule),
): Promise<Float64Array[]> {
  const states = [data];
  for (let i = 0; i < upTo; i++)
    states.push(ddimStep(schedule, states[i], await predict(states[i], i), i, i + 1));
  return states;
}
