import { Buffer } from 'node:buffer';
import type { Sequence } from './alphabet.js';

/**
 * A string that is equal for equal sequences and only for them: a key for sets and memos. Keys of sequences of one length
 * sort as their codes do.
 */
export function sequenceKey(sequence: Sequence): string {
  return Buffer.from(sequence.buffer, sequence.byteOffset, sequence.byteLength).toString('latin1');
}
