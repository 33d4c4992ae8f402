import type { Sequence } from '../core/alphabet.js';
import { FaultList, RowFault, count, flag } from './faults.js';

interface Placed {
  line: number;
  sequence: Sequence;
}

/** The commonest length; of two as common, the one that comes first. */
function commonestLength(rows: readonly Placed[]): number {
  const counts = new Map<number, number>();
  for (const { sequence } of rows) counts.set(sequence.length, (counts.get(sequence.length) ?? 0) + 1);
  let best = 0;
  for (const [length, times] of counts) if (times > (counts.get(best) ?? 0)) best = length;
  return best;
}

/** True where the sequences, or one of them and the wild type, differ in length. */
export function lengthsDiffer(rows: readonly Placed[], wildType: Sequence | null): boolean {
  const length = wildType?.length ?? rows[0].sequence.length;
  return rows.some(({ sequence }) => sequence.length !== length);
}

/**
 * Refuses rows whose length is not the wild type's or, without one, the commonest.
 * @throws InputError naming the first such row
 */
export function checkLengths(file: string, rows: readonly Placed[], wildType: Sequence | null): void {
  const length = wildType?.length ?? commonestLength(rows);
  const faults = new FaultList(file);
  const odd = rows.filter(({ sequence }) => sequence.length !== length);
  const short = odd.length === rows.length && odd.every(({ sequence }) => sequence.length < length);
  for (const { line, sequence } of odd) {
    faults.add(
      line,
      new RowFault('another length', {
        what: `the sequence has ${count(sequence.length)} letters`,
        expected: `${count(length)}, as ${wildType ? 'in the wild type' : `in ${count(rows.length - odd.length)} other rows`}`,
        got: count(sequence.length),
        fix: short
          ? `If these are the letters at some sites, name the sites by ${flag('sites')}; otherwise correct ${flag('wildType')}.`
          : `Correct or remove the row, or say ${flag('allowUnequalLengths')}.`,
      }),
    );
  }
  faults.throwIfAny();
}
