import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hammingDistance } from '../../src/core/alphabet.js';
import { createNearestIndex } from '../../src/design/nearest.js';

describe('the nearest measured sequence', () => {
  it('is the first of the nearest by brute force', () => {
    const sequence = fc.uint8Array({ min: 0, max: 19, minLength: 11, maxLength: 11 });
    fc.assert(
      fc.property(
        fc.array(sequence, { minLength: 1, maxLength: 30 }),
        sequence,
        fc.nat(10),
        (rows, other, keep) => {
          // share a prefix, so that positions at which all rows agree occur
          const measured = rows.map((row) => row.map((code, i) => (i < keep ? rows[0][i] : code)));
          for (const wanted of [other, measured[0]]) {
            const distances = measured.map((row) => hammingDistance(row, wanted));
            const distance = Math.min(...distances);
            expect(createNearestIndex(measured).find(wanted)).toEqual({
              distance,
              row: distances.indexOf(distance),
            });
          }
        },
      ),
      { numRuns: 500, seed: 4 },
    );
  });

  it('is looked for among sequences of the same length', () => {
    const index = createNearestIndex([Uint8Array.of(1), Uint8Array.of(1, 2), Uint8Array.of(3)]);
    expect(index.find(Uint8Array.of(3))).toEqual({ row: 2, distance: 0 });
    expect(index.find(Uint8Array.of(1, 1))).toEqual({ row: 1, distance: 1 });
    expect(index.find(Uint8Array.of(1, 1, 1))).toBeNull();
  });
});
