import { dot } from '../proxy/linear-algebra.js';
import { adam } from './optimisers.js';
import type { AdamState } from './optimisers.js';

/** gamma, the weight of the forward loss, with the state of its Adam. */
export interface GammaState {
  gamma: number;
  adam: AdamState;
}

/** How Adaptive-gamma steps. */
export interface AdaptiveGammaOptions {
  /** Step size of the ascent. Default 0.1. */
  step?: number;
}

const optimiser = adam();

/** gamma before the first step. */
export function initGamma(gamma: number): GammaState {
  return { gamma, adam: optimiser.init(1) };
}

/**
 * `df/dgamma = -eta <g, grad L_f - grad L_b>` of the bi-level problem whose inner step is
 * `theta' = theta - eta (gamma grad L_f + (1 - gamma) grad L_b)` and whose outer objective is the weak supervision
 * f(theta'). Exact with `g = grad f(theta')` (`lookahead`), first order with `g = grad f(theta)` (`current`).
 */
export function gammaSlope(
  eta: number,
  g: Float64Array,
  forwardGradient: Float64Array,
  backwardGradient: Float64Array,
): number {
  return -eta * (dot(g, forwardGradient) - dot(g, backwardGradient));
}

/** One Adam ascent step on gamma, clipped to [0, 1]. The clip does not reach the Adam state. */
export function ascendGamma(
  state: GammaState,
  slope: number,
  { step = 0.1 }: AdaptiveGammaOptions = {},
): GammaState {
  const { direction, state: moments } = optimiser.update(Float64Array.of(-slope), state.adam);
  const gamma = Math.min(1, Math.max(0, state.gamma - step * direction[0]));
  return { gamma, adam: moments };
}
