import { describe, expect, it } from 'vitest';
import type { Sequence } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { motifPairFeatures } from '../../../src/proxy/blocks/motif-pairs.js';

const random = createRandom('motif pairs');
const A = 5;
const REACH = 3;
const map = motifPairFeatures(A, REACH);
const draw = (L: number): Sequence => Uint8Array.from({ length: L }, () => random.integer(A));
const sequences = Array.from({ length: 12 }, () => draw(9));

/** `1 - prod_i (1 - p_i[a] p_{i+d}[b])` of every d, a, b, for letters in any proportion. */
function relaxed(p: number[][]): number[] {
  const out: number[] = [];
  for (let d = 1; d <= REACH; d++) {
    for (let a = 0; a < A; a++) {
      for (let b = 0; b < A; b++) {
        let absent = 1;
        for (let i = 0; i + d < p.length; i++) absent *= 1 - p[i][a] * p[i + d][b];
        out.push(1 - absent);
      }
    }
  }
  return out;
}

const oneHot = (x: Sequence) =>
  Array.from(x, (code) => Array.from({ length: A }, (_, a) => Number(a === code)));
const along = (v: ArrayLike<number>, phi: ArrayLike<number>) =>
  Array.from(phi).reduce((sum, value, j) => sum + v[j] * value, 0);

describe('pairs of letters anywhere', () => {
  it('are there or not, however often', async () => {
    const phi = await map.features(sequences);
    expect(map.width).toBe(REACH * A * A);
    expect(phi.every((value) => value === 0 || value === 1)).toBe(true);
    sequences.forEach((x, b) =>
      expect(Array.from(phi.subarray(b * map.width, (b + 1) * map.width))).toEqual(relaxed(oneHot(x))),
    );
  });

  it('do not mind where they stand', async () => {
    const [x, y] = ['012000000', '000000012'].map((text) => Uint8Array.from(text, Number));
    const [phi, psi] = [await map.features([x]), await map.features([y])];
    const pair = (d: number, a: number, b: number) => (d - 1) * A * A + a * A + b;
    for (const at of [pair(1, 0, 1), pair(1, 1, 2), pair(2, 0, 2)]) {
      expect(phi[at]).toBe(1);
      expect(psi[at]).toBe(1);
    }
    expect(phi[pair(1, 2, 1)]).toBe(0);
  });

  it('have the slopes of their formula, by central differences, for several cotangents', async () => {
    const K = 2;
    const h = 1e-4;
    const v = Float64Array.from({ length: sequences.length * K * map.width }, () => random.normal());
    const { data, alphabetSize } = await map.vjp(sequences, v, K);
    expect(alphabetSize).toBe(A);
    sequences.forEach((x, b) => {
      for (let copy = b * K; copy < (b + 1) * K; copy++) {
        const own = v.subarray(copy * map.width, (copy + 1) * map.width);
        for (let i = 0; i < x.length; i++) {
          for (let a = 0; a < A; a++) {
            const moved = (step: number) => {
              const p = oneHot(x);
              p[i][a] += step;
              return along(own, relaxed(p));
            };
            const slope = (moved(h) - moved(-h)) / (2 * h);
            expect(data[(copy * x.length + i) * A + a]).toBeCloseTo(slope, 5);
          }
        }
      }
    });
  });

  it('have a short way to their sums, again and again, for sequences of any length', async () => {
    const v = Float64Array.from({ length: map.width }, () => random.normal());
    const sum = map.sum!(v)!;
    for (const x of [...sequences, draw(1), draw(2), draw(30), ...sequences]) {
      const phi = await map.features([x]);
      expect(sum(x)).toBeCloseTo(along(v, phi), 12);
    }
  });
});
