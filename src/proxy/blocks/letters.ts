import type { Alphabet } from '../../core/alphabet.js';
import { PROTEIN } from '../../core/alphabet.js';
import { AMINO_ACID_SCALES, standardisedScales } from './scales.js';

/** A vector for each letter; their inner products say how alike letters are. */
export interface LetterEmbedding {
  readonly name: string;
  /** Letters. */
  readonly letters: number;
  /** Numbers a letter. */
  readonly width: number;
  /** [letters x width] row-major. */
  readonly vectors: Float64Array;
}

/** Each letter its own: the identity. */
export function oneHotLetters(alphabet: Alphabet): LetterEmbedding {
  const A = alphabet.size;
  const vectors = new Float64Array(A * A);
  for (let a = 0; a < A; a++) vectors[a * A + a] = 1;
  return { name: 'onehot', letters: A, width: A, vectors };
}

/** The seven physico-chemical scales of an amino acid, each standardised over the 20 letters. */
export function physicoChemicalLetters(): LetterEmbedding {
  return {
    name: 'physchem',
    letters: PROTEIN.size,
    width: AMINO_ACID_SCALES.length,
    vectors: standardisedScales(),
  };
}

/**
 * Letters compared by a Gaussian kernel over the seven standardised scales, `S_ab = exp(-|u_a - u_b|^2 / (2 * 7))`: the
 * vectors are the rows of its Cholesky factor, so that their inner products are the kernel exactly. The bandwidth is the
 * number of scales, half the mean squared distance of two letters.
 */
export function similarLetters(): LetterEmbedding {
  const A = PROTEIN.size;
  return { name: 'similarity', letters: A, width: A, vectors: factor(letterSimilarity(), A) };
}

/** S [20 x 20], the Gaussian similarity of amino acids; see {@link similarLetters}. */
export function letterSimilarity(): Float64Array {
  const A = PROTEIN.size;
  const scales = standardisedScales();
  const width = AMINO_ACID_SCALES.length;
  const S = new Float64Array(A * A);
  for (let a = 0; a < A; a++) {
    for (let b = 0; b < A; b++) {
      let distance = 0;
      for (let s = 0; s < width; s++) distance += (scales[a * width + s] - scales[b * width + s]) ** 2;
      S[a * A + b] = Math.exp(-distance / (2 * width));
    }
  }
  return S;
}

/** Cholesky factor of a positive semi-definite matrix; a pivot lost to rounding gives a zero column. */
function factor(S: Float64Array, n: number): Float64Array {
  const L = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let rest = S[i * n + j];
      for (let k = 0; k < j; k++) rest -= L[i * n + k] * L[j * n + k];
      if (i === j) L[i * n + i] = rest > 1e-12 ? Math.sqrt(rest) : 0;
      else L[i * n + j] = L[j * n + j] > 0 ? rest / L[j * n + j] : 0;
    }
  }
  return L;
}
