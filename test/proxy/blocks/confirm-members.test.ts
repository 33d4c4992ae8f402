import { describe, expect, it } from 'vitest';
import { PROTEIN } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { confirmHeads, sparedRows } from '../../../src/proxy/blocks/confirm-members.js';
import { collapseRows } from '../../../src/proxy/evidence/groups.js';

const random = createRandom('confirm');

/** Distinct sequences of six residues, each with a score. */
function table(count: number) {
  const sequences = Array.from({ length: count }, (_, i) =>
    Uint8Array.from({ length: 6 }, (_v, p) => Math.floor(i / 20 ** p) % 20),
  );
  return collapseRows(
    PROTEIN,
    sequences,
    sequences.map(() => random.normal()),
  );
}

describe('sparedRows', () => {
  it('spares a tenth of a large table, at most 2,000, and never divides a group', () => {
    for (const [rows, expected] of [
      [4000, 400],
      [30_000, 2000],
    ]) {
      const groups = Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 3));
      const spared = sparedRows(table(rows), 600, groups, createRandom(1));
      expect(Math.abs(spared.length - expected)).toBeLessThanOrEqual(3);
      const members = new Map<number, number>();
      for (const row of spared) members.set(groups[row], (members.get(groups[row]) ?? 0) + 1);
      for (const [group, count] of members)
        expect(count).toBe(groups.filter((other) => other === group).length);
    }
  });

  it('spares none of a small table, or where all rows chose', () => {
    const own = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row);
    expect(sparedRows(table(2000), 600, own(2000), createRandom(1))).toHaveLength(0);
    expect(sparedRows(table(4000), 4000, own(4000), createRandom(1))).toHaveLength(0);
  });
});

describe('confirmHeads', () => {
  it('keeps heads that follow the scores and drops those that follow noise', () => {
    const n = 1000;
    const phi = Float64Array.from({ length: n * 3 }, () => random.normal());
    const scores = Float64Array.from({ length: n }, (_, i) => phi[i * 3] + 0.5 * random.normal());
    const heads = [
      [1, 0, 0],
      [2, 0.01, 0],
      [1, 0, 3],
      [0, 1, 0],
      [0, 0, 0],
      [-1, 0, 0],
    ].map((head) => Float64Array.from(head));
    const { kept, correlations } = confirmHeads(heads, { phi, scores });
    expect(kept).toEqual([0, 1]);
    // of a signal of variance 1 and noise of .25
    expect(correlations[0]).toBeCloseTo(1 / Math.sqrt(1.25), 1);
    expect(correlations[4]).toBe(0);
    expect(correlations[5]).toBeCloseTo(-correlations[0], 12);
  });
});
