import { RowFault, show } from './faults.js';

/** What a score cell holds. */
export type ScoreCell =
  | { kind: 'number'; value: number }
  /** Empty, `NA` or another sign of a missing value. */
  | { kind: 'missing' }
  /** `nan`, `inf`, or a number beyond the range of float64. */
  | { kind: 'not finite' }
  /** `1,5`: a number with a decimal comma. */
  | { kind: 'decimal comma' }
  | { kind: 'text' };

const missing = new Set([
  '',
  'na',
  'n/a',
  '#n/a',
  'n.a.',
  'null',
  'none',
  'missing',
  'nd',
  'n.d.',
  '-',
  '--',
  '.',
  '?',
]);
const notFinite = /^[+-]?(nan|inf|infinity|1\.#inf|1\.#qnan)$/i;
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const decimalComma = /^[+-]?\d+(\.\d{3})*,\d+(e[+-]?\d+)?$/i;

/** A longer cell is no number. */
const LONGEST_NUMBER = 400;

/** Reads a score: decimal notation with a point, also `1e-3` and the typographic minus. */
export function readScore(cell: string): ScoreCell {
  if (cell.length > LONGEST_NUMBER && cell.trim().length > LONGEST_NUMBER) return { kind: 'text' };
  const text = cell.trim().replace(/^\u2212/, '-');
  if (decimal.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? { kind: 'number', value } : { kind: 'not finite' };
  }
  if (missing.has(text.toLowerCase())) return { kind: 'missing' };
  if (notFinite.test(text)) return { kind: 'not finite' };
  return decimalComma.test(text) ? { kind: 'decimal comma' } : { kind: 'text' };
}

/** The fault of a score cell that is neither a number nor missing. */
export function scoreFault(read: ScoreCell, cell: string, column: string): RowFault {
  const got = show(cell.trim());
  const name = show(column);
  if (read.kind === 'not finite') {
    return new RowFault('a score that is not finite', {
      what: `the score in column ${name} is not finite`,
      expected: 'a finite number, or an empty cell or NA where it is missing',
      got,
      fix: 'Correct the row, or say --non-finite-scores set-aside (nonFiniteScores in the library).',
    });
  }
  if (read.kind === 'decimal comma') {
    return new RowFault('a decimal comma', {
      what: `the score in column ${name} is written with a decimal comma`,
      expected: 'a decimal point, as in 1.5',
      got,
      fix: 'Save the table with decimal points.',
    });
  }
  return new RowFault('a score that is no number', {
    what: `the score in column ${name} is not a number`,
    expected: 'a number, or an empty cell or NA where it is missing',
    got,
    fix: 'Correct the row, or name another column by --score-column (scoreColumn in the library).',
  });
}
