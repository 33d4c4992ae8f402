import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Random } from '../core/random.js';
import { dot } from '../proxy/linear-algebra.js';

/** Penalties that leave-one-out chooses from, relative to the mean squared norm of a row times the number of rows. */
const GRID = Array.from({ length: 13 }, (_, i) => 10 ** (i - 9));

/** Rows that choose the penalty; the cost is their number cubed. */
export const LEAVE_ONE_OUT_ROWS = 800;

/**
 * The penalty with the smallest leave-one-out squared error, as scikit-learn's `RidgeCV` chooses it, from one
 * eigendecomposition of the rows' inner products; the intercept is fitted anew for each row left out.
 * @param phi [N x D] features
 * @param y [N] standardised scores
 * @returns p / tr(K), which carries over to more rows of the same kind
 */
export function leaveOneOutPenalty(phi: Float64Array, y: Float64Array, random: Random): number {
  const N = y.length;
  const D = phi.length / N;
  const all = Array.from({ length: N }, (_, i) => i);
  const rows =
    N <= LEAVE_ONE_OUT_ROWS
      ? all
      : random
          .shuffle(all)
          .slice(0, LEAVE_ONE_OUT_ROWS)
          .sort((a, b) => a - b);
  const kernel = innerProducts(phi, rows, D);
  const trace = kernel.trace();
  const targets = Float64Array.from(rows, (row) => y[row]);
  const errors = leaveOneOutErrors(
    kernel,
    targets,
    GRID.map((share) => share * trace),
  );
  return GRID[errors.indexOf(Math.min(...errors))];
}

function innerProducts(phi: Float64Array, rows: readonly number[], D: number): Matrix {
  const n = rows.length;
  const row = (i: number) => phi.subarray(rows[i] * D, (rows[i] + 1) * D);
  const kernel = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = dot(row(i), row(j));
      kernel.set(i, j, value);
      kernel.set(j, i, value);
    }
  }
  return kernel;
}

/**
 * Sum of squared leave-one-out residuals of ridge regression with an intercept that is not penalised, for each penalty p
 * above 0: `r_i = [G y]_i / (G_ii - 1 / (n p))`, `G = (K + p I)^-1`, K and y centred. (The hat matrix is
 * `1/n + K G`; the constant is a null direction of K and adds `1 / (n p)` to the diagonal of G.)
 * @param kernel [n x n] inner products of the rows
 */
export function leaveOneOutErrors(kernel: Matrix, y: Float64Array, penalties: readonly number[]): number[] {
  const n = y.length;
  const centred = kernel.clone().center('row').center('column');
  const { realEigenvalues, eigenvectorMatrix: U } = new EigenvalueDecomposition(centred, {
    assumeSymmetric: true,
  });
  const mean = y.reduce((sum, value) => sum + value, 0) / n;
  const projected = realEigenvalues.map((_, k) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += U.get(i, k) * (y[i] - mean);
    return sum;
  });
  return penalties.map((penalty) => {
    const inverse = realEigenvalues.map((value) => 1 / (Math.max(0, value) + penalty));
    let error = 0;
    for (let i = 0; i < n; i++) {
      let [residual, diagonal] = [0, -1 / (n * penalty)];
      for (let k = 0; k < n; k++) {
        const u = U.get(i, k);
        residual += u * inverse[k] * projected[k];
        diagonal += u * u * inverse[k];
      }
      error += (residual / diagonal) ** 2;
    }
    return error;
  });
}
