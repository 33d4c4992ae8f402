import type * as Levenshtein from 'fastest-levenshtein';
import { createRequire } from 'node:module';
import { InputError } from '../core/errors.js';

/** The word nearest to a text; its library is loaded only then, so that help starts without it. */
function closest(text: string, words: readonly string[]): string {
  const levenshtein = createRequire(import.meta.url)('fastest-levenshtein') as typeof Levenshtein;
  return levenshtein.closest(text, words);
}

/** Readers of option values. Each is made for one flag, which its messages name. */
type Reader<T> = (text: string) => T;

function wrong(flag: string, expected: string, got: string): InputError {
  return new InputError({ what: `option ${flag} is wrong`, expected, got: `'${got}'` });
}

/** A number in decimal notation. */
export function number(flag: string): Reader<number> {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;
    if (Number.isFinite(value)) return value;
    throw wrong(flag, 'a number', text);
  };
}

/** A number, or the word that stands for what no number says. */
export function wordOrNumber<const W extends string>(flag: string, word: W): Reader<W | number> {
  return (text) => {
    if (text === word) return word;
    try {
      return number(flag)(text);
    } catch {
      throw wrong(flag, `${word}, or a number`, text);
    }
  };
}

/** A whole number becomes one; every other text stays a text. */
export function seed(text: string): number | string {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

/** Longest list of positions, so that `1-999999999` is a message and not a full memory. */
const MOST_POSITIONS = 100_000;

/** `5-20,39`: whole numbers and ranges, in the user's numbering. */
export function positions(flag: string): Reader<number[]> {
  return (text) => {
    const found: number[] = [];
    for (const part of text.split(',')) {
      const match = /^\s*(-?\d{1,9})(?:\s*-\s*(-?\d{1,9}))?\s*$/.exec(part);
      const from = Number(match?.[1]);
      const to = Number(match?.[2] ?? match?.[1]);
      if (!match || to < from || found.length + to - from >= MOST_POSITIONS) {
        throw wrong(flag, 'positions and ranges such as 5-20,39', text);
      }
      for (let position = from; position <= to; position++) found.push(position);
    }
    return found;
  };
}

/** `39=AVIL,41=G`: the letters of each position. */
export function lettersAt(flag: string): Reader<Record<string, string>> {
  return (text) => {
    const letters: Record<string, string> = {};
    for (const part of text.split(',')) {
      const match = /^\s*(-?\d{1,9})\s*=\s*([A-Za-z]+)\s*$/.exec(part);
      if (!match) throw wrong(flag, 'letters by position such as 39=AVIL,41=G', text);
      letters[Number(match[1])] = match[2];
    }
    return letters;
  };
}

/** One of some words; the message names the nearest. */
export function choice<const T extends string>(flag: string, choices: readonly T[]): Reader<T> {
  return (text) => {
    const found = choices.find((word) => word === text);
    if (found !== undefined) return found;
    const { fault } = wrong(flag, `one of ${choices.join(', ')}`, text);
    throw new InputError({ ...fault, fix: `Did you mean '${closest(text, choices)}'?` });
  };
}

/** `onehot,pairs`: names. */
export function names(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** A size in MiB, to bytes. */
export function mebibytes(flag: string): Reader<number> {
  return (text) => Math.round(number(flag)(text) * 2 ** 20);
}

/** A size in MiB above nothing, to bytes. */
export function memory(flag: string): Reader<number> {
  return (text) => {
    const bytes = mebibytes(flag)(text);
    if (bytes > 0) return bytes;
    throw wrong(flag, 'a number of MiB above 0', text);
  };
}
