import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Random } from '../core/random.js';

/** Options of {@link createCma}. */
export interface CmaOptions {
  /** Where the search distribution starts. */
  mean: ArrayLike<number>;
  /** Its standard deviation along every axis. */
  sigma: number;
  /** Points per generation. Default `4 + floor(3 ln n)`. */
  population?: number;
  /** Keeps the covariance diagonal (sep-CMA-ES), for many dimensions. */
  diagonal?: boolean;
}

/** The covariance matrix adaptation evolution strategy, minimising. */
export interface Cma {
  readonly population: number;
  /** Draws a generation, [population][n]. */
  ask(random: Random): Float64Array[];
  /** Learns from the drawn points and their losses. */
  tell(points: readonly Float64Array[], losses: ArrayLike<number>): void;
  /** Centre of the search distribution. */
  mean(): Float64Array;
  /** Overall standard deviation. */
  sigma(): number;
}

/** Strategy parameters, as in the tutorial's table 1. */
interface Constants {
  lambda: number;
  weights: number[];
  muEff: number;
  cSigma: number;
  dSigma: number;
  cC: number;
  c1: number;
  cMu: number;
  /** E |N(0, I)| */
  chi: number;
}

/** Covariance with the two products that the strategy takes of it. */
interface Covariance {
  /** `B D z`: a draw of N(0, C) from one of N(0, I). */
  scale(z: Float64Array): Float64Array;
  /** `C^(-1/2) y` */
  whiten(y: Float64Array): Float64Array;
  /** `C <- keep C + c1 pc pc^T + sum_i w_i y_i y_i^T` */
  update(keep: number, c1: number, pc: Float64Array, weights: readonly number[], steps: Float64Array[]): void;
}

/**
 * (mu/mu_w, lambda)-CMA-ES after Hansen's tutorial (arXiv 1604.00772), with positive recombination weights; with `diagonal`
 * sep-CMA-ES (Ros and Hansen, PPSN 2008), whose learning rates of the covariance are larger by (n + 2) / 3.
 */
export function createCma({ mean: start, sigma: first, population, diagonal = false }: CmaOptions): Cma {
  const n = start.length;
  const c = constantsOf(n, population ?? 4 + Math.floor(3 * Math.log(n)), diagonal);
  const covariance = diagonal ? diagonalCovariance(n) : fullCovariance(n, c);
  let mean = Float64Array.from(start);
  let sigma = first;
  let [pSigma, pC] = [new Float64Array(n), new Float64Array(n)];
  let generation = 0;
  return {
    population: c.lambda,
    mean: () => mean.slice(),
    sigma: () => sigma,
    ask: (random) =>
      Array.from({ length: c.lambda }, () => {
        const step = covariance.scale(Float64Array.from({ length: n }, () => random.normal()));
        return step.map((value, i) => mean[i] + sigma * value);
      }),
    tell(points, losses) {
      generation++;
      const order = points.map((_, i) => i).sort((a, b) => losses[a] - losses[b] || a - b);
      const steps = order
        .slice(0, c.weights.length)
        .map((i) => points[i].map((x, j) => (x - mean[j]) / sigma));
      const step = weightedSum(c.weights, steps, n);
      mean = mean.map((value, i) => value + sigma * step[i]);
      const white = covariance.whiten(step);
      pSigma = path(pSigma, c.cSigma, c.muEff, white);
      const length = Math.hypot(...pSigma);
      // stalls the covariance's path while the step size still grows fast
      const steady =
        length / Math.sqrt(1 - (1 - c.cSigma) ** (2 * generation)) < (1.4 + 2 / (n + 1)) * c.chi ? 1 : 0;
      pC = path(pC, c.cC, steady * c.muEff, step);
      const lost = (1 - steady) * c.c1 * c.cC * (2 - c.cC);
      covariance.update(
        1 - c.c1 - c.cMu + lost,
        c.c1,
        pC,
        c.weights.map((weight) => c.cMu * weight),
        steps,
      );
      // a generation without differences must not blow the step size up
      sigma *= Math.exp(Math.min(1, (c.cSigma / c.dSigma) * (length / c.chi - 1)));
    },
  };
}

function constantsOf(n: number, lambda: number, diagonal: boolean): Constants {
  const mu = Math.max(1, Math.floor(lambda / 2));
  const raw = Array.from({ length: mu }, (_, i) => Math.log((lambda + 1) / 2) - Math.log(i + 1));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  const weights = total > 0 ? raw.map((weight) => weight / total) : [1];
  const muEff = 1 / weights.reduce((sum, weight) => sum + weight * weight, 0);
  const cSigma = (muEff + 2) / (n + muEff + 5);
  const cC = (4 + muEff / n) / (n + 4 + (2 * muEff) / n);
  const faster = diagonal ? (n + 2) / 3 : 1;
  const c1 = Math.min(1, (faster * 2) / ((n + 1.3) ** 2 + muEff));
  const cMu = Math.min(1 - c1, (faster * 2 * (0.25 + muEff + 1 / muEff - 2)) / ((n + 2) ** 2 + muEff));
  return {
    lambda,
    weights,
    muEff,
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma,
    cC,
    c1,
    cMu,
    chi: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

/** `(1 - c) p + sqrt(c (2 - c) muEff) y` */
function path(p: Float64Array, c: number, muEff: number, y: Float64Array): Float64Array<ArrayBuffer> {
  const factor = Math.sqrt(c * (2 - c) * muEff);
  return Float64Array.from(p, (value, i) => (1 - c) * value + factor * y[i]);
}

function weightedSum(weights: readonly number[], vectors: readonly Float64Array[], n: number): Float64Array {
  const sum = new Float64Array(n);
  vectors.forEach((vector, k) => vector.forEach((value, i) => (sum[i] += weights[k] * value)));
  return sum;
}

function diagonalCovariance(n: number): Covariance {
  const variance = new Float64Array(n).fill(1);
  return {
    scale: (z) => z.map((value, i) => value * Math.sqrt(variance[i])),
    whiten: (y) => y.map((value, i) => value / Math.sqrt(variance[i])),
    update(keep, c1, pc, weights, steps) {
      for (let i = 0; i < n; i++) {
        variance[i] = keep * variance[i] + c1 * pc[i] * pc[i];
        steps.forEach((step, k) => (variance[i] += weights[k] * step[i] * step[i]));
        variance[i] = Math.max(variance[i], 1e-20);
      }
    },
  };
}

/** The full matrix; its eigenvectors are renewed as often as the tutorial says is enough. */
function fullCovariance(n: number, { c1, cMu }: Constants): Covariance {
  const C = Matrix.identity(n, n);
  const every = Math.max(1, Math.floor(1 / (10 * n * (c1 + cMu))));
  let age = 0;
  let basis = Matrix.identity(n, n);
  let roots = new Float64Array(n).fill(1);
  const decompose = () => {
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(C, { assumeSymmetric: true });
    basis = eigenvectorMatrix;
    roots = Float64Array.from(realEigenvalues, (value) => Math.sqrt(Math.max(value, 1e-20)));
  };
  const turn = (vector: ArrayLike<number>) =>
    Float64Array.from({ length: n }, (_, i) => dotRow(basis, i, vector));
  const turnBack = (vector: ArrayLike<number>) =>
    Float64Array.from({ length: n }, (_, j) => dotColumn(basis, j, vector));
  return {
    scale: (z) => turn(z.map((value, i) => value * roots[i])),
    whiten: (y) => turn(turnBack(y).map((value, i) => value / roots[i])),
    update(keep, rate, pc, weights, steps) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) {
          let value = keep * C.get(i, j) + rate * pc[i] * pc[j];
          for (let k = 0; k < steps.length; k++) value += weights[k] * steps[k][i] * steps[k][j];
          C.set(i, j, value);
          C.set(j, i, value);
        }
      }
      if (++age % every === 0) decompose();
    },
  };
}

function dotRow(matrix: Matrix, row: number, vector: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < vector.length; j++) sum += matrix.get(row, j) * vector[j];
  return sum;
}

function dotColumn(matrix: Matrix, column: number, vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += matrix.get(i, column) * vector[i];
  return sum;
}
