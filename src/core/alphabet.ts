import { InputError } from './errors.js';

/** Letters and their codes. A sequence is a `Uint8Array` of codes of one alphabet. */
export interface Alphabet {
  readonly name: 'protein' | 'dna';
  /** The letters, in code order: code `c` stands for `letters[c]`. */
  readonly letters: string;
  readonly size: number;
  /** Code of a letter (either case), or -1 when it is not in the alphabet. */
  code(letter: string): number;
}

/** Codes of one alphabet, one byte a letter. */
export type Sequence = Uint8Array;

function alphabet(name: Alphabet['name'], letters: string): Alphabet {
  const codes = new Int8Array(128).fill(-1);
  for (let i = 0; i < letters.length; i++) {
    codes[letters.charCodeAt(i)] = i;
    codes[letters.toLowerCase().charCodeAt(i)] = i;
  }
  return {
    name,
    letters,
    size: letters.length,
    code: (letter) => {
      const point = letter.charCodeAt(0);
      return point < 128 ? codes[point] : -1;
    },
  };
}

/** The 20 standard amino acids, alphabetical by one-letter code. */
export const PROTEIN: Alphabet = alphabet('protein', 'ACDEFGHIKLMNPQRSTVWY');
/** The four nucleotides, alphabetical. */
export const DNA: Alphabet = alphabet('dna', 'ACGT');

/**
 * Letters to codes.
 * @throws InputError naming the first letter outside the alphabet and its 1-based position.
 */
export function encode(
  alphabet: Alphabet,
  text: string,
  where: { file?: string; line?: number } = {},
): Sequence {
  const codes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = alphabet.code(text[i]);
    if (code < 0) {
      throw new InputError({
        what: `letter '${text[i]}' at position ${i + 1} is not in the ${alphabet.name} alphabet`,
        ...where,
        expected: `one of ${alphabet.letters}`,
        got: `'${text[i]}'`,
      });
    }
    codes[i] = code;
  }
  return codes;
}

/** Codes to letters. */
export function decode(alphabet: Alphabet, sequence: Sequence): string {
  let text = '';
  for (const code of sequence) text += alphabet.letters[code];
  return text;
}

/** Number of positions at which two sequences of equal length differ. */
export function hammingDistance(a: Sequence, b: Sequence): number {
  let distance = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) distance++;
  return distance;
}
