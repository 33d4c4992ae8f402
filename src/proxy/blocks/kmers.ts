import { DNA } from '../../core/alphabet.js';
import type { StrandedFeatureMap } from './letter-block.js';
import { letterFeatures } from './letter-block.js';

/**
 * Mean k-mer counts: the share of the sequence's windows of k letters that hold each k-mer; all zeros for a sequence
 * shorter than k. Takes sequences of any length.
 */
export function kmerFeatures(alphabetSize: number, k: number): StrandedFeatureMap {
  const A = alphabetSize;
  return letterFeatures({
    width: A ** k,
    key: `kmers/${A}/${k}`,
    alphabetSize: A,
    partner: A === DNA.size ? (word) => otherStrand(word, k) : undefined,
    write(sequence, out, offset) {
      const windows = sequence.length - k + 1;
      for (let i = 0; i < windows; i++) out[offset + wordAt(sequence, i, k, A)] += 1 / windows;
    },
    pullBack(sequence, v, offset, gradient, at) {
      const windows = sequence.length - k + 1;
      for (let i = 0; i < windows; i++) {
        const word = wordAt(sequence, i, k, A);
        for (let j = 0, place = A ** (k - 1); j < k; j++, place /= A) {
          const without = word - sequence[i + j] * place;
          for (let a = 0; a < A; a++)
            gradient[at + (i + j) * A + a] += v[offset + without + a * place] / windows;
        }
      }
    },
  });
}

/** Number of a DNA word's reverse complement: letters in reverse order, each code c as 3 - c. */
function otherStrand(word: number, k: number): number {
  let other = 0;
  for (let j = 0; j < k; j++, word = Math.floor(word / 4)) other = other * 4 + (3 - (word % 4));
  return other;
}

/** Number of the k-mer at position i, its first letter being the most significant. */
function wordAt(sequence: Uint8Array, i: number, k: number, A: number): number {
  let word = 0;
  for (let j = 0; j < k; j++) word = word * A + sequence[i + j];
  return word;
}

/**
 * Counts of two letters at a distance, wherever they stand: for every distance d from 1 to `reach`, the share of the
 * positions i whose letters (x_i, x_{i+d}) are each pair. Spaced 2-mers: what binding sites share when they move.
 */
export function spacedPairFeatures(alphabetSize: number, reach: number): StrandedFeatureMap {
  const A = alphabetSize;
  return letterFeatures({
    width: reach * A * A,
    key: `spaced-pairs/${A}/${reach}`,
    alphabetSize: A,
    partner: A === DNA.size ? (j) => j - (j % 16) + otherStrand(j % 16, 2) : undefined,
    write(sequence, out, offset) {
      forEachSpaced(sequence.length, reach, (i, j, share, d) => {
        out[offset + ((d - 1) * A + sequence[i]) * A + sequence[j]] += share;
      });
    },
    pullBack(sequence, v, offset, gradient, at) {
      forEachSpaced(sequence.length, reach, (i, j, share, d) => {
        const from = offset + (d - 1) * A * A;
        for (let a = 0; a < A; a++) {
          gradient[at + i * A + a] += share * v[from + a * A + sequence[j]];
          gradient[at + j * A + a] += share * v[from + sequence[i] * A + a];
        }
      });
    },
  });
}

function forEachSpaced(
  length: number,
  reach: number,
  visit: (i: number, j: number, share: number, distance: number) => void,
): void {
  for (let d = 1; d <= Math.min(reach, length - 1); d++) {
    const share = 1 / (length - d);
    for (let i = 0; i + d < length; i++) visit(i, i + d, share, d);
  }
}
