import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { dot, solvePositiveDefinite } from '../../src/proxy/linear-algebra.js';
import { leaveOneOutErrors, leaveOneOutPenalty } from '../../src/sweep/plain-ridge.js';

const N = 30;
const random = createRandom('ridge');

/** Random rows that are not centred, and weights. */
function rowsOf(D: number) {
  const phi = Float64Array.from({ length: N * D }, (_, i) => random.normal() + (i % D));
  const weights = Float64Array.from({ length: D }, () => random.normal());
  const row = (i: number) => phi.subarray(i * D, (i + 1) * D);
  /** Scores with noise of a given size. */
  const scores = (noise: number) =>
    Float64Array.from({ length: N }, (_, i) => dot(row(i), weights) + noise * random.normal());
  return { D, phi, row, scores };
}

/** The error of refits, one for each row left out: an intercept, not penalised, is the last of D + 1 features. */
function bruteForce({ D, row }: ReturnType<typeof rowsOf>, y: Float64Array, penalty: number): number {
  const W = D + 1;
  const extended = (i: number) => Float64Array.of(...row(i), 1);
  let error = 0;
  for (let left = 0; left < N; left++) {
    const A = new Float64Array(W * W);
    const b = new Float64Array(W);
    for (let i = 0; i < N; i++) {
      if (i === left) continue;
      const x = extended(i);
      for (let j = 0; j < W; j++) {
        b[j] += x[j] * y[i];
        for (let k = 0; k < W; k++) A[j * W + k] += x[j] * x[k];
      }
    }
    for (let j = 0; j < D; j++) A[j * W + j] += penalty;
    error += (y[left] - dot(extended(left), solvePositiveDefinite(A, b))) ** 2;
  }
  return error;
}

describe('leave-one-out', () => {
  it('gives the errors of refits, with fewer and with more features than rows', () => {
    for (const rows of [rowsOf(7), rowsOf(45)]) {
      const kernel = new Matrix(
        Array.from({ length: N }, (_, i) =>
          Array.from({ length: N }, (_, j) => dot(rows.row(i), rows.row(j))),
        ),
      );
      const y = rows.scores(0.5);
      const penalties = [1e-2, 0.1, 1, 30];
      const errors = leaveOneOutErrors(kernel, y, penalties);
      penalties.forEach((penalty, p) => expect(errors[p] / bruteForce(rows, y, penalty)).toBeCloseTo(1, 6));
    }
  });

  it('chooses a weak penalty for clean scores and a strong one for noise', () => {
    const { phi, scores } = rowsOf(7);
    const clean = leaveOneOutPenalty(phi, scores(1e-4), createRandom(0));
    const noisy = leaveOneOutPenalty(phi, scores(3), createRandom(0));
    const noise = leaveOneOutPenalty(
      phi,
      Float64Array.from({ length: N }, () => random.normal()),
      createRandom(0),
    );
    expect(clean).toBeLessThan(1e-5);
    expect(noisy).toBeGreaterThan(clean);
    expect(noise).toBeGreaterThanOrEqual(noisy);
  });
});
