import type { Alphabet, Sequence } from '../../core/alphabet.js';
import { appendFeature } from './append-feature.js';
import type { LetterTables, StrandedFeatureMap } from './letter-block.js';

/** Pairs of letters that no measured sequence has side by side although many should. */
export interface AvoidedPairs {
  /** [A x A], 1 where the row's letter is never followed by the column's. */
  readonly mask: Uint8Array;
  /** The pairs in letters, for people. */
  readonly names: readonly string[];
  /** L of the measured sequences. */
  readonly length: number;
}

/** A pair that is expected so often and never seen is avoided: chance leaves one out with probability exp(-12), 6e-6. */
const LEAST_EXPECTED = 12;

/**
 * The pairs of neighbouring letters that a table avoids: never seen, though independent letters, each as frequent as it is
 * at its position, would show them 12 times or more. Null where there are none, and for sequences of several lengths.
 */
export function avoidedPairs(alphabet: Alphabet, sequences: readonly Sequence[]): AvoidedPairs | null {
  const A = alphabet.size;
  const { length } = sequences[0];
  if (sequences.some((sequence) => sequence.length !== length)) return null;
  const letters = new Float64Array(length * A);
  const seen = new Uint32Array(A * A);
  for (const sequence of sequences) {
    for (let i = 0; i < length; i++) letters[i * A + sequence[i]]++;
    for (let i = 1; i < length; i++) seen[sequence[i - 1] * A + sequence[i]]++;
  }
  const mask = seen.map((count, pair) => {
    if (count > 0) return 0;
    const [a, b] = [Math.floor(pair / A), pair % A];
    let expected = 0;
    for (let i = 1; i < length; i++)
      expected += (letters[(i - 1) * A + a] * letters[i * A + b]) / sequences.length;
    return expected >= LEAST_EXPECTED ? 1 : 0;
  });
  const pairs = Array.from(mask.keys()).filter((pair) => mask[pair] === 1);
  if (pairs.length === 0) return null;
  const names = pairs.map((pair) => alphabet.letters[Math.floor(pair / A)] + alphabet.letters[pair % A]);
  return { mask: Uint8Array.from(mask), names, length };
}

/**
 * Features and one more, the last: how many avoided pairs a sequence has. It is 0 on all measured rows, so that nothing is
 * learned by it; whoever fits the others gives it the weight that is believed.
 */
export function withAvoidedPairs(inner: StrandedFeatureMap, avoided: AvoidedPairs): StrandedFeatureMap {
  const { mask, length } = avoided;
  const A = Math.sqrt(mask.length);
  const m = inner.width;
  const D = m + 1;
  const countIn = (sequence: Sequence) => {
    let count = 0;
    for (let i = 1; i < sequence.length; i++) count += mask[sequence[i - 1] * A + sequence[i]];
    return count;
  };
  const tablesOf = (weight: number): LetterTables['pairs'] => {
    const values = Float64Array.from(mask, (is) => weight * is);
    return Array.from({ length: length - 1 }, (_, i) => ({ first: i, second: i + 1, letters: A, values }));
  };
  return {
    width: D,
    key: `${inner.key}+avoided-${avoided.names.join(',')}`,
    async features(sequences, signal) {
      const phi = await inner.features(sequences, signal);
      return appendFeature(phi, m, (b) => countIn(sequences[b]));
    },
    async vjp(sequences, cotangents, K, signal) {
      const copies = sequences.length * K;
      const own = new Float64Array(copies * m);
      for (let c = 0; c < copies; c++) own.set(cotangents.subarray(c * D, c * D + m), c * m);
      const { data: inside, alphabetSize } = await inner.vjp(sequences, own, K, signal);
      const data = Float64Array.from(inside);
      sequences.forEach((sequence, b) => {
        for (let c = b * K; c < (b + 1) * K; c++)
          addSlopes(mask, sequence, cotangents[c * D + m], data, c * sequence.length * A);
      });
      return { data, alphabetSize };
    },
    tables: inner.tables && ((v) => withPairs(inner.tables!(v.subarray(0, m)), tablesOf(v[m]))),
    sum:
      inner.sum &&
      ((v) => {
        const sum = inner.sum!(v.subarray(0, m));
        return sum && ((sequence) => sum(sequence) + v[m] * countIn(sequence));
      }),
  };
}

function withPairs({ sites, pairs }: LetterTables, more: LetterTables['pairs']): LetterTables {
  return { sites, pairs: [...pairs, ...more] };
}

/** Adds the slopes of `weight` times the number of avoided pairs. */
function addSlopes(
  mask: Uint8Array,
  sequence: Sequence,
  weight: number,
  gradient: Float64Array,
  at: number,
): void {
  const A = Math.sqrt(mask.length);
  for (let i = 1; i < sequence.length; i++) {
    for (let a = 0; a < A; a++) {
      gradient[at + (i - 1) * A + a] += weight * mask[a * A + sequence[i]];
      gradient[at + i * A + a] += weight * mask[sequence[i - 1] * A + a];
    }
  }
}
