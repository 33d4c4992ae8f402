import { DNA, type Sequence } from './alphabet.js';
import { internal } from './errors.js';

/** Codes of DNA are A, C, G, T in this order, so the complement of code c is 3 - c. */
const LAST = DNA.size - 1;

/**
 * The other strand of a double-stranded DNA, read 5' to 3': the letters in reverse order, A with T and C with G
 * exchanged. Applying it twice gives the sequence back. Not to be confused with the complement without reversal.
 * @param sequence codes of `DNA`
 */
export function reverseComplement(sequence: Sequence): Sequence {
  const L = sequence.length;
  const other = new Uint8Array(L);
  for (let i = 0; i < L; i++) {
    if (sequence[i] > LAST) throw internal(`reverseComplement: code ${sequence[i]} is not DNA`);
    other[L - 1 - i] = LAST - sequence[i];
  }
  return other;
}

/** Whether a sequence is its own reverse complement. */
export function isPalindrome(sequence: Sequence): boolean {
  const L = sequence.length;
  for (let i = 0; i < L; i++) if (sequence[i] + sequence[L - 1 - i] !== LAST) return false;
  return true;
}

/**
 * One representative of a sequence and its reverse complement: the one whose codes come first. Equal for the two, so it
 * names the group of rows that share a score in a table of double-stranded DNA.
 */
export function canonicalStrand(sequence: Sequence): Sequence {
  const L = sequence.length;
  for (let i = 0; i < L; i++) {
    const other = LAST - sequence[L - 1 - i];
    if (sequence[i] !== other) return sequence[i] < other ? sequence : reverseComplement(sequence);
  }
  return sequence;
}
