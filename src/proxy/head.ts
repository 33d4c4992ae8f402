import { dot } from './linear-algebra.js';

/** An affine function of the features, `weights . phi + bias`. */
export interface LinearHead {
  /** [D] */
  readonly weights: Float64Array;
  readonly bias: number;
}

/** What the two mappings say of one candidate, and the gradients that a design method pulls back to letters. */
export interface HeadLosses {
  /** The head's prediction of the candidate's score, standardised units. */
  prediction: number;
  /** L_f: the measured set predicts the candidate; how far it stays below the target. */
  forward: number;
  /** L_b: the candidate predicts the measured set; mean squared error. */
  backward: number;
  /** Gradients of both losses in phi; computed when asked for, since most candidates are only scored. */
  cotangents(): HeadCotangents;
}

/** See {@link HeadLosses}. */
export interface HeadCotangents {
  /** [D] dL_f / dphi. */
  forward: Float64Array;
  /** [D] dL_b / dphi. */
  backward: Float64Array;
}

/** A head fitted to the measured set: predicts a score, and gives both of BIB's losses with their gradients in phi. */
export interface Head {
  /** D, number of features. */
  readonly width: number;
  /** y_h, the score asked of a candidate, standardised units. */
  readonly target: number;
  /** Predicted score of features phi [D], standardised units. */
  predict(phi: ArrayLike<number>): number;
  /** Both losses and their gradients at phi [D]. */
  losses(phi: ArrayLike<number>): HeadLosses;
}

/** `weights . phi + bias`. */
export function applyLinear(head: LinearHead, phi: ArrayLike<number>): number {
  return dot(head.weights, phi) + head.bias;
}
