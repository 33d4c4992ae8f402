import type { Sequence } from '../../core/alphabet.js';
import type { StrandedFeatureMap } from './letter-block.js';
import { letterFeatures } from './letter-block.js';

/**
 * Whether two letters stand at a distance anywhere: for every distance d from 1 to `reach` and every two letters, 1 if
 * `(x_i, x_{i+d})` is this pair for some i, else 0. What a library of random sequences has in common where a motif may stand
 * anywhere. Takes sequences of any length.
 *
 * The slopes are those of `1 - prod_i (1 - x_i[a] x_{i+d}[b])`: a pair counts once however often it stands, so losing one of
 * two changes nothing.
 */
export function motifPairFeatures(alphabetSize: number, reach: number): StrandedFeatureMap {
  const A = alphabetSize;
  const width = reach * A * A;
  const counts = new Uint16Array(width);
  const count = (sequence: Sequence) => {
    counts.fill(0);
    forEachPair(sequence, reach, A, (pair) => counts[pair]++);
  };
  return letterFeatures({
    width,
    key: `motif-pairs/${A}/${reach}`,
    alphabetSize: A,
    write(sequence, out, offset) {
      forEachPair(sequence, reach, A, (pair) => (out[offset + pair] = 1));
    },
    pullBack(sequence, v, offset, gradient, at) {
      count(sequence);
      forEachPair(sequence, reach, A, (pair, i, j, first) => {
        // a pair that stands elsewhere too is there whatever happens here
        const slope = (other: number) =>
          counts[other] - (other === pair ? 1 : 0) === 0 ? v[offset + other] : 0;
        for (let a = 0; a < A; a++) {
          gradient[at + i * A + a] += slope(first + a * A + sequence[j]);
          gradient[at + j * A + a] += slope(first + sequence[i] * A + a);
        }
      });
    },
    sum: (v) => (sequence) => {
      count(sequence);
      let sum = 0;
      forEachPair(sequence, reach, A, (pair) => {
        if (counts[pair] > 0) sum += v[pair];
        counts[pair] = 0;
      });
      return sum;
    },
  });
}

/** @param visit the pair's feature, its two positions, and the first feature of its distance */
function forEachPair(
  sequence: Sequence,
  reach: number,
  A: number,
  visit: (pair: number, i: number, j: number, first: number) => void,
): void {
  for (let d = 1; d <= Math.min(reach, sequence.length - 1); d++) {
    const first = (d - 1) * A * A;
    for (let i = 0; i + d < sequence.length; i++)
      visit(first + sequence[i] * A + sequence[i + d], i, i + d, first);
  }
}
