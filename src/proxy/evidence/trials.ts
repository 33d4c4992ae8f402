import { dot, solveCholesky } from '../linear-algebra.js';
import { forEachBlock } from './evidence.js';
import type { Part } from './parts.js';
import { rowProducts } from './row-products.js';
import { factor } from './tiled-cholesky.js';

/** What trials are made of: standardised features of some rows and what is to be predicted. */
export interface TrialData {
  /** [N x D] row-major, each block centred with mean squared norm 1. */
  phi: Float64Array;
  /** Widths of the blocks; they add up to D. */
  widths: readonly number[];
  /** [targets][N], the scores under each transform, standardised. */
  targets: readonly Float64Array[];
  parts: readonly Part[];
}

/** Fits a set of blocks to each part's training rows and predicts its test rows. */
export interface Trials {
  /**
   * Ridge regression with intercept, penalty `ridge * number of blocks` (the paper's `beta = ridge tr(K) / N`, and the ratio
   * of noise to signal).
   * @returns [parts][targets][test rows]
   */
  predict(blocks: readonly number[], ridge: number): Float64Array[][];
}

/** Trials by sums where the features are fewer than the rows, else by kernels. */
export function createTrials(data: TrialData): Trials {
  const rows = data.targets[0].length;
  const width = data.phi.length / rows;
  return width <= 0.8 * rows ? primalTrials(data, width) : dualTrials(data, width, rows);
}

/** Centred sums of a part's training rows. */
interface PartSums {
  G: Float64Array;
  /** [targets][D] */
  b: Float64Array[];
  /** [D] mean features. */
  mean: Float64Array;
  /** [targets] */
  targetMeans: number[];
}

function primalTrials({ phi, widths, targets, parts }: TrialData, D: number): Trials {
  const sums = parts.map(({ train }) => centredSums(phi, D, targets, train));
  const columns = columnsOf(widths);
  return {
    predict(blocks, ridge) {
      const use = blocks.flatMap((block) => columns[block]);
      const penalty = ridge * blocks.length;
      return parts.map(({ test }, p) => {
        const { G, b, mean, targetMeans } = sums[p];
        const L = factor(subMatrix(G, D, use, penalty), use.length);
        const x = gather(phi, D, test, use, mean);
        return targets.map((_, t) => {
          const w = solveCholesky(
            L,
            use.map((j) => b[t][j]),
          );
          return rowsTimes(x, use.length, w, targetMeans[t]);
        });
      });
    },
  };
}

/** Feature numbers of each block. */
function columnsOf(widths: readonly number[]): number[][] {
  const columns: number[][] = [];
  forEachBlock(widths, (_, from, to) => columns.push(Array.from({ length: to - from }, (_v, i) => from + i)));
  return columns;
}

function centredSums(
  phi: Float64Array,
  D: number,
  targets: readonly Float64Array[],
  rows: Uint32Array,
): PartSums {
  const n = rows.length;
  const mean = new Float64Array(D);
  for (const row of rows) for (let j = 0; j < D; j++) mean[j] += phi[row * D + j] / n;
  const targetMeans = targets.map((y) => rows.reduce((sum, row) => sum + y[row], 0) / n);
  const G = new Float64Array(D * D);
  const b = targets.map(() => new Float64Array(D));
  const x = new Float64Array(4 * D);
  for (let first = 0; first < n; first += 4) {
    const count = Math.min(4, n - first);
    x.fill(0);
    for (let r = 0; r < count; r++) {
      const row = rows[first + r];
      for (let j = 0; j < D; j++) x[r * D + j] = phi[row * D + j] - mean[j];
      targets.forEach((y, t) => {
        const value = y[row] - targetMeans[t];
        for (let j = 0; j < D; j++) b[t][j] += value * x[r * D + j];
      });
    }
    addFourRows(G, x, D);
  }
  return { G, b, mean, targetMeans };
}

/** lower(G) += X^T X for four rows. */
function addFourRows(G: Float64Array, x: Float64Array, D: number): void {
  for (let i = 0; i < D; i++) {
    const [a0, a1, a2, a3] = [x[i], x[D + i], x[2 * D + i], x[3 * D + i]];
    const row = i * D;
    for (let j = 0; j <= i; j++)
      G[row + j] += a0 * x[j] + a1 * x[D + j] + a2 * x[2 * D + j] + a3 * x[3 * D + j];
  }
}

/** The lower triangle of G at some columns, with the penalty on the diagonal. */
function subMatrix(G: Float64Array, D: number, use: readonly number[], penalty: number): Float64Array {
  const n = use.length;
  const A = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) A[i * n + j] = G[use[i] * D + use[j]];
    A[i * n + i] += penalty;
  }
  return A;
}

function gather(
  phi: Float64Array,
  D: number,
  rows: Uint32Array,
  use: readonly number[],
  mean: Float64Array,
): Float64Array {
  const x = new Float64Array(rows.length * use.length);
  let at = 0;
  for (const row of rows) for (const j of use) x[at++] = phi[row * D + j] - mean[j];
  return x;
}

function rowsTimes(x: Float64Array, width: number, w: Float64Array, bias: number): Float64Array {
  return Float64Array.from(
    { length: x.length / width },
    (_, i) => dot(w, x.subarray(i * width, (i + 1) * width)) + bias,
  );
}

function dualTrials({ phi, widths, targets, parts }: TrialData, D: number, N: number): Trials {
  const kernels = blockKernels(phi, D, widths, N);
  return {
    predict(blocks, ridge) {
      const K = sumOf(blocks.map((block) => kernels[block]));
      const penalty = ridge * blocks.length;
      return parts.map(({ train, test }) => {
        const { inner, outer } = centredKernel(K, N, train, test);
        const n = train.length;
        for (let i = 0; i < n; i++) inner[i * n + i] += penalty;
        const L = factor(inner, n);
        return targets.map((y) => {
          const mean = train.reduce((sum, row) => sum + y[row], 0) / n;
          const alpha = solveCholesky(
            L,
            Float64Array.from(train, (row) => y[row] - mean),
          );
          return rowsTimes(outer, n, alpha, mean);
        });
      });
    },
  };
}

/** K_b = Phi_b Phi_b^T of each block, [N x N]. */
export function blockKernels(
  phi: Float64Array,
  D: number,
  widths: readonly number[],
  N: number,
): Float64Array[] {
  const kernels: Float64Array[] = [];
  forEachBlock(widths, (_, from, to) => kernels.push(rowProducts(phi, N, D, from, to)));
  return kernels;
}

function sumOf(matrices: readonly Float64Array[]): Float64Array {
  const sum = matrices[0].slice();
  for (const matrix of matrices.slice(1)) for (let i = 0; i < sum.length; i++) sum[i] += matrix[i];
  return sum;
}

/** The kernel within the training rows and from test rows to them, as of features centred at the training rows' mean. */
export function centredKernel(K: Float64Array, N: number, train: Uint32Array, test: Uint32Array) {
  const n = train.length;
  const means = Float64Array.from(train, (row) => {
    let sum = 0;
    for (const other of train) sum += K[row * N + other];
    return sum / n;
  });
  const overall = means.reduce((sum, value) => sum + value, 0) / n;
  const inner = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++)
      inner[i * n + j] = K[train[i] * N + train[j]] - means[i] - means[j] + overall;
  const outer = new Float64Array(test.length * n);
  test.forEach((row, i) => {
    let own = 0;
    for (const other of train) own += K[row * N + other] / n;
    for (let j = 0; j < n; j++) outer[i * n + j] = K[row * N + train[j]] - own - means[j] + overall;
  });
  return { inner, outer };
}
