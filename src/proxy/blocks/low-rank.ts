import type { Sequence } from '../../core/alphabet.js';
import { solveRows } from '../evidence/tiled-solve.js';
import { dot } from '../linear-algebra.js';
import type { StrandedFeatureMap } from './letter-block.js';
import { letterFeatures } from './letter-block.js';
import type { SequenceKernel } from './pair-kernel.js';

/** Features of a kernel that is too wide to be written out, and how well they stand for it. */
export interface LowRankFeatures {
  map: StrandedFeatureMap;
  /** Share of the kernel's trace over the rows that the features miss; 0 is exact. */
  error: number;
}

/** A kernel whose features are wanted. */
export interface KernelSource {
  /** Tells kernels apart. */
  readonly key: string;
  /** Letters of the alphabet. */
  readonly alphabetSize: number;
  /** The kernel with some fixed sequences. */
  between(fixed: readonly Sequence[]): SequenceKernel;
}

/** Options of {@link lowRankFeatures}. */
export interface LowRankOptions {
  /** Largest number of features. Default 1,024. */
  width?: number;
  /** Stops when less than this share of the trace is missing. Default 1e-10. */
  tolerance?: number;
}

/**
 * Features of a kernel that has too many to be written out, such as the pairs of letters at many positions, by the
 * Nystroem method with landmarks from a pivoted Cholesky factorisation (Fine & Scheinberg, JMLR 2, 243, 2001): each
 * landmark is the row that the earlier ones miss most. With all rows as landmarks, a ridge on these features is the ridge
 * on all of the kernel's exactly. The features solve `L phi = k` for the landmarks' factor L; those of the rows come with the
 * factorisation and are kept, and `<v, phi> = (L^-T v) . k` needs none.
 * @param rows sequences that landmarks are taken from
 */
export function lowRankFeatures(
  source: KernelSource,
  rows: readonly Sequence[],
  { width = 1024, tolerance = 1e-10 }: LowRankOptions = {},
): LowRankFeatures {
  const { pivots, phi, error } = pivotedCholesky(rows, source.between(rows), width, tolerance);
  const m = pivots.length;
  const landmarks = pivots.map((row) => rows[row]);
  const factor = new Float64Array(m * m);
  pivots.forEach((row, i) => factor.set(phi.subarray(row * m, (row + 1) * m), i * m));
  const kernel = source.between(landmarks);
  const rowOf = new Map(rows.map((sequence, row) => [textOf(sequence), row]));
  const map = letterFeatures({
    width: m,
    key: `low-rank/${source.key}/${landmarks.map(textOf).join('/')}`,
    alphabetSize: source.alphabetSize,
    writeAll(sequences, out) {
      const rest: number[] = [];
      sequences.forEach((sequence, b) => {
        const row = rowOf.get(textOf(sequence));
        if (row === undefined) rest.push(b);
        else out.set(phi.subarray(row * m, (row + 1) * m), b * m);
      });
      solveBatches(kernel, factor, m, sequences, rest, out);
    },
    pullBack(sequence, v, offset, gradient, at) {
      kernel.pullBack(sequence, solveTransposed(factor, m, v, offset), gradient, at);
    },
    sum(v) {
      const u = solveTransposed(factor, m, v, 0);
      const k = new Float64Array(m);
      return (sequence) => {
        kernel.write(sequence, k, 0);
        return dot(u, k);
      };
    },
  });
  return { map, error };
}

/** What tells sequences apart. */
function textOf(sequence: Sequence): string {
  return Buffer.from(sequence).toString('latin1');
}

/** Sequences solved for together: their features stay in the cache while L passes by. */
const BATCH = 32;

/** Features of the sequences numbered `rest`. */
function solveBatches(
  kernel: SequenceKernel,
  factor: Float64Array,
  m: number,
  sequences: readonly Sequence[],
  rest: readonly number[],
  out: Float64Array,
): void {
  const X = new Float64Array(Math.min(BATCH, rest.length) * m);
  for (let from = 0; from < rest.length; from += BATCH) {
    const batch = rest.slice(from, from + BATCH);
    batch.forEach((b, i) => kernel.write(sequences[b], X, i * m));
    solveRows(factor, m, X, batch.length);
    batch.forEach((b, i) => out.set(X.subarray(i * m, (i + 1) * m), b * m));
  }
}

/**
 * @param kernel with the rows as fixed sequences
 * @returns the landmarks' rows, the features of all rows [n x m], and the share of the kernel's trace that they miss. The
 * features of the landmarks are a lower triangular matrix.
 */
function pivotedCholesky(
  rows: readonly Sequence[],
  kernel: SequenceKernel,
  width: number,
  tolerance: number,
) {
  const n = rows.length;
  const most = Math.min(width, n);
  const missing = Float64Array.from(rows, (row) => kernel.own(row));
  const trace = missing.reduce((sum, value) => sum + value, 0);
  const phi = new Float64Array(n * most);
  const column = new Float64Array(n);
  const pivots: number[] = [];
  let left = trace;
  while (pivots.length < most && left > tolerance * trace) {
    const pivot = missing.indexOf(missing.reduce((best, value) => Math.max(best, value), 0));
    if (!(missing[pivot] > 1e-12 * trace)) break;
    const root = Math.sqrt(missing[pivot]);
    const j = pivots.length;
    kernel.write(rows[pivot], column, 0);
    subtractProducts(column, phi, most, j, pivot);
    pivots.push(pivot);
    for (let i = 0; i < n; i++) {
      if (missing[i] === 0) continue;
      const value = i === pivot ? root : column[i] / root;
      phi[i * most + j] = value;
      missing[i] = i === pivot ? 0 : Math.max(0, missing[i] - value * value);
    }
    left = missing.reduce((sum, value) => sum + value, 0);
  }
  return { pivots, phi: firstColumns(phi, n, most, pivots.length), error: trace > 0 ? left / trace : 0 };
}

/** `column[i] -= sum_{k < j} phi[i, k] phi[pivot, k]` of all rows, four at a time. */
function subtractProducts(
  column: Float64Array,
  phi: Float64Array,
  width: number,
  j: number,
  pivot: number,
): void {
  const n = column.length;
  const at = pivot * width;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    const [r0, r1, r2, r3] = [i * width, (i + 1) * width, (i + 2) * width, (i + 3) * width];
    let [s0, s1, s2, s3] = [column[i], column[i + 1], column[i + 2], column[i + 3]];
    for (let k = 0; k < j; k++) {
      const p = phi[at + k];
      s0 -= phi[r0 + k] * p;
      s1 -= phi[r1 + k] * p;
      s2 -= phi[r2 + k] * p;
      s3 -= phi[r3 + k] * p;
    }
    column[i] = s0;
    column[i + 1] = s1;
    column[i + 2] = s2;
    column[i + 3] = s3;
  }
  for (; i < n; i++) for (let k = 0; k < j; k++) column[i] -= phi[i * width + k] * phi[at + k];
}

function firstColumns(A: Float64Array, rows: number, from: number, to: number): Float64Array {
  if (to === from) return A;
  const out = new Float64Array(rows * to);
  for (let i = 0; i < rows; i++) out.set(A.subarray(i * from, i * from + to), i * to);
  return out;
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
