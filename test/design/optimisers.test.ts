import { describe, expect, it } from 'vitest';
import { adaptEta } from '../../src/design/adaptive-eta.js';
import { ascendGamma, gammaSlope, initGamma } from '../../src/design/adaptive-gamma.js';
import { mixedGradient, mixedLoss } from '../../src/design/losses.js';
import { adam, sgd, start } from '../../src/design/optimisers.js';

describe('optimisers', () => {
  it('are pure: an update leaves gradient and state as they were', () => {
    const optimiser = adam();
    const state = optimiser.init(2);
    const gradient = Float64Array.of(1, -2);
    const first = optimiser.update(gradient, state);
    expect(optimiser.update(gradient, state)).toEqual(first);
    expect(state).toEqual(optimiser.init(2));
    expect([...gradient]).toEqual([1, -2]);
    const descent = sgd.update(gradient, null).direction;
    descent[0] = 9;
    expect(gradient[0]).toBe(1);
  });

  it("take Adam's first step of size one and leave entries without gradient alone", () => {
    const { direction } = adam().update(Float64Array.of(3, -0.02, 0), adam().init(3));
    expect(direction[0]).toBeCloseTo(1, 7);
    expect(direction[1]).toBeCloseTo(-1, 6);
    expect(direction[2]).toBe(0);
  });

  it('carry their state from step to step', () => {
    const second = start(adam(), 1).next(Float64Array.of(1)).next.next(Float64Array.of(-0.5)).direction[0];
    const m = (0.9 * 0.1 - 0.1 * 0.5) / (1 - 0.9 ** 2);
    const v = (0.999 * 0.001 + 0.001 * 0.25) / (1 - 0.999 ** 2);
    expect(second).toBeCloseTo(m / (Math.sqrt(v) + 1e-8), 12);
  });
});

describe('adaptive gamma', () => {
  it('has the slope of f after the inner step, by central differences on a quadratic f', () => {
    const [forward, backward] = [Float64Array.of(1, -2), Float64Array.of(0.5, 3)];
    const theta = [0.3, -0.1];
    const step = (gamma: number) => {
      const gradient = mixedGradient(gamma, forward, backward);
      return theta.map((value, i) => value - 0.1 * gradient[i]);
    };
    const f = ([a, b]: number[]) => a * a - 3 * a * b + b;
    const [a, b] = step(0.4);
    const slope = gammaSlope(0.1, Float64Array.of(2 * a - 3 * b, -3 * a + 1), forward, backward);
    expect(slope).toBeCloseTo((f(step(0.4 + 1e-6)) - f(step(0.4 - 1e-6))) / 2e-6, 8);
  });

  it('climbs, stays within [0, 1], and keeps an Adam state that the clip does not touch', () => {
    let state = initGamma(0.95);
    for (let i = 0; i < 3; i++) state = ascendGamma(state, 2);
    expect(state.gamma).toBe(1);
    const free = [2, 2, 2].reduce(
      (moments, slope) => adam().update(Float64Array.of(-slope), moments).state,
      adam().init(1),
    );
    expect(state.adam).toEqual(free);
    for (let i = 0; i < 40; i++) state = ascendGamma(state, -2);
    expect(state.gamma).toBe(0);
  });
});

describe('adaptive eta', () => {
  it('falls where the step would lower f, rises where it would raise it, and stays within its bounds', () => {
    const u = Float64Array.of(1, -1);
    expect(adaptEta(0.1, Float64Array.of(2, 0), u)).toBeCloseTo(0.08, 15);
    expect(adaptEta(0.1, Float64Array.of(0, 3), u)).toBeCloseTo(0.13, 15);
    expect(adaptEta(0.1, Float64Array.of(1e3, 0), u)).toBe(1e-4);
    expect(adaptEta(0.1, Float64Array.of(-1e3, 0), u)).toBe(0.5);
  });
});

it('mixes losses and gradients alike', () => {
  expect(mixedLoss(0.25, 8, 4)).toBe(5);
  expect([...mixedGradient(0.25, Float64Array.of(8, 0), Float64Array.of(4, 4))]).toEqual([5, 3]);
});
