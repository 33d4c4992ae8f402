import { InputError } from '../core/errors.js';
import { backwardCotangent, backwardLoss } from './backward-mapping.js';
import type { BackwardRidge } from './backward-mapping.js';
import type { Gram } from './gram.js';
import type { Head, HeadLosses } from './head.js';
import { dot, rowsOf, solvePositiveDefinite } from './linear-algebra.js';
import { timesTransposed } from './products.js';

/** Options of {@link fitBibHead}. */
export interface BibHeadOptions {
  /** y_h, the score asked of every candidate, in standardised units. Default 10. */
  target?: number;
  /** Forward ridge, relative to the mean squared norm of the features: `beta = relative tr(K) / N`. Default 1e-6. */
  relativeRidge?: number;
  /**
   * Backward ridge. Default `{ relative: 1e-6, absolute: 0 }` (the paper's). Centred feature blocks, whose norm can
   * vanish, take the noise variance as `absolute` instead.
   */
  backwardRidge?: BackwardRidge;
}

/** BIB's linear head in primal form. */
export interface BibHead extends Head {
  /** w = (G + beta I)^-1 b, [D]. */
  readonly weights: Float64Array;
  /** beta, the forward ridge. */
  readonly ridge: number;
}

/** The paper's relative ridge, of the forward and of the backward mapping. */
export const PAPER_RIDGE = 1e-6;

/**
 * Fits BIB's head (arXiv 2301.02931) in primal form: the numbers of the kernel form with `k(x, x') = phi . phi'`, at a
 * cost that does not depend on N.
 *
 * - `w = (G + beta I)^-1 b`, `beta = 1e-6 tr(K) / N`
 * - `L_f = (w . phi - y_h)^2`
 * - `L_b = (y^T y - 2 s phi . b + s^2 phi^T G phi) / N`, `s = y_h / (k_hh + beta_h)`, `beta_h = 1e-6 k_hh`
 *
 * @throws InputError when the features are all zero
 */
export function fitBibHead(gram: Gram, options: BibHeadOptions = {}): BibHead {
  const target = options.target ?? 10;
  const backwardRidge = options.backwardRidge ?? { relative: PAPER_RIDGE, absolute: 0 };
  const ridge = ((options.relativeRidge ?? PAPER_RIDGE) * gram.trace) / gram.rows;
  if (!(gram.trace > 0)) {
    throw new InputError({
      what: 'the features of all measured rows are zero',
      expected: 'features that are not zero',
      fix: 'Use another model.',
    });
  }
  const weights = solvePositiveDefinite(addToDiagonal(gram, ridge), gram.b);
  const predict = (phi: ArrayLike<number>) => dot(weights, phi);
  return {
    width: gram.width,
    target,
    weights,
    ridge,
    predict,
    async losses(phis) {
      const gPhis = rowsOf(await timesTransposed(Float64Array.from(phis), gram.G, gram.width), gram.width);
      return rowsOf(phis, gram.width).map((phi, i): BibLosses => {
        const prediction = predict(phi);
        const gap = prediction - target;
        const gPhi = gPhis[i];
        const found = backwardLoss(gram, phi, dot(phi, gPhi), target, backwardRidge);
        const cotangent = () => backwardCotangent(gram, found, phi, gPhi);
        return { prediction, forward: gap * gap, backward: found.loss, cotangent };
      });
    },
    async cotangents(losses: readonly BibLosses[]) {
      return losses.map(({ prediction, cotangent }) => ({
        // dL_f/dphi = 2 (w . phi - y_h) w
        forward: weights.map((w) => 2 * (prediction - target) * w),
        backward: cotangent(),
      }));
    },
  };
}

interface BibLosses extends HeadLosses {
  /** dL_b/dphi */
  cotangent(): Float64Array;
}

function addToDiagonal(gram: Gram, ridge: number): Float64Array {
  const A = gram.G.slice();
  for (let i = 0; i < gram.width; i++) A[i * gram.width + i] += ridge;
  return A;
}
