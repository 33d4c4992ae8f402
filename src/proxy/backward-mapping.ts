import { dot } from './linear-algebra.js';

/** The backward mapping's ridge: `beta_h = relative k_hh + absolute`, where k_hh = phi . phi. */
export interface BackwardRidge {
  relative: number;
  absolute: number;
}

/** The measured rows as the backward mapping sees them. */
export interface BackwardRows {
  /** N */
  rows: number;
  /** [D] b = Phi^T y */
  b: Float64Array;
  /** y^T y */
  yy: number;
}

/** L_b of one candidate, with what its gradient is made of. */
export interface BackwardLoss {
  loss: number;
  /** s = y_h / (k_hh + beta_h) */
  s: number;
  /** Slope of L_b through s, along phi; before the division by N. */
  radial: number;
}

/**
 * BIB's backward mapping (arXiv 2301.02931): how well the candidate alone predicts the measured rows,
 * `L_b = (y^T y - 2 s phi . b + s^2 phi^T G phi) / N`. With `d = (1 + relative) k_hh + absolute`: `s = y_h / d` and
 * `ds/dphi = -2 (1 + relative) s phi / d`, which is the paper's `-2 s phi / k_hh` where `absolute` is 0.
 * @param quadratic phi^T G phi
 * @param target y_h
 */
export function backwardLoss(
  { rows, b, yy }: BackwardRows,
  phi: Float64Array,
  quadratic: number,
  target: number,
  ridge: BackwardRidge,
): BackwardLoss {
  const denominator = (1 + ridge.relative) * dot(phi, phi) + ridge.absolute;
  const s = target / denominator;
  const slope = (-2 * (1 + ridge.relative) * s) / denominator;
  const phiB = dot(phi, b);
  return {
    loss: (yy - 2 * s * phiB + s * s * quadratic) / rows,
    s,
    radial: 2 * (s * quadratic - phiB) * slope,
  };
}

/** dL_b/dphi, [D]. @param gPhi [D] G phi */
export function backwardCotangent(
  { rows, b }: BackwardRows,
  { s, radial }: BackwardLoss,
  phi: Float64Array,
  gPhi: Float64Array,
): Float64Array {
  return b.map((bj, j) => (radial * phi[j] - 2 * s * bj + 2 * s * s * gPhi[j]) / rows);
}
