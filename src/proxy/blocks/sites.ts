import { DNA } from '../../core/alphabet.js';
import { dot } from '../linear-algebra.js';
import type { StrandedFeatureMap } from './letter-block.js';
import { letterFeatures } from './letter-block.js';
import type { LetterEmbedding } from './letters.js';

/**
 * The letters at given positions, each by its vector, side by side: `phi(x) = [e(x_p1), e(x_p2), ...]`. With one-hot
 * letters the block `onehot`, with scales `physchem`, with similar letters the sites of `similarity`.
 * @param positions 0-based, distinct
 */
export function siteFeatures(embedding: LetterEmbedding, positions: readonly number[]): StrandedFeatureMap {
  const { vectors, width: r, letters: A } = embedding;
  return letterFeatures({
    width: positions.length * r,
    key: `sites/${embedding.name}/${positions.join(',')}`,
    alphabetSize: A,
    partner: mirrored(embedding, positions)
      ? (j) => (positions.length - 1 - Math.floor(j / r)) * r + (r - 1 - (j % r))
      : undefined,
    tables: (v) => ({
      pairs: [],
      sites: positions.map((position, p) => ({
        position,
        values: Float64Array.from({ length: A }, (_, a) =>
          dot(v.subarray(p * r, (p + 1) * r), vectors.subarray(a * r, (a + 1) * r)),
        ),
      })),
    }),
    write(sequence, out, offset) {
      positions.forEach((position, p) => {
        const letter = sequence[position];
        out.set(vectors.subarray(letter * r, (letter + 1) * r), offset + p * r);
      });
    },
    pullBack(_sequence, v, offset, gradient, at) {
      positions.forEach((position, p) => {
        for (let a = 0; a < A; a++) {
          let sum = 0;
          for (let j = 0; j < r; j++) sum += vectors[a * r + j] * v[offset + p * r + j];
          gradient[at + position * A + a] += sum;
        }
      });
    },
  });
}

/**
 * Whether one-hot DNA letters at these positions are closed under reverse complement: position p's mirror image is the
 * position as far from the list's end, which needs ascending positions with a common centre.
 */
export function mirrored({ name, letters }: LetterEmbedding, positions: readonly number[]): boolean {
  const span = positions[0] + positions[positions.length - 1];
  return (
    name === 'onehot' &&
    letters === DNA.size &&
    positions.every((position, i) => position + positions[positions.length - 1 - i] === span)
  );
}
