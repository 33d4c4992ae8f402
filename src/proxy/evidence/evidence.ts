import { internal } from '../../core/errors.js';
import { dot, multiply, solveCholesky } from '../linear-algebra.js';
import { inverseDiagonal, inverseFromCholesky, logDeterminant } from './inverse.js';
import { minimise } from './lbfgs.js';
import { factor } from './tiled-cholesky.js';

/**
 * The log marginal likelihood of `y ~ N(Phi w, s^2)`, `w ~ N(0, diag(a))`, where the features of block b share the weight
 * a_b: `-1/2 (N log 2 pi + log det C + y^T C^-1 y)`, `C = s^2 I + sum_b a_b K_b`, `K_b = Phi_b Phi_b^T`.
 */
export interface Evidence {
  /** Number of blocks. */
  readonly blocks: number;
  /** N */
  readonly rows: number;
  /**
   * @param logWeights log a_b, [blocks]
   * @param logNoise log s^2
   */
  at(logWeights: ArrayLike<number>, logNoise: number): EvidenceValue;
}

/** The log marginal likelihood and its gradient. */
export interface EvidenceValue {
  logLikelihood: number;
  /** d / d log a_b, [blocks] */
  weightSlopes: Float64Array;
  /** d / d log s^2 */
  noiseSlope: number;
}

/** Sums over the measured rows of features in blocks. */
export interface BlockGram {
  /** Widths of the blocks; they add up to D. */
  widths: readonly number[];
  /** Phi^T Phi [D x D], of unweighted features. */
  G: Float64Array;
  /** Phi^T y [D] */
  b: Float64Array;
  yy: number;
  rows: number;
}

const LOG_2_PI = Math.log(2 * Math.PI);

/**
 * The evidence from sums, at a cost of D^3 that does not depend on N. With `S = diag(sqrt a)`, `A = S G S + s^2 I`,
 * `w = A^-1 S b` and `gamma_b = D_b - s^2 tr (A^-1)_bb`:
 * `log det C = (N - D) log s^2 + log det A`, `y^T C^-1 y = (yy - b^T S w) / s^2`,
 * `d / d log a_b = (|w_b|^2 - gamma_b) / 2`, `d / d log s^2 = (|y - Phi S w|^2 / s^2 - N + sum_b gamma_b) / 2`
 * (MacKay, Neural Computation 4, 415, 1992; w and gamma in the coordinates whose prior is N(0, I)).
 */
export function primalEvidence(gram: BlockGram): Evidence {
  const D = gram.b.length;
  const { widths, rows } = gram;
  return {
    blocks: widths.length,
    rows,
    at(logWeights, logNoise) {
      const noise = Math.exp(logNoise);
      const root = perFeature(widths, logWeights);
      const A = new Float64Array(D * D);
      for (let i = 0; i < D; i++) {
        for (let j = 0; j <= i; j++) A[i * D + j] = root[i] * gram.G[i * D + j] * root[j];
        A[i * D + i] += noise;
      }
      const L = factor(A, D);
      const w = solveCholesky(
        L,
        gram.b.map((value, i) => root[i] * value),
      );
      const coefficients = w.map((value, i) => root[i] * value);
      const fit = dot(gram.b, coefficients);
      const residual = gram.yy - 2 * fit + dot(coefficients, multiply(gram.G, coefficients));
      const diagonal = inverseDiagonal(L, D);
      const weightSlopes = new Float64Array(widths.length);
      let effective = 0;
      forEachBlock(widths, (b, from, to) => {
        let [norm, gamma] = [0, to - from];
        for (let i = from; i < to; i++) {
          // weighted coordinates have prior variance 1, and posterior s^2 A^-1
          norm += w[i] * w[i];
          gamma -= noise * diagonal[i];
        }
        weightSlopes[b] = (norm - gamma) / 2;
        effective += gamma;
      });
      const logLikelihood =
        -(rows * LOG_2_PI + (rows - D) * logNoise + logDeterminant(L, D) + (gram.yy - fit) / noise) / 2;
      return { logLikelihood, weightSlopes, noiseSlope: (residual / noise - rows + effective) / 2 };
    },
  };
}

/**
 * The evidence from kernels, at a cost of N^3 that does not depend on D. With `alpha = C^-1 y`:
 * `d / d log a_b = a_b (alpha^T K_b alpha - tr(C^-1 K_b)) / 2`, `d / d log s^2 = s^2 (|alpha|^2 - tr C^-1) / 2`.
 * @param kernels K_b [N x N] of each block
 */
export function dualEvidence(kernels: readonly Float64Array[], y: Float64Array): Evidence {
  const n = y.length;
  if (kernels.some((K) => K.length !== n * n)) throw internal('evidence: kernels that do not fit the scores');
  return {
    blocks: kernels.length,
    rows: n,
    at(logWeights, logNoise) {
      const noise = Math.exp(logNoise);
      const C = new Float64Array(n * n);
      kernels.forEach((K, b) => {
        const weight = Math.exp(logWeights[b]);
        for (let i = 0; i < C.length; i++) C[i] += weight * K[i];
      });
      for (let i = 0; i < n; i++) C[i * n + i] += noise;
      const L = factor(C, n);
      const alpha = solveCholesky(L, y);
      const inverse = inverseFromCholesky(L, n);
      const weightSlopes = Float64Array.from(kernels, (K, b) => {
        const quadratic = dot(alpha, multiply(K, alpha));
        return (Math.exp(logWeights[b]) * (quadratic - dot(inverse, K))) / 2;
      });
      let trace = 0;
      for (let i = 0; i < n; i++) trace += inverse[i * n + i];
      return {
        logLikelihood: -(n * LOG_2_PI + logDeterminant(L, n) + dot(y, alpha)) / 2,
        weightSlopes,
        noiseSlope: (noise * (dot(alpha, alpha) - trace)) / 2,
      };
    },
  };
}

/** Weights and noise at which the evidence is largest. */
export interface EvidenceMaximum {
  /** a_b, [blocks]; about e^-16 for a block that dropped out. */
  weights: Float64Array;
  /** s^2 */
  noise: number;
  logLikelihood: number;
  iterations: number;
}

/** Bounds of log a_b and log s^2 for standardised scores and blocks of mean squared norm 1. */
const BOUNDS = { lower: -16, upper: 10 };

/**
 * Maximises the evidence over all `a_b >= 0` and `s^2` by L-BFGS on their logarithms (automatic relevance: a block that
 * does not help goes to 0).
 * @param start where to start; default equal weights that share a variance of 1/2, and noise 1/2
 */
export function maximiseEvidence(
  evidence: Evidence,
  options: {
    start?: { weights: ArrayLike<number>; noise: number };
    maxIterations?: number;
    tolerance?: number;
  } = {},
): EvidenceMaximum {
  const { blocks } = evidence;
  const start = options.start ?? { weights: new Array<number>(blocks).fill(0.5 / blocks), noise: 0.5 };
  const x0 = [...Array.from(start.weights, (a) => Math.log(a)), Math.log(start.noise)];
  const { x, value, iterations } = minimise(
    (point) => {
      const { logLikelihood, weightSlopes, noiseSlope } = evidence.at(
        point.subarray(0, blocks),
        point[blocks],
      );
      return { value: -logLikelihood, gradient: Float64Array.from([...weightSlopes, noiseSlope], (s) => -s) };
    },
    x0,
    { ...BOUNDS, maxIterations: options.maxIterations ?? 60, tolerance: options.tolerance ?? 1e-3 },
  );
  return {
    weights: Float64Array.from(x.subarray(0, blocks), Math.exp),
    noise: Math.exp(x[blocks]),
    logLikelihood: -value,
    iterations,
  };
}

/** sqrt(a) of each feature. */
function perFeature(widths: readonly number[], logWeights: ArrayLike<number>): Float64Array {
  const root = new Float64Array(widths.reduce((sum, width) => sum + width, 0));
  forEachBlock(widths, (b, from, to) => root.fill(Math.exp(logWeights[b] / 2), from, to));
  return root;
}

/** Visits the blocks' ranges of features. */
export function forEachBlock(
  widths: readonly number[],
  visit: (block: number, from: number, to: number) => void,
): void {
  let from = 0;
  widths.forEach((width, b) => {
    visit(b, from, from + width);
    from += width;
  });
}
