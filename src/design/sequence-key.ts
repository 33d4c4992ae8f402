import type { Sequence } from '../core/alphabet.js';

/** Letters put into one call of `String.fromCharCode`, well under the limit on the number of arguments. */
const CHUNK = 8192;

/** A string that is equal for equal sequences and only for them: a key for sets and memos. */
export function sequenceKey(sequence: Sequence): string {
  if (sequence.length <= CHUNK) return String.fromCharCode(...sequence);
  let key = '';
  for (let i = 0; i < sequence.length; i += CHUNK)
    key += String.fromCharCode(...sequence.subarray(i, i + CHUNK));
  return key;
}
