import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { drawRows, measuredRows } from '../../src/tasks/split.js';
import type { Landscape } from '../../src/tasks/task.js';

/** A landscape of sequences 0, 1, 2, ... with the given scores. */
const landscape = (scores: number[]) =>
  ({
    rows: { sequences: scores.map((_, i) => Uint8Array.of(i)), scores: Float64Array.from(scores) },
  }) as unknown as Landscape;
const random = () => createRandom('split');
const rowsOf = (scores: number[], rule: Parameters<typeof measuredRows>[1]) =>
  measuredRows(landscape(scores), rule, random()).sequences.map(([i]) => i);

describe('measured rows', () => {
  it('random: distinct rows in the order of the table, all equally likely', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), fc.integer(), (total, n, seed) => {
        const rows = [...drawRows(total, n % (total + 1), createRandom(seed))];
        expect(rows).toHaveLength(n % (total + 1));
        expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
        expect(rows.every((row) => row < total)).toBe(true);
      }),
    );
    const source = random();
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) for (const row of drawRows(10, 3, source)) counts[row]++;
    for (const count of counts)
      expect(Math.abs(count - 3000)).toBeLessThan(5 * Math.sqrt(10_000 * 0.3 * 0.7));
  });

  it('lowest: ascending, the earlier row among equals', () => {
    expect(rowsOf([3, 1, 2, 1, 0], { lowest: 3 })).toEqual([4, 1, 3]);
    expect(rowsOf([1, 1, 1, 1], { lowest: 2 })).toEqual([0, 1]);
  });

  it('lower half: up to or below the median', () => {
    expect(rowsOf([5, 1, 2, 2, 3], { lowerHalf: 'inclusive' })).toEqual([1, 2, 3]);
    expect(rowsOf([5, 1, 2, 0, 3], { lowerHalf: 'exclusive' })).toEqual([3, 1]);
    expect(rowsOf([4, 1, 2, 3], { lowerHalf: 'inclusive' })).toEqual([1, 2]);
  });

  it.each([
    [{ random: 4 }, '4'],
    [{ lowest: 5 }, '5'],
    [{ lowerHalf: 'exclusive' as const }, '0'],
  ])('refuses %o of four equal rows', (rule, got) => {
    expect(() => rowsOf([1, 1, 1, 1], rule)).toThrow(`expected from 2 to 3, got ${got}`);
  });
});
