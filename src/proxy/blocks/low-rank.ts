import type { Sequence } from '../../core/alphabet.js';
import type { FeatureMap } from '../../core/feature-map.js';
import { letterFeatures } from './letter-block.js';
import type { LetterEmbedding } from './letters.js';

/** Features of a kernel that is too wide to be written out, and how well they stand for it. */
export interface LowRankFeatures {
  map: FeatureMap;
  /** Share of the kernel's trace over the rows that the features miss; 0 is exact. */
  error: number;
}

/** Options of {@link lowRankPairs}. */
export interface LowRankOptions {
  /** Largest number of features. Default 1,024. */
  width?: number;
  /** Stops when less than this share of the trace is missing. Default 1e-10. */
  tolerance?: number;
}

/**
 * The pairs of letters at many positions through their kernel, `k(x, z) = sum_{p<q} s_p s_q`, `s_p = e(x_p) . e(z_p)`, by
 * the Nystroem method with landmarks from a pivoted Cholesky factorisation (Fine & Scheinberg, JMLR 2, 243, 2001): each
 * landmark is the row that the earlier ones miss most. With all rows as landmarks, a ridge on these features is the ridge
 * on all pairs exactly.
 * @param rows sequences that landmarks are taken from
 */
export function lowRankPairs(
  embedding: LetterEmbedding,
  positions: readonly number[],
  rows: readonly Sequence[],
  { width = 1024, tolerance = 1e-10 }: LowRankOptions = {},
): LowRankFeatures {
  const S = innerProducts(embedding);
  const A = embedding.letters;
  const kernel = (x: Sequence, z: Sequence) => {
    let [sum, squares] = [0, 0];
    for (const p of positions) {
      const s = S[x[p] * A + z[p]];
      sum += s;
      squares += s * s;
    }
    return (sum * sum - squares) / 2;
  };
  const { landmarks, factor, error } = pivotedCholesky(rows, kernel, width, tolerance);
  const m = landmarks.length;
  const names = landmarks.map((row) => Buffer.from(row).toString('latin1')).join('/');
  const map = letterFeatures({
    width: m,
    key: `low-rank-pairs/${embedding.name}/${positions.join(',')}/${names}`,
    alphabetSize: A,
    write(sequence, out, offset) {
      for (let i = 0; i < m; i++) {
        let rest = kernel(sequence, landmarks[i]);
        for (let j = 0; j < i; j++) rest -= factor[i * m + j] * out[offset + j];
        out[offset + i] = rest / factor[i * m + i];
      }
    },
    pullBack(sequence, v, offset, gradient, at) {
      const u = solveTransposed(factor, m, v, offset);
      landmarks.forEach((landmark, l) => {
        let sum = 0;
        for (const p of positions) sum += S[sequence[p] * A + landmark[p]];
        for (const p of positions) {
          const others = u[l] * (sum - S[sequence[p] * A + landmark[p]]);
          for (let a = 0; a < A; a++) gradient[at + p * A + a] += others * S[a * A + landmark[p]];
        }
      });
    },
  });
  return { map, error };
}

function innerProducts({ vectors, width, letters }: LetterEmbedding): Float64Array {
  const S = new Float64Array(letters * letters);
  for (let a = 0; a < letters; a++)
    for (let b = 0; b < letters; b++)
      for (let j = 0; j < width; j++) S[a * letters + b] += vectors[a * width + j] * vectors[b * width + j];
  return S;
}

/** Landmarks, the lower triangular factor of their kernel [m x m], and the share of the trace that they miss. */
function pivotedCholesky(
  rows: readonly Sequence[],
  kernel: (x: Sequence, z: Sequence) => number,
  width: number,
  tolerance: number,
) {
  const n = rows.length;
  const missing = Float64Array.from(rows, (row) => kernel(row, row));
  const trace = missing.reduce((sum, value) => sum + value, 0);
  const columns: Float64Array[] = [];
  const pivots: number[] = [];
  let left = trace;
  while (pivots.length < Math.min(width, n) && left > tolerance * trace) {
    const pivot = missing.indexOf(missing.reduce((best, value) => Math.max(best, value), 0));
    if (!(missing[pivot] > 1e-12 * trace)) break;
    const root = Math.sqrt(missing[pivot]);
    const column = new Float64Array(n);
    rows.forEach((row, i) => {
      if (missing[i] === 0) return;
      let rest = kernel(row, rows[pivot]);
      for (const earlier of columns) rest -= earlier[i] * earlier[pivot];
      column[i] = rest / root;
    });
    column[pivot] = root;
    columns.push(column);
    pivots.push(pivot);
    for (let i = 0; i < n; i++) missing[i] = Math.max(0, missing[i] - column[i] * column[i]);
    for (const row of pivots) missing[row] = 0;
    left = missing.reduce((sum, value) => sum + value, 0);
  }
  const m = pivots.length;
  const factor = new Float64Array(m * m);
  pivots.forEach((row, i) => {
    for (let j = 0; j <= i; j++) factor[i * m + j] = columns[j][row];
  });
  return { landmarks: pivots.map((row) => rows[row]), factor, error: trace > 0 ? left / trace : 0 };
}

/** Solves `L^T u = v`. */
function solveTransposed(L: Float64Array, m: number, v: Float64Array, offset: number): Float64Array {
  const u = v.slice(offset, offset + m);
  for (let i = m - 1; i >= 0; i--) {
    u[i] /= L[i * m + i];
    for (let j = 0; j < i; j++) u[j] -= L[i * m + j] * u[i];
  }
  return u;
}
