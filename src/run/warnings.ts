import { median } from 'd3-array';
import { hammingDistance } from '../core/alphabet.js';
import type { Table } from '../table/table.js';
import type { DesignRow } from './rows.js';

/**
 * What a reader of the designs should be warned of, one printable sentence each. Now one thing: designs that lie further
 * from everything measured than the measured variants lie from the best of them.
 */
export function warningsOf(rows: readonly DesignRow[], table: Table, direction: 'max' | 'min'): string[] {
  const distance = median(rows, ({ nearestDistance }) => nearestDistance) ?? 0;
  const reach = reachOf(table, rows[0].sequence.length, direction);
  if (distance <= reach) return [];
  return [
    `half of the designs differ from every measured variant at ${Math.floor(distance)} positions or more, while no measured ` +
      `variant differs from the best one at more than ${reach}: their predicted scores are extrapolations. ` +
      'A smaller --max-mutations (maxMutations in the library) keeps designs near what was measured.',
  ];
}

/** The largest distance of a measured variant of that length from the best one. */
function reachOf({ rows }: Table, length: number, direction: 'max' | 'min'): number {
  const sign = direction === 'max' ? 1 : -1;
  const comparable = rows.filter(({ sequence }) => sequence.length === length);
  const best = comparable.reduce((a, b) => (sign * b.score > sign * a.score ? b : a));
  return comparable.reduce(
    (most, { sequence }) => Math.max(most, hammingDistance(best.sequence, sequence)),
    0,
  );
}
