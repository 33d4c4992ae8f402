import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { dot, solvePositiveDefinite } from '../../src/proxy/linear-algebra.js';
import { leaveOneOutErrors, leaveOneOutPenalty } from '../../src/sweep/plain-ridge.js';

const [N, D] = [30, 7];
const random = createRandom('ridge');
const phi = Float64Array.from({ length: N * D }, () => random.normal());
const weights = Float64Array.from({ length: D }, () => random.normal());
const row = (i: number) => phi.subarray(i * D, (i + 1) * D);

/** Scores with noise of a given size. */
const scores = (noise: number) =>
  Float64Array.from({ length: N }, (_, i) => dot(row(i), weights) + noise * random.normal());

/** The error of refits, one for each row left out. */
function bruteForce(y: Float64Array, penalty: number): number {
  let error = 0;
  for (let left = 0; left < N; left++) {
    const A = new Float64Array(D * D);
    const b = new Float64Array(D);
    for (let i = 0; i < N; i++) {
      if (i === left) continue;
      for (let j = 0; j < D; j++) {
        b[j] += row(i)[j] * y[i];
        for (let k = 0; k < D; k++) A[j * D + k] += row(i)[j] * row(i)[k];
      }
    }
    for (let j = 0; j < D; j++) A[j * D + j] += penalty;
    error += (y[left] - dot(row(left), solvePositiveDefinite(A, b))) ** 2;
  }
  return error;
}

const kernel = new Matrix(
  Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => dot(row(i), row(j)))),
);

describe('leave-one-out', () => {
  it('gives the errors of refits', () => {
    const y = scores(0.5);
    const penalties = [1e-3, 0.1, 1, 30];
    const errors = leaveOneOutErrors(kernel, y, penalties);
    penalties.forEach((penalty, p) => expect(errors[p] / bruteForce(y, penalty)).toBeCloseTo(1, 8));
  });

  it('chooses a weak penalty for clean scores and a strong one for noise', () => {
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
