import type { Sequence } from '../core/alphabet.js';
import { forcedFrom } from './space.js';
import type { Space } from './space.js';

/**
 * The sequences of a space in the order of their codes, one at a time, so that work can be done between them. Yields one
 * buffer whose content changes: copy what is to be kept.
 */
export function* walkSpace(space: Space): Generator<Sequence> {
  const { mask, length, alphabetSize: A, base } = space;
  const sequence = new Uint8Array(length);
  const forced = forcedFrom(space);
  // mutations left before position i
  const left = new Int32Array(length + 1);
  left[0] = base === null ? length : space.max;
  if (forced[0] > left[0]) return;
  /** The next letter at i from `from` on that can still be completed, or -1. */
  const nextLetter = (i: number, from: number): number => {
    for (let a = from; a < A; a++) {
      if (mask[i * A + a] !== 1) continue;
      const rest = left[i] - (base !== null && a !== base[i] ? 1 : 0);
      if (rest < forced[i + 1]) continue;
      left[i + 1] = rest;
      return a;
    }
    return -1;
  };
  let i = 0;
  let from = 0;
  for (;;) {
    if (i === length) {
      yield sequence;
    } else {
      const letter = nextLetter(i, from);
      if (letter >= 0) {
        sequence[i++] = letter;
        from = 0;
        continue;
      }
    }
    if (i-- === 0) return;
    from = sequence[i] + 1;
  }
}
