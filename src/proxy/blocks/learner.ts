import { cholesky, dot, multiply, solveCholesky } from '../linear-algebra.js';

/**
 * The measured rows as ridge regressions need them: centred, scaled features, as sums where the features are fewer than the
 * rows and as the rows themselves where they are more. All vectors are in feature coordinates.
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
  /** The same rows with each feature multiplied by a factor [D] (0 leaves it out). */
  scaled(factor: Float64Array): Measured;
  /** A solver of `(Phi^T Phi + penalty I) x = v` for v among the products, and `v^T (Phi^T Phi + penalty I)^-1 v` for any v. */
  solver(penalty: number): RidgeSolver;
}

/** See {@link Measured}. */
export interface RidgeSolver {
  /** Ridge weights of target t, [D]. */
  weights(target: number): Float64Array;
  /** `v^T (Phi^T Phi + penalty I)^-1 v`, the leverage of features v. */
  quadratic(v: ArrayLike<number>): number;
}

/**
 * From sums: everything costs at most D^3.
 * @param G [D x D]
 * @param targets [targets][D]
 */
export function measuredBySums(G: Float64Array, targets: readonly Float64Array[], rows: number): Measured {
  const D = targets[0].length;
  return {
    width: D,
    rows,
    product: (target) => targets[target],
    times: (v) => multiply(G, v),
    scaled(factor) {
      const scaledG = new Float64Array(D * D);
      for (let i = 0; i < D; i++)
        for (let j = 0; j < D; j++) scaledG[i * D + j] = factor[i] * factor[j] * G[i * D + j];
      return measuredBySums(
        scaledG,
        targets.map((b) => b.map((value, j) => factor[j] * value)),
        rows,
      );
    },
    solver(penalty) {
      // features left out would only cost
      const use = activeColumns(D, (j) => G[j * D + j] > 0);
      const n = use.length;
      const A = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) A[i * n + j] = G[use[i] * D + use[j]];
        A[i * n + i] += penalty;
      }
      const L = cholesky(A, n);
      return {
        weights: (target) =>
          scatter(
            D,
            use,
            solveCholesky(
              L,
              use.map((j) => targets[target][j]),
            ),
          ),
        quadratic: (v) =>
          squaredForward(
            L,
            use.map((j) => v[j]),
          ) + outside(v, use, penalty),
      };
    },
  };
}

/**
 * From rows: everything costs at most N^3 + N D.
 * @param phi [N x D]
 * @param y [targets][N]
 */
export function measuredByRows(
  phi: Float64Array,
  y: readonly Float64Array[],
  factor?: Float64Array,
): Measured {
  const N = y[0].length;
  const D = phi.length / N;
  const f = factor ?? new Float64Array(D).fill(1);
  const row = (i: number) => phi.subarray(i * D, (i + 1) * D);
  const forward = (v: ArrayLike<number>) => {
    const scaled = f.map((value, j) => value * v[j]);
    return Float64Array.from({ length: N }, (_, i) => dot(row(i), scaled));
  };
  const back = (u: ArrayLike<number>) => {
    const out = new Float64Array(D);
    for (let i = 0; i < N; i++) for (let j = 0; j < D; j++) out[j] += u[i] * phi[i * D + j];
    return out.map((value, j) => value * f[j]);
  };
  return {
    width: D,
    rows: N,
    product: (target) => back(y[target]),
    times: (v) => back(forward(v)),
    scaled: (more) =>
      measuredByRows(
        phi,
        y,
        f.map((value, j) => value * more[j]),
      ),
    solver(penalty) {
      const K = new Float64Array(N * N);
      const square = f.map((value) => value * value);
      for (let i = 0; i < N; i++) {
        const weighted = row(i).map((value, j) => value * square[j]);
        for (let j = 0; j <= i; j++) K[i * N + j] = dot(weighted, row(j));
        K[i * N + i] += penalty;
      }
      const L = cholesky(K, N);
      return {
        weights: (target) => back(solveCholesky(L, y[target])),
        // v^T (Phi^T Phi + p I)^-1 v = (v^T v - k^T (K + p I)^-1 k) / p, k = Phi v
        quadratic: (v) => Math.max(0, dot(v, v) - squaredForward(L, forward(v))) / penalty,
      };
    },
  };
}

function activeColumns(D: number, keep: (j: number) => boolean): number[] {
  return Array.from({ length: D }, (_, j) => j).filter(keep);
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

/** `|L^-1 v|^2`. */
function squaredForward(L: Float64Array, v: ArrayLike<number>): number {
  const n = v.length;
  const z = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let rest = v[i];
    for (let j = 0; j < i; j++) rest -= L[i * n + j] * z[j];
    z[i] = rest / L[i * n + i];
    sum += z[i] * z[i];
  }
  return sum;
}
