import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { lossGraph } from '../../../src/lm/training/loss-graph.js';
import { initialWeights } from '../../../src/lm/training/initialise.js';
import { clipGradients, globalNorm, learningRate } from '../../../src/lm/training/optimiser.js';
import { toyTask } from './toy.js';

describe('gradient clipping', () => {
  const arrays = fc.array(
    fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 20 }),
    {
      minLength: 1,
      maxLength: 5,
    },
  );

  it('scales all gradients alike to the limit, and leaves small ones as they are', () => {
    fc.assert(
      fc.property(arrays, fc.double({ min: 0.01, max: 100, noNaN: true }), (values, limit) => {
        const gradients = new Map(values.map((list, i) => [`g${i}`, Float32Array.from(list)]));
        const before = values.map((list) => Float32Array.from(list));
        const norm = Math.hypot(...values.flat());
        expect(clipGradients(gradients, limit)).toBeCloseTo(norm, 5);
        const factor = norm > limit ? limit / norm : 1;
        [...gradients.values()].forEach((gradient, i) =>
          gradient.forEach((x, j) => expect(x).toBeCloseTo(before[i][j] * factor, 4)),
        );
        expect(globalNorm(gradients)).toBeLessThanOrEqual(limit * (1 + 1e-5) + (norm > limit ? 0 : norm));
      }),
    );
  });
});

describe('the learning rate', () => {
  const [total, peak, warmup, floor] = [110, 2, 10, 0.05];
  const rate = (step: number) => learningRate(step, total, peak, warmup, floor);

  it('rises linearly to its peak, then falls along a cosine to a twentieth of it', () => {
    for (let step = 1; step <= warmup; step++) expect(rate(step)).toBeCloseTo((peak * step) / warmup, 12);
    expect(rate(60)).toBeCloseTo(peak * (floor + (1 - floor) / 2), 12);
    expect(rate(35)).toBeCloseTo(peak * (floor + ((1 - floor) * (1 + Math.SQRT1_2)) / 2), 12);
    expect(rate(total)).toBeCloseTo(peak * floor, 12);
    for (let step = warmup; step < total; step++) expect(rate(step + 1)).toBeLessThan(rate(step));
  });

  it('needs no warm-up', () => {
    expect(learningRate(1, 100, peak, 0)).toBeLessThanOrEqual(peak);
    expect(learningRate(1, 1, peak, 5)).toBeCloseTo(peak / 5, 12);
  });
});

describe('starting weights', () => {
  const spread = (data: Float32Array) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);

  it.each(['masked', 'causal'] as const)(
    'of %s models: norms at 1, biases at 0, matrices around 0.02',
    (objective) => {
      const { architecture } = toyTask({ objective });
      const { parameters } = lossGraph(architecture);
      const weights = initialWeights(parameters, createRandom('weights'));
      for (const { name, shape } of parameters) {
        const data = weights.get(name)!;
        if (name.endsWith('bias'))
          expect(
            data.every((x) => x === 0),
            name,
          ).toBe(true);
        else if (shape.length === 1)
          expect(
            data.every((x) => x === 1),
            name,
          ).toBe(true);
        else {
          // One layer has two projections into the residual stream.
          const expected = name.endsWith('c_proj.weight') ? 0.02 / Math.SQRT2 : 0.02;
          expect(Math.abs(spread(data) / expected - 1), name).toBeLessThan(4 / Math.sqrt(2 * data.length));
        }
      }
    },
  );
});
