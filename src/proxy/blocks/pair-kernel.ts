import type { Sequence } from '../../core/alphabet.js';
import type { LetterEmbedding } from './letters.js';

/** A kernel between any sequence x and some fixed ones z_l. */
export interface SequenceKernel {
  /** Writes `k(x, z_l)` of every l at `offset`. */
  write(sequence: Sequence, out: Float64Array, offset: number): void;
  /** `k(x, x)` */
  own(sequence: Sequence): number;
  /**
   * Adds d/d onehot of `sum_l u_l k(x, z_l)`, of its multilinear extension, at the one-hot x.
   * @param gradient [L x A] from `at` on
   */
  pullBack(sequence: Sequence, u: Float64Array, gradient: Float64Array, at: number): void;
}

/**
 * `k(x, z) = sum_{p<q} s_p s_q = ((sum_p s_p)^2 - sum_p s_p^2) / 2` with `s_p = e(x_p) . e(z_p)`. Both sums start from
 * those of a reference, the most frequent letters of the fixed sequences, and are corrected where x differs from it: among
 * variants of one parent a few positions instead of all.
 * @param positions 0-based, distinct
 * @param fixed z_l
 */
export function pairKernel(
  embedding: LetterEmbedding,
  positions: readonly number[],
  fixed: readonly Sequence[],
): SequenceKernel {
  const S = innerProducts(embedding);
  const A = embedding.letters;
  const m = fixed.length;
  const letters = byPosition(positions, fixed);
  const reference = positions.map((_, i) => mostFrequent(letters.subarray(i * m, (i + 1) * m), A));
  const fromReference = sumsWith(S, A, letters, reference, m);
  const [sum, squares] = [new Float64Array(m), new Float64Array(m)];
  const [shift, squareShift] = [new Float64Array(A), new Float64Array(A)];

  /** `sum_p s_p` and `sum_p s_p^2` with every fixed sequence, into `sum` and `squares`. */
  function sumUp(sequence: Sequence): void {
    sum.set(fromReference.sum);
    squares.set(fromReference.squares);
    positions.forEach((position, i) => {
      const [a, b] = [sequence[position], reference[i]];
      if (a === b) return;
      for (let c = 0; c < A; c++) {
        const [now, before] = [S[a * A + c], S[b * A + c]];
        shift[c] = now - before;
        squareShift[c] = now * now - before * before;
      }
      for (let l = 0, at = i * m; l < m; l++, at++) {
        const letter = letters[at];
        sum[l] += shift[letter];
        squares[l] += squareShift[letter];
      }
    });
  }

  return {
    write(sequence, out, offset) {
      sumUp(sequence);
      for (let l = 0; l < m; l++) out[offset + l] = (sum[l] * sum[l] - squares[l]) / 2;
    },
    own(sequence) {
      let [total, square] = [0, 0];
      for (const position of positions) {
        const s = S[sequence[position] * (A + 1)];
        total += s;
        square += s * s;
      }
      return (total * total - square) / 2;
    },
    pullBack(sequence, u, gradient, at) {
      sumUp(sequence);
      const weighted = sum.map((value, l) => value * u[l]);
      // per letter c of the fixed sequences: sum u_l, and sum u_l (sum_q s_q)
      const [plain, whole] = [new Float64Array(A), new Float64Array(A)];
      positions.forEach((position, i) => {
        plain.fill(0);
        whole.fill(0);
        for (let l = 0, from = i * m; l < m; l++, from++) {
          const letter = letters[from];
          plain[letter] += u[l];
          whole[letter] += weighted[l];
        }
        const [own, to] = [sequence[position] * A, at + position * A];
        for (let c = 0; c < A; c++) {
          const others = whole[c] - S[own + c] * plain[c];
          for (let a = 0; a < A; a++) gradient[to + a] += others * S[a * A + c];
        }
      });
    },
  };
}

function innerProducts({ vectors, width, letters }: LetterEmbedding): Float64Array {
  const S = new Float64Array(letters * letters);
  for (let a = 0; a < letters; a++)
    for (let b = 0; b < letters; b++)
      for (let j = 0; j < width; j++) S[a * letters + b] += vectors[a * width + j] * vectors[b * width + j];
  return S;
}

/** [positions x sequences] */
function byPosition(positions: readonly number[], sequences: readonly Sequence[]): Uint8Array {
  const m = sequences.length;
  const letters = new Uint8Array(positions.length * m);
  sequences.forEach((sequence, l) =>
    positions.forEach((position, i) => (letters[i * m + l] = sequence[position])),
  );
  return letters;
}

function mostFrequent(letters: Uint8Array, A: number): number {
  const counts = new Uint32Array(A);
  for (const letter of letters) counts[letter]++;
  return counts.indexOf(counts.reduce((best, count) => Math.max(best, count), 0));
}

/** Sums of s_p and of its square over the positions, of one sequence with each of m. */
function sumsWith(S: Float64Array, A: number, letters: Uint8Array, reference: readonly number[], m: number) {
  const [sum, squares] = [new Float64Array(m), new Float64Array(m)];
  reference.forEach((a, i) => {
    for (let l = 0; l < m; l++) {
      const s = S[a * A + letters[i * m + l]];
      sum[l] += s;
      squares[l] += s * s;
    }
  });
  return { sum, squares };
}
