import { InputError } from '../core/errors.js';
import type { Gram } from './gram.js';
import type { Head, HeadLosses } from './head.js';
import { dot, rowsOf, solvePositiveDefinite } from './linear-algebra.js';
import { timesTransposed } from './products.js';

/** The backward mapping's ridge: `beta_h = relative k_hh + absolute`, where k_hh = phi . phi. */
export interface BackwardRidge {
  relative: number;
  absolute: number;
}

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
        const mapping = backwardMapping(gram, phi, gPhis[i], target, backwardRidge);
        return { prediction, forward: gap * gap, backward: mapping.loss, cotangent: mapping.cotangent };
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

/**
 * L_b and its gradient by the product rule, from phi and G phi. With `d = (1 + relative) k_hh + absolute`: `s = y_h / d` and
 * `ds/dphi = -2 (1 + relative) s phi / d`, which is the paper's `-2 s phi / k_hh` where `absolute` is 0.
 */
function backwardMapping(
  gram: Gram,
  phi: Float64Array,
  gPhi: Float64Array,
  target: number,
  ridge: BackwardRidge,
) {
  const kernel = dot(phi, phi);
  const denominator = (1 + ridge.relative) * kernel + ridge.absolute;
  const s = target / denominator;
  const sSlope = (-2 * (1 + ridge.relative) * s) / denominator;
  const phiB = dot(phi, gram.b);
  const quadratic = dot(phi, gPhi);
  const radial = 2 * (s * quadratic - phiB) * sSlope;
  return {
    loss: (gram.yy - 2 * s * phiB + s * s * quadratic) / gram.rows,
    cotangent: () => gram.b.map((bj, j) => (radial * phi[j] - 2 * s * bj + 2 * s * s * gPhi[j]) / gram.rows),
  };
}
