import { inverseDiagonal } from '../../proxy/evidence/inverse.js';
import { factor } from '../../proxy/evidence/tiled-cholesky.js';
import { dot, solveCholesky, squaredForward } from '../../proxy/linear-algebra.js';

/** Measured rows of a ridge regression with an unpenalised intercept. */
export interface RefitData {
  /** [n x D] features. */
  phi: Float64Array;
  /** [n] scores. */
  y: Float64Array;
  /** The ridge's penalty: the noise's variance where the prior of the weights is N(0, I). */
  noise: number;
}

/** A candidate as the refits need it. */
export interface Bearing {
  /** Its prediction by all rows. */
  mean: number;
  /** `h_cc = phi_c^T A^-1 phi_c + 1/n`. */
  leverage: number;
  /** [n] `h_ic`, what it has to do with each row. */
  cross: Float64Array;
  /** [n] squared distance of its features to each row's. */
  distance: Float64Array;
}

/** A ridge regression whose rows can be hidden one at a time, in closed form. */
export interface Refit {
  /** n */
  readonly rows: number;
  /** [n] what the others say of each row: predictions with the row left out. */
  readonly leftOut: Float64Array;
  /** Root mean square of the leave-one-out residuals. */
  readonly deviation: number;
  bearing(phi: ArrayLike<number>): Bearing;
  /** The score of a hidden row, predicted by all other rows and the candidate at a supposed score. */
  predictHidden(row: number, candidate: Bearing, score: number): number;
}

/**
 * Refits without a row and with a candidate by two rank-one updates. With `A = Phi^T Phi + noise I` (features centred, so
 * that the intercept adds 1/n), `h_ab = phi_a^T A^-1 phi_b + 1/n` and the residual `r_i = y_i - mu_i`:
 *
 * - without row i: `m_i = y_i - r_i / (1 - h_ii)`, `m_c = mu_c - h_ic r_i / (1 - h_ii)`,
 *   `h'_ic = h_ic / (1 - h_ii)`, `h'_cc = h_cc + h_ic^2 / (1 - h_ii)`;
 * - and with the candidate at score s: `m_i + h'_ic (s - m_c) / (1 + h'_cc)`.
 *
 * Equal to solving the regression anew. All goes through the smaller of D x D and n x n.
 */
export function createRefit({ phi, y, noise }: RefitData): Refit {
  const n = y.length;
  const D = phi.length / n;
  const centre = new Float64Array(D);
  for (let i = 0; i < n; i++) for (let j = 0; j < D; j++) centre[j] += phi[i * D + j] / n;
  const rows = Array.from({ length: n }, (_, i) => phi.slice(i * D, (i + 1) * D));
  for (const row of rows) for (let j = 0; j < D; j++) row[j] -= centre[j];
  const average = y.reduce((sum, value) => sum + value, 0) / n;
  const centredScores = y.map((value) => value - average);
  const solved = (D < n ? solveByFeatures : solveByRows)(rows, centredScores, noise);
  const squares = Float64Array.from(rows, (row) => dot(row, row));

  const { free, residuals } = solved;
  const leftOut = y.map((value, i) => value - residuals[i] / free[i]);
  const deviation = Math.sqrt(leftOut.reduce((sum, value, i) => sum + (y[i] - value) ** 2, 0) / n);
  return {
    rows: n,
    leftOut,
    deviation,
    bearing(features) {
      const v = centre.map((value, j) => features[j] - value);
      const inner = Float64Array.from(rows, (row) => dot(row, v));
      const own = dot(v, v);
      const { mean, quadratic, cross } = solved.of(v, inner, own);
      return {
        mean: mean + average,
        leverage: quadratic + 1 / n,
        cross: cross.map((value) => value + 1 / n),
        distance: inner.map((value, i) => Math.max(0, squares[i] + own - 2 * value)),
      };
    },
    predictHidden(row, { mean, leverage, cross }, score) {
      const h = cross[row];
      const meanWithout = mean - (h * residuals[row]) / free[row];
      const leverageWithout = leverage + (h * h) / free[row];
      return leftOut[row] + ((h / free[row]) * (score - meanWithout)) / (1 + leverageWithout);
    },
  };
}

/** The regression on centred features and scores. */
interface Solved {
  /** [n] `1 - h_ii` */
  free: Float64Array;
  /** [n] `r_i` */
  residuals: Float64Array;
  /**
   * A candidate, without what the intercept adds.
   * @param v its centred features
   * @param inner [n] `phi_i . v`
   * @param own `v . v`
   */
  of(
    v: Float64Array,
    inner: Float64Array,
    own: number,
  ): { mean: number; quadratic: number; cross: Float64Array };
}

/** Through `A = Phi^T Phi + noise I`, [D x D]. */
function solveByFeatures(rows: readonly Float64Array[], y: Float64Array, noise: number): Solved {
  const D = rows[0].length;
  const A = new Float64Array(D * D);
  const product = new Float64Array(D);
  rows.forEach((row, r) => {
    for (let i = 0; i < D; i++) {
      const value = row[i];
      if (value === 0) continue;
      product[i] += y[r] * value;
      for (let j = 0; j <= i; j++) A[i * D + j] += value * row[j];
    }
  });
  for (let i = 0; i < D; i++) A[i * D + i] += noise;
  const L = factor(A, D);
  const weights = solveCholesky(L, product);
  return {
    free: Float64Array.from(rows, (row) => 1 - squaredForward(L, row) - 1 / rows.length),
    residuals: Float64Array.from(rows, (row, i) => y[i] - dot(weights, row)),
    of(v) {
      const solution = solveCholesky(L, v);
      return {
        mean: dot(weights, v),
        quadratic: dot(v, solution),
        cross: Float64Array.from(rows, (row) => dot(row, solution)),
      };
    },
  };
}

/**
 * Through `K + noise I`, `K = Phi Phi^T`, [n x n]: `Phi A^-1 v = (K + noise I)^-1 Phi v`. Rows that are centred leave K
 * singular along the ones, on which a small noise would lose digits; a constant c added to K moves that direction alone,
 * from noise to `noise + n c`, and is taken off again in closed form.
 */
function solveByRows(rows: readonly Float64Array[], y: Float64Array, noise: number): Solved {
  const n = rows.length;
  const constant = rows.reduce((sum, row) => sum + dot(row, row), 0) / n / n;
  const K = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) K[i * n + j] = dot(rows[i], rows[j]) + constant;
    K[i * n + i] += noise;
  }
  const L = factor(K, n);
  const dual = solveCholesky(L, y);
  const along = 1 / (noise + n * constant) / n;
  return {
    free: inverseDiagonal(L, n).map((value) => noise * (value - along)),
    residuals: dual.map((value) => noise * value),
    of(_, inner, own) {
      const cross = solveCholesky(L, inner);
      return {
        mean: dot(inner, dual),
        quadratic: Math.max(0, own - dot(inner, cross)) / noise,
        cross,
      };
    },
  };
}
