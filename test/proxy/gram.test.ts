import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { createGramAccumulator } from '../../src/proxy/gram.js';

const N = 23;
const D = 7;
const random = createRandom('gram');
const phi = Float64Array.from({ length: N * D }, () => 3 + random.normal());
const y = Float64Array.from({ length: N }, () => random.normal());

function inBatches(sizes: number[], features: Float32Array | Float64Array = phi) {
  const accumulator = createGramAccumulator(D);
  let from = 0;
  for (const size of sizes) {
    accumulator.add(features.subarray(from * D, (from + size) * D), y.subarray(from, from + size));
    from += size;
  }
  return accumulator.finish();
}

describe('Gram sums', () => {
  it('are those of the definition', () => {
    const gram = inBatches([N]);
    const Phi = Matrix.from1DArray(N, D, phi);
    const column = Matrix.columnVector(y);
    const G = Phi.transpose().mmul(Phi).to1DArray();
    G.forEach((value, i) => expect(gram.G[i]).toBeCloseTo(value, 10));
    Phi.transpose()
      .mmul(column)
      .to1DArray()
      .forEach((value, i) => expect(gram.b[i]).toBeCloseTo(value, 10));
    expect(gram.yy).toBeCloseTo(column.dot(column), 12);
    expect(gram.trace).toBeCloseTo(Phi.mmul(Phi.transpose()).trace(), 9);
    expect(gram.rows).toBe(N);
  });

  it('do not depend on how rows are cut into batches', () => {
    const whole = inBatches([N]);
    for (const sizes of [Array.from({ length: N }, () => 1), [5, 1, 17], [4, 4, 4, 4, 7], [0, N]]) {
      expect(inBatches(sizes)).toEqual(whole);
    }
  });

  it('may be read while rows still come', () => {
    const accumulator = createGramAccumulator(D);
    accumulator.add(phi.subarray(0, 3 * D), y.subarray(0, 3));
    accumulator.finish();
    accumulator.add(phi.subarray(3 * D), y.subarray(3));
    expect(accumulator.finish()).toEqual(inBatches([N]));
  });

  it('take float32 features', () => {
    const single = Float32Array.from(phi);
    expect(inBatches([N], single)).toEqual(inBatches([N], Float64Array.from(single)));
  });

  it('refuse a feature that is not finite, with its row', () => {
    const broken = phi.slice();
    broken[5 * D + 2] = NaN;
    expect(() => inBatches([N], broken)).toThrow(InputError);
    expect(() => inBatches([N], broken)).toThrow(/feature 3 of measured row 6/);
  });
});
