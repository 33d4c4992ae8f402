import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { likelihoodRatio } from '../../../src/proxy/blocks/llr.js';
import { lmSites } from '../../../src/proxy/blocks/lm-sites.js';
import type { ResidueFeatureMap } from '../../../src/proxy/blocks/lm-sites.js';

const random = createRandom('lm blocks');
const [L, A, H] = [5, 4, 3];
const weights = Float64Array.from({ length: L * L * A * H }, () => random.normal());
const draw = () => Uint8Array.from({ length: L }, () => random.integer(A));

/** A toy model whose state at position p is a linear function of all letters. */
const residues: ResidueFeatureMap = {
  width: H,
  key: 'toy',
  async residues(sequences, positions) {
    return Float64Array.from(
      sequences.flatMap((x) =>
        positions.flatMap((p) =>
          Array.from({ length: H }, (_, h) =>
            x.reduce((sum, code, i) => sum + weights[((p * L + i) * A + code) * H + h], 0),
          ),
        ),
      ),
    );
  },
  async vjp(sequences, positions, cotangents, K) {
    const P = positions.length;
    const data = new Float64Array(sequences.length * K * L * A);
    for (let c = 0; c < sequences.length * K; c++)
      for (let i = 0; i < L; i++)
        for (let a = 0; a < A; a++)
          positions.forEach((p, at) => {
            for (let h = 0; h < H; h++)
              data[(c * L + i) * A + a] +=
                cotangents[(c * P + at) * H + h] * weights[((p * L + i) * A + a) * H + h];
          });
    return { data, alphabetSize: A };
  },
};

describe('lm-sites', () => {
  const positions = [1, 3];
  const sequences = Array.from({ length: 60 }, draw);

  it('keeps the distances of the states, and so every linear kernel, where nothing is left out', async () => {
    const { map, error } = await lmSites(residues, positions, sequences, createRandom(0));
    expect(map.width).toBeLessThanOrEqual(positions.length * H);
    expect(error).toBeLessThan(1e-6);
    const [phi, states] = [await map.features(sequences), await residues.residues(sequences, positions)];
    const distance = (x: Float32Array | Float64Array, a: number, b: number) => {
      const width = x.length / sequences.length;
      let sum = 0;
      for (let j = 0; j < width; j++) sum += (x[a * width + j] - x[b * width + j]) ** 2;
      return sum;
    };
    for (let a = 0; a < 20; a++)
      for (let b = 0; b < a; b++) expect(distance(phi, a, b)).toBeCloseTo(distance(states, a, b), 8);
  });

  it('orders uncorrelated components by their variance and reports what is left out', async () => {
    const { map, error } = await lmSites(residues, positions, sequences, createRandom(0), { components: 2 });
    expect(map.width).toBe(2);
    const [phi, states] = [await map.features(sequences), await residues.residues(sequences, positions)];
    let [one, two, cross, total] = [0, 0, 0, 0];
    for (let b = 0; b < 60; b++) {
      one += phi[2 * b] ** 2;
      two += phi[2 * b + 1] ** 2;
      cross += phi[2 * b] * phi[2 * b + 1];
    }
    for (let j = 0; j < 6; j++) {
      const column = Array.from({ length: 60 }, (_, b) => states[b * 6 + j]);
      const mean = column.reduce((sum, value) => sum + value, 0) / 60;
      total += column.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    }
    expect(one).toBeGreaterThan(two);
    expect(Math.abs(cross)).toBeLessThan(1e-8 * one);
    expect(error).toBeCloseTo(1 - (one + two) / total, 9);
  });

  it('pulls gradients back through the components', async () => {
    const { map } = await lmSites(residues, positions, sequences, createRandom(0), { components: 3 });
    const [x] = sequences;
    const v = Float64Array.from({ length: 2 * 3 }, () => random.normal());
    const { data } = await map.vjp([x], v, 2);
    const value = async (y: Uint8Array, k: number) => {
      const phi = await map.features([y]);
      return Float64Array.from(phi).reduce((sum, feature, d) => sum + feature * v[k * 3 + d], 0);
    };
    for (let k = 0; k < 2; k++) {
      for (let i = 0; i < L; i++) {
        const y = x.slice();
        y[i] = (x[i] + 1) % A;
        const slope = data[(k * L + i) * A + y[i]] - data[(k * L + i) * A + x[i]];
        expect(slope).toBeCloseTo((await value(y, k)) - (await value(x, k)), 9);
      }
    }
  });
});

describe('llr', () => {
  it('is the log-likelihood ratio to the wild type, with its gradient', async () => {
    const logProbabilities = Float64Array.from({ length: L * A }, () => -Math.abs(random.normal()));
    const wildType = draw();
    const map = likelihoodRatio({ logProbabilities, alphabetSize: A, key: 'toy' }, wildType);
    expect(await map.features([wildType])).toEqual(Float64Array.of(0));
    const x = draw();
    const expected = x.reduce(
      (sum, code, i) => sum + logProbabilities[i * A + code] - logProbabilities[i * A + wildType[i]],
      0,
    );
    expect((await map.features([x]))[0]).toBeCloseTo(expected, 12);
    const { data } = await map.vjp([x], Float64Array.of(2), 1);
    const y = x.slice();
    y[2] = (x[2] + 1) % A;
    const change = (await map.features([y]))[0] - (await map.features([x]))[0];
    expect(data[2 * A + y[2]] - data[2 * A + x[2]]).toBeCloseTo(2 * change, 12);
  });
});
