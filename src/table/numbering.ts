import type { Alphabet } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { show } from './faults.js';

/** The user's own way of writing positions and mutations, and its translation to 0-based indices. */
export interface Numbering {
  readonly alphabet: Alphabet;
  /** The number that the user gives to the first letter (index 0). 1 unless the table says otherwise. */
  readonly firstPosition: number;
  /** Residue counted from 1 = written position + offset; `offset = 1 - firstPosition`. */
  readonly offset: number;
  /** Letters of the longest sequence; labels run from `firstPosition` to `firstPosition + length - 1`. */
  readonly length: number;
  /** What stands between the mutations of one variant, e.g. `:`. */
  readonly separator: string;
  /** What stands before each mutation: `S` in avGFP's `SA108D`, else nothing. */
  readonly prefix: string;
  /** The user's number of a 0-based index. */
  label(index: number): string;
  /**
   * The 0-based index of a user's number.
   * @throws InputError where it is no integer or lies outside the sequence.
   */
  parse(label: string | number): number;
}

/** What a numbering is made of. Defaults: `firstPosition` 1, separator `:`, no prefix. */
export interface NumberingParts {
  alphabet: Alphabet;
  length: number;
  firstPosition?: number;
  separator?: string;
  prefix?: string;
}

export function createNumbering(parts: NumberingParts): Numbering {
  const { alphabet, length, firstPosition = 1, separator = ':', prefix = '' } = parts;
  return {
    alphabet,
    firstPosition,
    offset: 1 - firstPosition,
    length,
    separator,
    prefix,
    label: (index) => String(index + firstPosition),
    parse: (label) => {
      const text = String(label).trim();
      const index = /^-?\d{1,9}$/.test(text) ? Number(text) - firstPosition : NaN;
      if (index >= 0 && index < length) return index;
      throw new InputError({
        what: `${show(text)} is not a position of the sequence`,
        expected: `a whole number from ${firstPosition} to ${firstPosition + length - 1}`,
        got: show(text),
      });
    },
  };
}
