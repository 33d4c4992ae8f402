import { expect, it } from 'vitest';
import type { DesignRow } from '../../src/run/rows.js';
import { warningsOf } from '../../src/run/warnings.js';
import { parseTable } from '../../src/table/read.js';

const table = parseTable('sequence,score\nMMMMMMMM,1\nMMMMMMKK,2\nMMMMMKMM,0\nKKM,5\n', 't.csv', {
  allowUnequalLengths: true,
});
const rows = (...distances: number[]) =>
  distances.map((nearestDistance) => ({ nearestDistance, sequence: 'MMMMMMMM' }) as DesignRow);

it('warns of designs further out than the measured variants lie from the best', () => {
  // the best of that length is MMMMMMKK, 3 letters from MMMMMKMM
  expect(warningsOf(rows(1, 3, 8), table, 'max')).toEqual([]);
  const [warning] = warningsOf(rows(1, 4, 8), table, 'max');
  expect(warning).toContain('at 4 positions or more');
  expect(warning).toContain('more than 3:');
  // the smallest of that length is MMMMMKMM
  expect(warningsOf(rows(3), table, 'min')).toEqual([]);
  expect(warningsOf(rows(4), table, 'min')).toHaveLength(1);
});
