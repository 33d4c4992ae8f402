import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DNA } from '../../src/core/alphabet.js';
import { InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { createProblem } from '../../src/design/problem.js';
import type { Problem, ProblemOptions } from '../../src/design/problem.js';
import {
  decodeLogits,
  softmaxRows,
  softmaxVjp,
  startLogits,
  startNoise,
} from '../../src/design/relaxation.js';
import { keepsConstraints, problemOptions } from './random-problem.js';

const open = createProblem({
  alphabet: DNA,
  measured: [Uint8Array.of(0, 1, 2)],
  reference: Uint8Array.of(0, 1, 2),
  designable: [0, 2],
  lettersAt: new Map([[2, 'ACG']]),
});
const BLOCKED = -Infinity;

function tryProblem(options: ProblemOptions): Problem | null {
  try {
    return createProblem(options);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

describe('start logits', () => {
  it('put the parent on top by a swap, and forbidden letters out of reach', () => {
    const noise = Float64Array.from([4, 3, 2, 1, 1, 2, 3, 4, 1, 2, 3, 4]);
    const theta = startLogits(open, Uint8Array.of(2, 1, 0), noise);
    expect([...theta]).toEqual([2, 3, 4, 1, BLOCKED, 2, BLOCKED, BLOCKED, 3, 2, 1, BLOCKED]);
  });

  it("take the wild type's letter where the parent's is forbidden", () => {
    const noise = Float64Array.from({ length: 12 }, (_, i) => i);
    const theta = startLogits(open, Uint8Array.of(0, 0, 3), noise);
    expect([...decodeLogits(open, theta, null)]).toEqual([0, 1, 2]);
  });

  it('are N(0, 0.01^2) noise', () => {
    const noise = startNoise(createRandom(3), 500, 20);
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const std = Math.sqrt(noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length);
    expect(Math.abs(mean)).toBeLessThan(4e-4);
    expect(std).toBeCloseTo(0.01, 3);
  });
});

describe('the straight-through gradient', () => {
  it('is the derivative of <g, softmax(theta)>, by central differences', () => {
    const random = createRandom('softmax');
    const theta = startLogits(
      open,
      Uint8Array.of(1, 1, 1),
      Float64Array.from({ length: 12 }, () => random.normal()),
    );
    const g = Float64Array.from({ length: 20 }, () => random.normal());
    const value = (t: Float64Array) => softmaxRows(open, t).reduce((sum, p, i) => sum + p * g[8 + i], 0);
    const gradient = softmaxVjp(open, softmaxRows(open, theta), g, 8);
    theta.forEach((logit, i) => {
      const at = (h: number) => value(theta.map((other, j) => (j === i ? logit + h : other)));
      const slope = logit === BLOCKED ? 0 : (at(1e-6) - at(-1e-6)) / 2e-6;
      expect(gradient[i]).toBeCloseTo(slope, 8);
    });
    expect([...gradient.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    expect(gradient[11]).toBe(0);
  });
});

describe('decoding', () => {
  it('keeps the mutations with the largest margins over the wild type', () => {
    const wild = Uint8Array.of(0, 0, 0, 0);
    const problem = createProblem({
      ...{ alphabet: DNA, measured: [wild], reference: wild, designable: [0, 1, 2, 3] },
      ...{ lettersAt: new Map([[3, 'CG']]), maxMutations: 2 },
    });
    const theta = Float64Array.from([0, 5, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 9, 0, 1, 0]);
    expect([...decodeLogits(problem, theta, wild)]).toEqual([1, 0, 0, 2]);
    expect([...decodeLogits(problem, theta, null)]).toEqual([1, 2, 0, 2]);
  });

  it('keeps every constraint whatever the logits are (10,000 random problems)', () => {
    let decoded = 0;
    fc.assert(
      fc.property(
        problemOptions(7),
        fc.integer(),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (options, seed, scale) => {
          const problem = tryProblem(options);
          if (problem === null) return;
          const random = createRandom(seed);
          for (const parent of options.measured.filter(problem.canStart)) {
            const start = startLogits(problem, parent, startNoise(random, problem.length, 4));
            // the second theta is any array at all, forbidden letters not even masked
            const wild = start.map(() => scale * random.normal());
            for (const theta of [start, wild]) {
              const sequence = decodeLogits(problem, theta, problem.budgetBase(parent));
              decoded++;
              expect(keepsConstraints(options, sequence, parent)).toBe(true);
              const why = problem.whyInfeasible(sequence, parent);
              expect(why === null || why === 'it was measured already').toBe(true);
            }
          }
        },
      ),
      { numRuns: 10_000, seed: 2 },
    );
    expect(decoded).toBeGreaterThan(20_000);
  });

  it('starts at the parent itself where that keeps the constraints', () => {
    fc.assert(
      fc.property(problemOptions(6), fc.integer(), (options, seed) => {
        const problem = tryProblem(options);
        if (problem === null) return;
        for (const parent of options.measured.filter((row) => keepsConstraints(options, row, row))) {
          const theta = startLogits(problem, parent, startNoise(createRandom(seed), problem.length, 4));
          expect([...decodeLogits(problem, theta, problem.budgetBase(parent))]).toEqual([...parent]);
        }
      }),
      { numRuns: 1000, seed: 3 },
    );
  });
});
