import type { Alphabet, Sequence } from '../../core/alphabet.js';
import { type LetterMap, windowCode } from './letters.js';

/**
 * d f / d onehot letters from d f / d onehot tokens, at a discrete sequence: a letter's entry collects from every token
 * that holds it, in the column of that token's text with the letter changed. For a token a letter it is a choice of
 * columns; for overlapping k-mers each letter collects from up to k tokens.
 * @param tokenGradient [T x V] row-major, special tokens included
 * @param vocabularySize V, columns of `tokenGradient` (the embedding's rows, which may be more than the vocabulary)
 * @returns [L x A] row-major, letters in the alphabet's order
 */
export function letterGradient(
  map: LetterMap,
  alphabet: Alphabet,
  sequence: Sequence,
  tokenGradient: Float32Array | Float64Array,
  vocabularySize: number,
): Float64Array {
  const size = alphabet.size;
  const out = new Float64Array(sequence.length * size);
  for (const window of map.windows(sequence.length)) {
    const columns = map.columns(alphabet, window.length);
    const row = window.token * vocabularySize;
    const code = windowCode(sequence, window, size);
    let place = 1;
    for (let i = window.start + window.length - 1; i >= window.start; i--, place *= size) {
      const without = code - sequence[i] * place;
      for (let a = 0; a < size; a++) out[i * size + a] += tokenGradient[row + columns[without + a * place]];
    }
  }
  return out;
}
