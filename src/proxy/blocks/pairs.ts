import type { StrandedFeatureMap } from './letter-block.js';
import { letterFeatures } from './letter-block.js';
import type { LetterEmbedding } from './letters.js';
import { dot } from '../linear-algebra.js';
import { mirrored } from './sites.js';

/** Number of features of {@link pairFeatures}. */
export function pairWidth(letterWidth: number, positions: number): number {
  return ((positions * (positions - 1)) / 2) * letterWidth ** 2;
}

/**
 * Products of the letters at every pair of given positions: `phi(x) = [e(x_p) (x) e(x_q) for p < q]`, whose kernel is the
 * sum over pairs of the product of the letters' kernels. With one-hot letters the block `pairs`, with similar letters the
 * pairs of `similarity`.
 * @param positions 0-based, distinct
 */
export function pairFeatures(embedding: LetterEmbedding, positions: readonly number[]): StrandedFeatureMap {
  const { vectors, width: r, letters: A } = embedding;
  const couples = positions.flatMap((p, i) => positions.slice(i + 1).map((q) => [p, q] as const));
  const support = supportOf(embedding);
  return letterFeatures({
    width: couples.length * r * r,
    key: `pairs/${embedding.name}/${positions.join(',')}`,
    alphabetSize: A,
    partner: mirrored(embedding, positions) ? (j) => otherStrand(j, positions.length, r) : undefined,
    tables: (v) => ({
      sites: [],
      pairs: couples.map(([first, second], c) => ({
        ...{ first, second, letters: A },
        values: bilinear(embedding, v.subarray(c * r * r, (c + 1) * r * r)),
      })),
    }),
    write(sequence, out, offset) {
      couples.forEach(([p, q], c) => {
        const [a, b] = [sequence[p] * r, sequence[q] * r];
        const to = offset + c * r * r;
        for (const j of support[sequence[p]])
          for (const k of support[sequence[q]]) out[to + j * r + k] = vectors[a + j] * vectors[b + k];
      });
    },
    pullBack(sequence, v, offset, gradient, at) {
      const left = new Float64Array(r);
      const right = new Float64Array(r);
      couples.forEach(([p, q], c) => {
        const from = offset + c * r * r;
        left.fill(0);
        right.fill(0);
        for (const k of support[sequence[q]])
          for (let j = 0; j < r; j++) left[j] += v[from + j * r + k] * vectors[sequence[q] * r + k];
        for (const j of support[sequence[p]])
          for (let k = 0; k < r; k++) right[k] += v[from + j * r + k] * vectors[sequence[p] * r + j];
        addProducts(embedding, left, gradient, at + p * A);
        addProducts(embedding, right, gradient, at + q * A);
      });
    },
  });
}

/** Where the pair (p, q) of letters (a, b) lies on the other strand: the pair (n-1-q, n-1-p) of letters (3-b, 3-a). */
function otherStrand(feature: number, n: number, r: number): number {
  let couple = Math.floor(feature / (r * r));
  let p = 0;
  for (; couple >= n - 1 - p; p++) couple -= n - 1 - p;
  const q = p + 1 + couple;
  const [a, b] = [Math.floor(feature / r) % r, feature % r];
  const [left, right] = [n - 1 - q, n - 1 - p];
  const before = (left * (2 * n - left - 1)) / 2;
  return (before + right - left - 1) * r * r + (r - 1 - b) * r + (r - 1 - a);
}

/** `e(a)^T V e(b)` of all letters a and b, [A x A]. */
function bilinear({ vectors, width: r, letters: A }: LetterEmbedding, V: Float64Array): Float64Array {
  const half = new Float64Array(A * r);
  for (let a = 0; a < A; a++)
    for (let j = 0; j < r; j++)
      for (let k = 0; k < r; k++) half[a * r + k] += vectors[a * r + j] * V[j * r + k];
  const out = new Float64Array(A * A);
  for (let a = 0; a < A; a++)
    for (let b = 0; b < A; b++)
      out[a * A + b] = dot(half.subarray(a * r, (a + 1) * r), vectors.subarray(b * r, (b + 1) * r));
  return out;
}

/** The entries of each letter's vector that are not zero: one of a one-hot letter. */
function supportOf({ vectors, width, letters }: LetterEmbedding): number[][] {
  return Array.from({ length: letters }, (_, a) =>
    Array.from({ length: width }, (_, j) => j).filter((j) => vectors[a * width + j] !== 0),
  );
}

/** gradient[a] += e(a) . u for every letter a. */
function addProducts(
  { vectors, width, letters }: LetterEmbedding,
  u: Float64Array,
  gradient: Float64Array,
  at: number,
): void {
  for (let a = 0; a < letters; a++) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += vectors[a * width + j] * u[j];
    gradient[at + a] += sum;
  }
}
