import { PROTEIN } from '../core/alphabet.js';
import { STOP } from './letters.js';
import { isMutationList, isWildTypeWord } from './notation.js';
import { readScore } from './scores.js';

/** What the cells of a column look like, from a sample of its rows. */
export interface Content {
  /** Cells that are neither empty nor a word for the wild type. */
  filled: number;
  /** Of those: numbers (with a decimal comma too, so that the message can be about the comma). */
  numbers: number;
  /** Of those: lists of substitutions. */
  mutations: number;
  /** Of those: letters of the protein alphabet (DNA's are among them), stops, and no more than one cell in ten odd. */
  letters: number;
  /** Of the cells of letters: how many are in upper case throughout. */
  upperCase: number;
  /** The commonest length of the cells of letters, 0 where there are none. */
  length: number;
  /** Distinct cells among the filled. */
  distinct: number;
}

/** Letters beyond the alphabets that sequences still hold (N of DNA is in the protein alphabet; B, J, O, U, X, Z, gaps). */
const looseLetters = /^[A-Za-z*.-]+$/;
/** Share of a cell's letters that must be of the protein alphabet. */
const LETTER_SHARE = 0.9;

function isLetters(text: string): boolean {
  if (!looseLetters.test(text)) return false;
  const head = text.slice(0, 1000);
  let known = 0;
  for (const letter of head) if (letter === STOP || PROTEIN.code(letter) >= 0) known++;
  return known >= LETTER_SHARE * head.length;
}

/** Describes the cells of one column. */
export function describeCells(cells: readonly string[]): Content {
  const content: Content = {
    filled: 0,
    numbers: 0,
    mutations: 0,
    letters: 0,
    upperCase: 0,
    length: 0,
    distinct: 0,
  };
  const lengths = new Map<number, number>();
  const seen = new Set<string>();
  for (const cell of cells) {
    const text = cell.trim();
    if (isWildTypeWord(text)) continue;
    content.filled++;
    seen.add(text);
    const score = readScore(text).kind;
    if (score === 'number' || score === 'decimal comma') content.numbers++;
    else if (isMutationList(text)) content.mutations++;
    else if (isLetters(text)) {
      content.letters++;
      if (text === text.toUpperCase()) content.upperCase++;
      lengths.set(text.length, (lengths.get(text.length) ?? 0) + 1);
    }
  }
  content.distinct = seen.size;
  content.length = [...lengths].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
  return content;
}
