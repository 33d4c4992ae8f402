import { describe, expect, it } from 'vitest';
import { DNA } from '../../../src/core/alphabet.js';
import type { Sequence } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { lowRankFeatures } from '../../../src/proxy/blocks/low-rank.js';
import { neighbourKernel } from '../../../src/proxy/blocks/neighbour-kernel.js';
import { withRemainder } from '../../../src/proxy/blocks/remainder.js';

const random = createRandom('remainder');
const L = 5;
const A = DNA.size;
const draw = (): Sequence => Uint8Array.from({ length: L }, () => random.integer(A));
const rows = [...new Map(Array.from({ length: 12 }, draw).map((row) => [String(row), row])).values()];
const others = Array.from({ length: 200 }, draw).filter(
  (x) => !rows.some((row) => String(row) === String(x)),
);
const inner = lowRankFeatures(
  { key: 'k', alphabetSize: A, between: (fixed) => neighbourKernel(0.6, A, [0, 1, 2, 3, 4], fixed) },
  rows,
).map;
const map = withRemainder(inner);
const D = map.width;

describe('a kernel with what its features miss', () => {
  it('gives every sequence the norm of the kernel, and the measured rows nothing more', async () => {
    expect(D).toBe(inner.width + 1);
    const [known, unknown] = [await map.features(rows), await map.features(others)];
    rows.forEach((_, b) => expect(known[b * D + D - 1]).toBe(0));
    others.forEach((_, b) => {
      const phi = Float64Array.from(unknown.subarray(b * D, (b + 1) * D));
      expect(phi.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 9);
      expect(phi[D - 1]).toBeGreaterThan(0);
    });
  });

  it('has the slope of its formula', async () => {
    const [x] = others;
    const phi = Float64Array.from(await inner.features([x]));
    const m = inner.width;
    const r = Math.sqrt(1 - phi.reduce((sum, value) => sum + value * value, 0));
    const v = Float64Array.from({ length: D }, () => random.normal());
    const { data } = await map.vjp([x], v, 1);
    // along a change of one letter phi is linear: phi + t (phi(y) - phi)
    for (let i = 0; i < L; i++) {
      for (let a = 0; a < A; a++) {
        const y = x.slice();
        y[i] = a;
        const to = await inner.features([y]);
        const at = (t: number) => {
          let [sum, square] = [0, 0];
          for (let j = 0; j < m; j++) {
            const value = phi[j] + t * (to[j] - phi[j]);
            sum += v[j] * value;
            square += value * value;
          }
          return sum + v[m] * Math.sqrt(1 - square);
        };
        const slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        expect(data[i * A + a] - data[i * A + x[i]]).toBeCloseTo(slope, 6);
      }
    }
    expect(r).toBeGreaterThan(0);
  });

  it('has a short way to its sums where the remainder has no weight', async () => {
    const v = Float64Array.from({ length: D }, (_, j) => (j < D - 1 ? random.normal() : 0));
    const sum = map.sum?.(v);
    const phi = await map.features(others.slice(0, 5));
    for (let b = 0; b < 5; b++) {
      let wanted = 0;
      for (let j = 0; j < D; j++) wanted += v[j] * phi[b * D + j];
      expect(sum?.(others[b])).toBeCloseTo(wanted, 9);
    }
    v[D - 1] = 1;
    expect(map.sum?.(v)).toBeUndefined();
  });
});
