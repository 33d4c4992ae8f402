import type { Sequence } from '../core/alphabet.js';
import { hammingDistance } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import { sampleNormal } from '../design/joint-normal.js';
import type { ScorePosterior } from '../design/posterior.js';
import { factor } from '../proxy/evidence/tiled-cholesky.js';
import { dot, solveCholesky } from '../proxy/linear-algebra.js';

/** A stationary kernel over sequences as a function of their Hamming distance, with the noise beside it. */
export interface GpHyperparameters {
  /** Correlation falls as `exp(-distance / scale)`, in letters. */
  scale: number;
  /** Variance of the signal. */
  signal: number;
  /** Variance of the noise. */
  noise: number;
}

/** A Gaussian process fitted to the measured set; scores have mean 0. */
export interface GaussianProcess extends ScorePosterior {
  readonly hyperparameters: GpHyperparameters;
  /** Log marginal likelihood of the rows that it was fitted to. */
  readonly logLikelihood: number;
  /** [B] posterior means, without the cost of variances. */
  means(sequences: readonly Sequence[]): Float64Array;
  /** [L x A] gradient of the posterior mean in the letters, the kernel being continued as `exp((x . x' - L) / scale)`. */
  meanGradient(sequence: Sequence, alphabetSize: number): Float64Array;
}

/** Scales and shares of noise that are tried. */
const SCALES = [0.5, 1, 2, 4, 8, 16, 32];
const NOISES = [1e-3, 1e-2, 0.03, 0.1, 0.3, 1, 3];

/**
 * Chooses the hyperparameters by the marginal likelihood: scale and noise-to-signal ratio from a grid, the signal's variance
 * in closed form, `y^T C^-1 y / N` with C the correlations plus the ratio.
 */
export function chooseHyperparameters(sequences: readonly Sequence[], y: Float64Array): GpHyperparameters {
  const N = y.length;
  const distances = distanceMatrix(sequences, sequences);
  let best = { logLikelihood: -Infinity, scale: 1, signal: 1, noise: 1 };
  for (const scale of SCALES) {
    for (const ratio of NOISES) {
      const C = distances.map((distance) => Math.exp(-distance / scale));
      for (let i = 0; i < N; i++) C[i * N + i] += ratio;
      const L = factor(C, N);
      const signal = Math.max(dot(y, solveCholesky(L, y)) / N, 1e-12);
      const logLikelihood = -(N / 2) * (1 + Math.log(2 * Math.PI * signal)) - logDiagonal(L, N);
      if (logLikelihood > best.logLikelihood) best = { logLikelihood, scale, signal, noise: ratio * signal };
    }
  }
  const { scale, signal, noise } = best;
  return { scale, signal, noise };
}

function distanceMatrix(rows: readonly Sequence[], columns: readonly Sequence[]): Float64Array {
  const out = new Float64Array(rows.length * columns.length);
  rows.forEach((row, i) => {
    columns.forEach((column, j) => (out[i * columns.length + j] = hammingDistance(row, column)));
  });
  return out;
}

/** `log |L|` */
function logDiagonal(L: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(L[i * n + i]);
  return sum;
}

/** Candidates between two looks at the signal. */
const BLOCK = 256;

/**
 * A Gaussian process with kernel `signal exp(-Hamming distance / scale)`. Letters at positions where nothing varies do not
 * matter.
 */
export function fitGaussianProcess(
  sequences: readonly Sequence[],
  y: Float64Array,
  hyperparameters: GpHyperparameters,
): GaussianProcess {
  const { scale, signal, noise } = hyperparameters;
  const N = y.length;
  const kernel = (rows: readonly Sequence[], columns: readonly Sequence[]) =>
    distanceMatrix(rows, columns).map((distance) => signal * Math.exp(-distance / scale));
  const K = kernel(sequences, sequences);
  for (let i = 0; i < N; i++) K[i * N + i] += noise;
  const L = factor(K, N);
  const alpha = solveCholesky(L, y);
  /** Rows of `(L^-1 K(X, candidates))^T`, [B x N]. */
  const project = (candidates: readonly Sequence[], abort?: AbortSignal) => {
    const cross = kernel(candidates, sequences);
    const mean = new Float64Array(candidates.length);
    for (let b = 0; b < candidates.length; b++) {
      if (b % BLOCK === 0) throwIfAborted(abort);
      const row = cross.subarray(b * N, (b + 1) * N);
      mean[b] = dot(row, alpha);
      forwardSubstitute(L, row);
    }
    return { mean, projected: cross };
  };
  return {
    hyperparameters,
    logLikelihood: -0.5 * dot(y, alpha) - logDiagonal(L, N) - (N / 2) * Math.log(2 * Math.PI),
    means(candidates) {
      const cross = kernel(candidates, sequences);
      return Float64Array.from(candidates, (_, b) => dot(cross.subarray(b * N, (b + 1) * N), alpha));
    },
    async moments(candidates, abort) {
      const { mean, projected } = project(candidates, abort);
      const variance = mean.map((_, b) => {
        const row = projected.subarray(b * N, (b + 1) * N);
        return Math.max(0, signal - dot(row, row));
      });
      return { mean, variance };
    },
    async sample(candidates, draws, random, abort) {
      const { mean, projected } = project(candidates, abort);
      const covariance = kernel(candidates, candidates);
      const B = candidates.length;
      for (let i = 0; i < B; i++) {
        const row = projected.subarray(i * N, (i + 1) * N);
        for (let j = 0; j <= i; j++) {
          covariance[i * B + j] -= dot(row, projected.subarray(j * N, (j + 1) * N));
          covariance[j * B + i] = covariance[i * B + j];
        }
      }
      return sampleNormal(mean, covariance, draws, random);
    },
    meanGradient(sequence, A) {
      const out = new Float64Array(sequence.length * A);
      const cross = kernel([sequence], sequences);
      sequences.forEach((row, j) => {
        const weight = (alpha[j] * cross[j]) / scale;
        row.forEach((letter, i) => (out[i * A + letter] += weight));
      });
      return out;
    },
  };
}

/** `x <- L^-1 x` */
function forwardSubstitute(L: Float64Array, x: Float64Array): void {
  const n = x.length;
  for (let i = 0; i < n; i++) {
    let rest = x[i];
    const row = i * n;
    for (let j = 0; j < i; j++) rest -= L[row + j] * x[j];
    x[i] = rest / L[row + i];
  }
}
