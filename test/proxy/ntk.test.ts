import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNtk } from '../../src/proxy/ntk.js';
import { readFixture } from '../helpers/fixtures.js';

interface Case {
  inputs: string;
  hidden_relu_layers: number;
  W_std: number;
  b_std: number | null;
  nngp_12: number[][];
  ntk_12: number[][];
  nngp_11: number[][];
  ntk_11: number[][];
}

interface Fixture {
  inputs: Record<string, { X1: number[][]; X2: number[][] }>;
  cases: Case[];
}

const fixture = readFixture<Fixture>('ntk/relu_mlp.json');
const flat = (rows: number[][]) => Float64Array.from(rows.flat());
const optionsOf = (c: Case) => ({
  hiddenLayers: c.hidden_relu_layers,
  weightStd: c.W_std,
  biasStd: c.b_std ?? 0,
});

/** Largest error relative to the reference's entry, or to its largest entry where that is 0. */
function relativeError(values: Float64Array, reference: number[][]): number {
  const expected = flat(reference);
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(
    ...values.map((value, i) => Math.abs(value - expected[i]) / (Math.abs(expected[i]) || largest)),
  );
}

/**
 * The reference between X1 and X2 with identical inputs taken from within X1. There the package's own rounding makes
 * the cosine 1 - 2e-16 between the sets (so the angle 2e-8), but exactly 1 within one: it contradicts itself by 1.4e-8.
 */
function consistent(c: Case, of: 'nngp' | 'ntk', { X1, X2 }: Fixture['inputs'][string]): number[][] {
  const equal = (x: number[], y: number[]) => x.every((value, i) => value === y[i]);
  return c[`${of}_12`].map((row, i) =>
    row.map((value, j) => (equal(X1[i], X2[j]) ? c[`${of}_11`][i][i] : value)),
  );
}

describe.skipIf(!fixture)('tangent kernel equals neural_tangents', () => {
  it.each(fixture?.cases ?? [])('$inputs, $hidden_relu_layers ReLU layers, W $W_std, b $b_std', (c) => {
    const { X1, X2 } = fixture!.inputs[c.inputs];
    const width = X1[0].length;
    const kernel = createNtk(optionsOf(c));
    const between = kernel.matrix(flat(X1), flat(X2), width);
    const within = kernel.matrix(flat(X1), flat(X1), width);
    const tolerance = c.inputs === 'onehot' ? 1e-12 : 1e-8;
    expect(relativeError(between.nngp, consistent(c, 'nngp', { X1, X2 }))).toBeLessThan(tolerance);
    expect(relativeError(between.ntk, consistent(c, 'ntk', { X1, X2 }))).toBeLessThan(tolerance);
    expect(relativeError(within.nngp, c.nngp_11)).toBeLessThan(tolerance);
    expect(relativeError(within.ntk, c.ntk_11)).toBeLessThan(tolerance);
    X1.forEach((x, i) => {
      expect(Math.abs(kernel.diagonal(Float64Array.from(x)) / c.ntk_11[i][i] - 1)).toBeLessThan(1e-12);
    });
  });

  it.each(fixture?.cases ?? [])(
    'gradient, $inputs, $hidden_relu_layers ReLU layers, W $W_std, b $b_std',
    (c) => {
      const { X1, X2 } = fixture!.inputs[c.inputs];
      const kernel = createNtk(optionsOf(c));
      // the fixture's inputs hold parallel pairs, where the kernel has a ridge: step off it
      const x = Float64Array.from(X1[0], (value, i) => value + 0.3 * Math.sin(i + 1));
      checkGradient(kernel, x, flat(X2));
    },
  );
});

/** The gradients against central differences. */
function checkGradient(kernel: ReturnType<typeof createNtk>, x: Float64Array, Y: Float64Array): void {
  const width = x.length;
  const cotangents = Float64Array.from({ length: Y.length / width }, (_, j) => Math.cos(3 * j + 1));
  const weighted = (at: Float64Array) =>
    kernel.matrix(at, Y, width).ntk.reduce((sum, value, j) => sum + cotangents[j] * value, 0);
  const point = kernel.point(x, Y);
  expect(point.ntk).toEqual(kernel.matrix(x, Y, width).ntk);
  const gradients = [
    [point.vjp(cotangents), weighted],
    [kernel.diagonalGradient(x), kernel.diagonal],
  ] as const;
  for (const [gradient, f] of gradients) {
    const scale = Math.max(...gradient.map(Math.abs), Math.abs(f(x)), 1e-3);
    gradient.forEach((slope, i) => {
      const h = 1e-5;
      const moved = (step: number) => x.map((value, j) => (j === i ? value + step : value));
      const difference = (f(moved(h)) - f(moved(-h))) / (2 * h);
      expect(Math.abs(slope - difference)).toBeLessThan(1e-7 * scale);
    });
  }
}

const vector = (n: number) =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true }), {
    minLength: n,
    maxLength: n,
  });

describe('tangent kernel', () => {
  it('has the gradient of its central differences for random networks and inputs', () => {
    const options = fc.record({
      hiddenLayers: fc.integer({ min: 0, max: 6 }),
      weightStd: fc.double({ min: 0.5, max: 2, noNaN: true }),
      biasStd: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(options, vector(4), vector(12), (chosen, x, Y) => {
        const cosine = [0, 4, 8].map((row) => {
          const y = Y.slice(row, row + 4);
          const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
          return Math.abs(dot(x, y)) / Math.sqrt(dot(x, x) * dot(y, y));
        });
        // central differences see the ridge from afar
        fc.pre(cosine.every((value) => value < 0.99) && Math.hypot(...x) > 0.1);
        checkGradient(createNtk(chosen), Float64Array.from(x), Float64Array.from(Y));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the mean of the two sides on the ridge', () => {
    const kernel = createNtk({ biasStd: 0.2 });
    const x = Float64Array.of(0.5, -1, 2);
    const value = (at: Float64Array) => kernel.matrix(at, x, 3).ntk[0];
    const gradient = kernel.point(x, x).vjp([1]);
    [0, 1, 2].forEach((i) => {
      const moved = (h: number) => x.map((entry, j) => (i === j ? entry + h : entry));
      // the ridge's two slopes cancel in the central difference, up to its curvature
      expect(gradient[i]).toBeCloseTo((value(moved(1e-4)) - value(moved(-1e-4))) / 2e-4, 4);
    });
  });

  it('is defined at the origin', () => {
    const kernel = createNtk();
    const zero = new Float64Array(3);
    expect([...kernel.matrix(zero, Float64Array.of(1, 2, 3), 3).ntk]).toEqual([0]);
    expect([...kernel.point(zero, Float64Array.of(1, 2, 3)).vjp([1])].every(Number.isFinite)).toBe(true);
    expect(kernel.diagonal(zero)).toBe(0);
  });

  it.each([{ hiddenLayers: -1 }, { hiddenLayers: 1.5 }, { weightStd: 0 }, { biasStd: NaN }])(
    'refuses %o',
    (options) => {
      expect(() => createNtk(options)).toThrow(/option \w+ is wrong/);
    },
  );
});
