import { internal } from '../core/errors.js';

/**
 * How much signal and noise a state holds: `z_i = alpha_i x + sigma_i eps`, i = 0 (data) to N (noise). Both arrays have
 * N + 1 entries; alpha falls, sigma rises, and none is 0.
 */
export interface NoiseSchedule {
  readonly alpha: Float64Array;
  readonly sigma: Float64Array;
}

/** Noise of the cleanest state: 0 would make the step from data to noise undefined. */
const SIGMA_MIN = 0.01;

/** N, the number of steps. */
export function stepsOf({ alpha }: NoiseSchedule): number {
  return alpha.length - 1;
}

/**
 * The cosine schedule (Nichol and Dhariwal, ICML 2021) between two small ends: `alpha = cos t`, `sigma = sin t`, with t
 * in N equal steps from `asin(0.01)` to `acos(0.01)`.
 * @param steps N, at least 2
 */
export function cosineSchedule(steps: number): NoiseSchedule {
  if (!Number.isInteger(steps) || steps < 2) throw internal(`a schedule of ${steps} steps`);
  const [low, high] = noiseAngles();
  const angles = Float64Array.from({ length: steps + 1 }, (_, i) => low + ((high - low) * i) / steps);
  return { alpha: angles.map(Math.cos), sigma: angles.map(Math.sin) };
}

/** The smallest and the largest `atan2(sigma, alpha)` that networks are trained on, in radians. */
export function noiseAngles(): [low: number, high: number] {
  return [Math.asin(SIGMA_MIN), Math.acos(SIGMA_MIN)];
}
