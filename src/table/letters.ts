import { type Alphabet, type Sequence, DNA, PROTEIN } from '../core/alphabet.js';
import { RowFault, show } from './faults.js';

/** The stop letter of a table. It is in no alphabet: a row that holds it is not a design's kin. */
export const STOP = '*';

/** Share of letters that must be a nucleotide's for a table to be read as DNA. */
const DNA_SHARE = 0.9;

/**
 * The alphabet of a table from its letters: DNA where nine in ten are A, C, G, T, U or N (proteins have about one in
 * four), else protein.
 */
export function guessAlphabet(letters: string): Alphabet {
  const nucleotides = letters.replace(/[^ACGTUN]/gi, '').length;
  return letters.length > 0 && nucleotides >= DNA_SHARE * letters.length ? DNA : PROTEIN;
}

/** The fault of a letter that is not in the alphabet. */
export function letterFault(alphabet: Alphabet, letter: string, where: string): RowFault {
  const rna = alphabet === DNA && letter.toUpperCase() === 'U';
  const protein = alphabet === DNA && PROTEIN.code(letter) >= 0;
  return new RowFault('a letter outside the alphabet', {
    what: `letter ${show(letter)} ${where} is not in the ${alphabet.name} alphabet`,
    expected: `one of ${alphabet.letters}`,
    got: show(letter),
    fix: rna
      ? 'Write RNA with T for U.'
      : protein
        ? 'If these are proteins, say --alphabet protein (alphabet in the library).'
        : 'Correct or remove the row.',
  });
}

/**
 * Letters to codes.
 * @param where what a message calls the text, e.g. ` of the wild type`
 * @throws RowFault naming the first letter outside the alphabet and its place, counted from 1
 */
export function encodeLetters(alphabet: Alphabet, text: string, where = ''): Sequence {
  const codes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = alphabet.code(text[i]);
    if (code < 0)
      throw letterFault(alphabet, String.fromCodePoint(text.codePointAt(i)!), `at place ${i + 1}${where}`);
    codes[i] = code;
  }
  return codes;
}
