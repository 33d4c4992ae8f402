import {
  dot,
  multiply,
  multiplyTransposed,
  rowsOf,
  solveCholesky,
  squaredForward,
} from '../linear-algebra.js';
import { forEachBlock } from '../evidence/evidence.js';
import { times, timesTransposed } from '../products.js';
import { factor } from '../evidence/tiled-cholesky.js';
import { solveRows } from '../evidence/tiled-solve.js';
import { blockKernels } from '../evidence/trials.js';

/**
 * The measured rows as ridge regressions need them: centred, scaled features in blocks, as sums where the features are fewer
 * than the rows and as the rows themselves where they are more. All vectors are in feature coordinates.
 */
export interface Measured {
  /** D */
  readonly width: number;
  /** N */
  readonly rows: number;
  /** Phi^T y of target t, [D]. */
  product(target: number): Float64Array;
  /** Phi^T Phi v, [D]. */
  times(v: ArrayLike<number>): Float64Array;
  /** What the rows make of each row v of V [B x D]; the rows are read once for all of them. */
  images(V: Float64Array): Promise<Image[]>;
  /** `Phi^T Phi v`, [D], of each. */
  timesImages(images: readonly Image[]): Promise<Float64Array[]>;
  /** The same rows with each block's features multiplied by a factor [blocks]; 0 leaves the block out. */
  scaled(factors: ArrayLike<number>): Measured;
  /** Solves ridge regressions of one penalty. */
  solver(penalty: number): RidgeSolver;
}

/** See {@link Measured}. */
export interface Image {
  /** `v^T Phi^T Phi v` */
  readonly quadratic: number;
  /** `Phi v` [N] where the rows are kept, `Phi^T Phi v` [D] where their sums are. */
  readonly vector: Float64Array;
}

/** See {@link Measured}. */
export interface RidgeSolver {
  /** Ridge weights of target t, `(Phi^T Phi + penalty I)^-1 Phi^T y`, [D]. */
  weights(target: number): Float64Array;
  /** `v^T (Phi^T Phi + penalty I)^-1 v`, the leverage of features v. */
  quadratic(v: ArrayLike<number>): number;
  /** The same of each row v of V [B x D]; the rows are read once for all of them. */
  quadratics(V: Float64Array): Promise<Float64Array>;
  /** `V (Phi^T Phi + penalty I)^-1 V^T`, [B x B], of rows V [B x D]; its diagonal are the quadratics. */
  joint(V: Float64Array): Promise<Float64Array>;
}

/** Rows as sums; everything costs at most D^3. */
export interface MeasuredSums {
  /** Phi^T Phi [D x D] */
  G: Float64Array;
  /** [targets][D] Phi^T y */
  targets: readonly Float64Array[];
  rows: number;
  /** Widths of the blocks; they add up to D. */
  widths: readonly number[];
}

/** See {@link MeasuredSums}. */
export function measuredBySums(sums: MeasuredSums): Measured {
  const { G, targets, rows, widths } = sums;
  const D = targets[0].length;
  return {
    width: D,
    rows,
    product: (target) => targets[target],
    times: (v) => multiply(G, v),
    async images(V) {
      const products = rowsOf(await timesTransposed(V, G, D), D);
      return rowsOf(V, D).map((v, i) => ({ quadratic: dot(v, products[i]), vector: products[i] }));
    },
    timesImages: async (images) => images.map(({ vector }) => vector),
    scaled(factors) {
      const f = perFeature(widths, factors);
      const scaledG = new Float64Array(D * D);
      for (let i = 0; i < D; i++) {
        if (f[i] === 0) continue;
        for (let j = 0; j < D; j++) scaledG[i * D + j] = f[i] * f[j] * G[i * D + j];
      }
      const products = targets.map((b) => b.map((value, j) => f[j] * value));
      return measuredBySums({ G: scaledG, targets: products, rows, widths });
    },
    solver(penalty) {
      // features left out would only cost
      const use = Array.from({ length: D }, (_, j) => j).filter((j) => G[j * D + j] > 0);
      const n = use.length;
      const A = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) A[i * n + j] = G[use[i] * D + use[j]];
        A[i * n + i] += penalty;
      }
      const L = factor(A, n);
      const gather = (v: ArrayLike<number>) => use.map((j) => v[j]);
      const quadratic = (v: ArrayLike<number>) => squaredForward(L, gather(v)) + outside(v, use, penalty);
      return {
        weights: (target) => scatter(D, use, solveCholesky(L, gather(targets[target]))),
        quadratic,
        quadratics: async (V) => Float64Array.from(rowsOf(V, D), quadratic),
        async joint(V) {
          const U = Float64Array.from(rowsOf(V, D).flatMap(gather));
          const Z = U.slice();
          solveRows(L, n, Z, V.length / D);
          const inside = await timesTransposed(Z, Z, n);
          if (n === D) return inside;
          // features that no row has add their products over the penalty
          const [all, known] = [await timesTransposed(V, V, D), await timesTransposed(U, U, n)];
          return inside.map((value, i) => value + (all[i] - known[i]) / penalty);
        },
      };
    },
  };
}

/** Rows themselves; everything costs at most N^3 + N D. */
export interface MeasuredRows {
  /** [N x D] */
  phi: Float64Array;
  /** [targets][N] */
  y: readonly Float64Array[];
  /** Widths of the blocks; they add up to D. */
  widths: readonly number[];
}

/** See {@link MeasuredRows}. */
export function measuredByRows({ phi, y, widths }: MeasuredRows): Measured {
  const N = y[0].length;
  const D = phi.length / N;
  let kernels: Float64Array[] | null = null;
  const kernelsOnce = () => (kernels ??= blockKernels(phi, D, widths, N));
  const all = widths.map(() => 1);
  return scaledRows({ phi, y, widths, N, D, kernels: kernelsOnce }, all);
}

interface RowsContext extends MeasuredRows {
  N: number;
  D: number;
  /** K_b of each block, made when first needed. */
  kernels: () => Float64Array[];
}

function scaledRows(context: RowsContext, factors: readonly number[]): Measured {
  const { phi, y, widths, N, D, kernels } = context;
  const f = perFeature(widths, factors);
  const forward = (v: ArrayLike<number>) =>
    multiply(
      phi,
      f.map((value, j) => value * v[j]),
    );
  const forwardAll = (V: Float64Array) =>
    timesTransposed(
      V.map((value, i) => f[i % D] * value),
      phi,
      D,
    );
  const back = (u: ArrayLike<number>) => multiplyTransposed(phi, u, D).map((value, j) => value * f[j]);
  return {
    width: D,
    rows: N,
    product: (target) => back(y[target]),
    times: (v) => back(forward(v)),
    async images(V) {
      const vectors = rowsOf(await forwardAll(V), N);
      return vectors.map((vector) => ({ quadratic: dot(vector, vector), vector }));
    },
    async timesImages(images) {
      const U = new Float64Array(images.length * N);
      images.forEach(({ vector }, i) => U.set(vector, i * N));
      return rowsOf(await times(U, phi, N), D).map((row) => row.map((value, j) => value * f[j]));
    },
    scaled: (more) =>
      scaledRows(
        context,
        factors.map((value, b) => value * more[b]),
      ),
    solver(penalty) {
      const K = new Float64Array(N * N);
      kernels().forEach((kernel, b) => {
        const weight = factors[b] ** 2;
        if (weight > 0) for (let i = 0; i < K.length; i++) K[i] += weight * kernel[i];
      });
      for (let i = 0; i < N; i++) K[i * N + i] += penalty;
      const L = factor(K, N);
      // v^T (Phi^T Phi + p I)^-1 v = (v^T v - k^T (K + p I)^-1 k) / p, k = Phi v
      const byKernel = (v: ArrayLike<number>, k: Float64Array) =>
        Math.max(0, dot(v, v) - squaredForward(L, k)) / penalty;
      return {
        weights: (target) => back(solveCholesky(L, y[target])),
        quadratic: (v) => byKernel(v, forward(v)),
        async quadratics(V) {
          const kernels = rowsOf(await forwardAll(V), N);
          return Float64Array.from(rowsOf(V, D), (v, i) => byKernel(v, kernels[i]));
        },
        async joint(V) {
          const Z = await forwardAll(V);
          solveRows(L, N, Z, V.length / D);
          const [own, explained] = [await timesTransposed(V, V, D), await timesTransposed(Z, Z, N)];
          return own.map((value, i) => (value - explained[i]) / penalty);
        },
      };
    },
  };
}

/** A block's factor for each of its features, [D]. */
export function perFeature(widths: readonly number[], factors: ArrayLike<number>): Float64Array {
  const out = new Float64Array(widths.reduce((sum, width) => sum + width, 0));
  forEachBlock(widths, (b, from, to) => out.fill(factors[b], from, to));
  return out;
}

function scatter(D: number, use: readonly number[], values: Float64Array): Float64Array {
  const out = new Float64Array(D);
  use.forEach((j, i) => (out[j] = values[i]));
  return out;
}

/** What features that no row has add to the leverage: their square over the penalty. */
function outside(v: ArrayLike<number>, use: readonly number[], penalty: number): number {
  let sum = dot(v, v);
  for (const j of use) sum -= v[j] * v[j];
  return Math.max(0, sum) / penalty;
}
