import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import {
  bootstrapInterval,
  mean,
  meanInterval,
  normalQuantile,
  pairedBootstrap,
  pairedDifference,
  studentTCdf,
  studentTQuantile,
  wilsonInterval,
} from '../../src/stats/index.js';

/** df, p, quantile: computed by @stdlib/stats-base-dists-t-quantile 0.2.3. */
const quantiles = [
  [1, 0.6, 0.32491969623290623],
  [1, 0.9995, 636.6192487687897],
  [3, 0.9, 1.6377443536962097],
  [3, 0.9995, 12.923978636687963],
  [7, 0.6, 0.26316686135202266],
  [7, 0.975, 2.3646242515927858],
  [19, 0.975, 2.0930240544083096],
  [19, 0.9995, 3.8834058525921313],
  [1000, 0.975, 1.9623390808264078],
] as const;

describe("Student's t", () => {
  it.each(quantiles)('df %d, p %d', (df, p, expected) => {
    expect(Math.abs(studentTQuantile(p, df) / expected - 1)).toBeLessThan(1e-11);
    expect(studentTQuantile(1 - p, df)).toBeCloseTo(-expected, 8);
  });

  it('has closed forms for 1 and 2 degrees of freedom', () => {
    for (const p of [0.01, 0.2, 0.5, 0.7, 0.975, 0.999]) {
      expect(studentTQuantile(p, 1)).toBeCloseTo(Math.tan(Math.PI * (p - 0.5)), 9);
      expect(studentTQuantile(p, 2)).toBeCloseTo((2 * p - 1) / Math.sqrt(2 * p * (1 - p)), 10);
    }
  });

  it('is the integral of its density', () => {
    for (const df of [3, 5.5, 30]) {
      const kernel = (t: number) => (1 + (t * t) / df) ** (-(df + 1) / 2);
      const simpson = (from: number, to: number, n = 20_000) => {
        const h = (to - from) / n;
        let sum = kernel(from) + kernel(to);
        for (let i = 1; i < n; i++) sum += (i % 2 ? 4 : 2) * kernel(from + i * h);
        return (sum * h) / 3;
      };
      // a ratio of two integrals, so that the density's constant is not needed; both start at the centre
      const ratio = simpson(0, 1.3) / simpson(0, 0.4);
      const ours = (studentTCdf(1.3, df) - 0.5) / (studentTCdf(0.4, df) - 0.5);
      expect(ours).toBeCloseTo(ratio, 11);
    }
  });
});

describe('normal', () => {
  it('is the limit of Student, and symmetric', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 13);
    expect(normalQuantile(0.5)).toBeCloseTo(0, 15);
    for (const p of [0.001, 0.1, 0.6, 0.9999]) {
      expect(normalQuantile(p)).toBeCloseTo(-normalQuantile(1 - p), 10);
      expect(normalQuantile(p)).toBeCloseTo(studentTQuantile(p, 1e8), 6);
    }
  });
});

describe('intervals', () => {
  const random = createRandom('intervals');

  it('the t interval covers the true mean as often as it says', () => {
    const runs = 4000;
    let covered = 0;
    for (let r = 0; r < runs; r++) {
      const { low, high } = meanInterval(Array.from({ length: 8 }, () => 3 + 2 * random.normal()));
      if (low <= 3 && 3 <= high) covered++;
    }
    const { low, high } = wilsonInterval(covered, runs, 0.999);
    expect(low).toBeLessThan(0.95);
    expect(high).toBeGreaterThan(0.95);
  });

  it('one value has an unbounded interval', () => {
    expect(meanInterval([2])).toMatchObject({ mean: 2, low: -Infinity, high: Infinity, n: 1 });
  });

  it('pairs cancel what they share', () => {
    const plate = Array.from({ length: 20 }, () => 10 * random.normal());
    const a = plate.map((value) => value + 1 + 0.1 * random.normal());
    const estimate = pairedDifference(a, plate);
    expect(estimate.low).toBeGreaterThan(0.9);
    expect(estimate.high).toBeLessThan(1.1);
    expect(estimate.mean).toBeCloseTo(mean(a) - mean(plate), 12);
  });

  it('the bootstrap of many values agrees with the t interval, and is the same for the same seed', () => {
    const values = Array.from({ length: 400 }, () => random.normal());
    const boot = (seed: number) => bootstrapInterval(values, { random: createRandom(seed), resamples: 2000 });
    const { low, high } = meanInterval(values);
    expect(boot(1)).toEqual(boot(1));
    expect(boot(1)).not.toEqual(boot(2));
    expect(boot(1).low).toBeCloseTo(low, 1.5);
    expect(boot(1).high).toBeCloseTo(high, 1.5);
  });

  it('the bootstrap of two values is known exactly', () => {
    // means 0, 0.5, 1 with chances 1/4, 1/2, 1/4
    const at = (confidence: number) => bootstrapInterval([0, 1], { random: createRandom(0), confidence });
    expect(at(0.95)).toEqual({ low: 0, high: 1 });
    expect(at(0.3)).toEqual({ low: 0.5, high: 0.5 });
    expect(pairedBootstrap([1, 2], [1, 1], { random: createRandom(0) })).toEqual({ low: 0, high: 1 });
  });

  it('Wilson: the bounds lie z standard errors of their own from the share', () => {
    const z = 1.959963984540054;
    for (const [k, n] of [
      [0, 10],
      [3, 10],
      [10, 10],
      [160, 200],
    ]) {
      const { low, high } = wilsonInterval(k, n);
      for (const p of [low, high]) {
        const distance = z * Math.sqrt((p * (1 - p)) / n);
        expect(Math.min(Math.abs(Math.abs(k / n - p) - distance), Math.abs(k / n - p))).toBeLessThan(1e-9);
      }
      expect(low).toBeLessThan(high);
    }
  });
});
