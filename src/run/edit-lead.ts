import { encode, hammingDistance, type Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { parseMutations } from '../table/mutations.js';
import type { MeasuredRow, Table } from '../table/table.js';

/** A lead as it was found. */
export interface Lead {
  sequence: Sequence;
  /** What the user called it. */
  name: string;
  /** The row where it was measured; null where it was not. */
  row: MeasuredRow | null;
}

/**
 * Finds the lead that a text names: `best`, the best measured variant; `wild-type`; the id of a row; the letters of a
 * whole sequence, or of the sites; or mutations of the wild type such as `V39A:D40G`.
 * @throws InputError where it is none of them, or a sequence of another length
 */
export function findLead(text: string, table: Table, direction: 'max' | 'min'): Lead {
  const name = text.trim();
  const sequence = byName(name, table, direction) ?? byLetters(name, table) ?? byMutations(name, table);
  const row = table.rows.find(
    (other) => other.sequence.length === sequence.length && hammingDistance(other.sequence, sequence) === 0,
  );
  return { sequence, name, row: row ?? null };
}

function byName(name: string, table: Table, direction: 'max' | 'min'): Sequence | null {
  const row = table.rows.find(({ id }) => id === name);
  if (row) return row.sequence;
  if (name === 'best') {
    const sign = direction === 'max' ? 1 : -1;
    return table.rows.reduce((a, b) => (sign * b.score > sign * a.score ? b : a)).sequence;
  }
  if (name !== 'wild-type') return null;
  if (table.wildType) return table.wildType;
  throw new InputError({
    what: 'the lead is to be the wild type, and none is known',
    fix: 'Give it by --wild-type (wildType in the library).',
  });
}

/** Letters of a whole sequence or of the sites; null for what is no plain word of the alphabet. */
function byLetters(name: string, { alphabet, rows, wildType, sites }: Table): Sequence | null {
  if (name === '' || [...name].some((letter) => alphabet.code(letter) < 0)) return null;
  const length = wildType?.length ?? rows[0].sequence.length;
  const letters = encode(alphabet, name);
  if (letters.length === length) return letters;
  if (sites && letters.length === sites.length) {
    const whole = (wildType ?? rows[0].sequence).slice();
    sites.forEach((site, i) => (whole[site] = letters[i]));
    return whole;
  }
  throw new InputError({
    what: 'the lead has another length than the sequences of the table',
    expected: `${length} letters${sites ? `, or the ${sites.length} of the sites` : ''}`,
    got: `${letters.length}`,
  });
}

function byMutations(name: string, { wildType, numbering }: Table): Sequence {
  if (wildType && /\d/.test(name)) {
    try {
      return parseMutations(name, wildType, numbering);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const { what, expected, got } = error.fault;
      throw new InputError({ what: `the lead is not understood: ${what}`, expected, got }, { cause: error });
    }
  }
  throw new InputError({
    what: 'there is no such lead',
    expected: `best, wild-type, the id of a row, a sequence${wildType ? ', or mutations of the wild type' : ''}`,
    got: `'${name}'`,
  });
}
