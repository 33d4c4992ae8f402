import { internal } from '../core/errors.js';
import { ddimStep, type NoisePredictor } from './ddim.js';
import { type NoiseSchedule, stepsOf } from './schedule.js';

/** Two neighbouring states, `z_n` and `z_{n-1}`: what BDIA starts from. One of them alone loses exactness. */
export interface StatePair {
  /** n, at least 1. */
  readonly index: number;
  /** z_n */
  readonly state: Float64Array;
  /** z_{n-1} */
  readonly previous: Float64Array;
}

/** The smallest g that keeps 40 steps exact in float64: errors grow by up to 1/g a step. */
export const SMALLEST_G = 0.92;

/** The pair of index n among states by index. */
export function pairAt(states: readonly Float64Array[], index: number): StatePair {
  if (index < 1 || index >= states.length) throw internal(`no pair of states at index ${index}`);
  return { index, state: states[index], previous: states[index - 1] };
}

/**
 * Goes down from a pair to data by bidirectional integration approximation (BDIA; Zhang, Lewis and Kleijn, arXiv
 * 2307.10829): `z_{i-1} = g z_{i+1} - g D(i -> i+1) + D(i -> i-1)`.
 * @param g 0 (DDIM) to 1
 * @returns states by index, 0 to n
 */
export async function bdiaRegenerate(
  predict: NoisePredictor,
  schedule: NoiseSchedule,
  { index, state, previous }: StatePair,
  g = 1,
): Promise<Float64Array[]> {
  const states: Float64Array[] = [];
  states[index] = state;
  states[index - 1] = previous;
  for (let i = index - 1; i > 0; i--) {
    const { up, down } = await bothSteps(predict, schedule, states[i], i);
    const above = states[i + 1];
    states[i - 1] = down.map((value, k) => g * above[k] - g * up[k] + value);
  }
  return states;
}

/** Samples from noise, index N: the first step is DDIM's. See {@link bdiaRegenerate}. */
export async function bdiaSample(
  predict: NoisePredictor,
  schedule: NoiseSchedule,
  noise: Float64Array,
  g = 1,
): Promise<Float64Array[]> {
  const N = stepsOf(schedule);
  const previous = ddimStep(schedule, noise, await predict(noise, N), N, N - 1);
  return bdiaRegenerate(predict, schedule, { index: N, state: noise, previous }, g);
}

/** Options of {@link bdiaInvert}. */
export interface InversionOptions {
  /** Above 0 and at most 1; default 1. At least {@link SMALLEST_G} to stay exact. */
  g?: number;
  /** The last index; default N. */
  upTo?: number;
  /** z_1 where it is known; default `D(0 -> 1)`. */
  second?: Float64Array;
}

/**
 * Goes up from data exactly: `z_{i+1} = (z_{i-1} - D(i -> i-1)) / g + D(i -> i+1)`, the sampler's own equation solved for
 * the other end. {@link bdiaRegenerate} from any pair of the result, with the same predictor and g, gives the data back
 * to rounding.
 * @returns states by index, 0 to `upTo`
 */
export async function bdiaInvert(
  predict: NoisePredictor,
  schedule: NoiseSchedule,
  data: Float64Array,
  { g = 1, upTo = stepsOf(schedule), second }: InversionOptions = {},
): Promise<Float64Array[]> {
  if (!(g > 0 && g <= 1)) throw internal(`BDIA cannot be inverted with g = ${g}`);
  const states = [data];
  if (upTo > 0) states.push(second ?? ddimStep(schedule, data, await predict(data, 0), 0, 1));
  for (let i = 1; i < upTo; i++) {
    const { up, down } = await bothSteps(predict, schedule, states[i], i);
    const below = states[i - 1];
    states.push(up.map((value, k) => (below[k] - down[k]) / g + value));
  }
  return states;
}

async function bothSteps(predict: NoisePredictor, schedule: NoiseSchedule, z: Float64Array, i: number) {
  const eps = await predict(z, i);
  return { up: ddimStep(schedule, z, eps, i, i + 1), down: ddimStep(schedule, z, eps, i, i - 1) };
}
