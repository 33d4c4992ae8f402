import { dot } from '../proxy/linear-algebra.js';

/** Adaptive-eta's constants. */
export interface AdaptiveEtaOptions {
  /** Step size on eta itself. Default 0.01. */
  step?: number;
  /** Smallest eta. Default 1e-4. */
  min?: number;
  /** Largest eta. Default 0.5. */
  max?: number;
}

/**
 * One step of Adaptive-eta: `eta <- clip(eta - 0.01 <g, u>, 1e-4, 0.5)`, ascent on the weak supervision f after the step
 * `theta - eta u`, whose slope in eta is `-<g, u>`. It needs nothing but the two vectors, so it works with any
 * gradient method. The result is the step size to use now; whether the next step goes on from it (`accumulate`) or from
 * the first eta (`restart`) is the caller's.
 * @param eta the step size to go on from
 * @param g gradient of f in theta
 * @param u the optimiser's direction
 */
export function adaptEta(
  eta: number,
  g: Float64Array,
  u: Float64Array,
  { step = 0.01, min = 1e-4, max = 0.5 }: AdaptiveEtaOptions = {},
): number {
  return Math.min(max, Math.max(min, eta - step * dot(g, u)));
}
