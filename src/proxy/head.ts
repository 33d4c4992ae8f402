import { dot, rowsOf } from './linear-algebra.js';

/** An affine function of the features, `weights . phi + bias`. */
export interface LinearHead {
  /** [D] */
  readonly weights: Float64Array;
  readonly bias: number;
}

/** What the two mappings say of one candidate. A head may keep more in it, of this candidate alone, for the gradients. */
export interface HeadLosses {
  /** The head's prediction of the candidate's score, standardised units. */
  readonly prediction: number;
  /** L_f: the measured set predicts the candidate; how far it stays below the target. */
  readonly forward: number;
  /** L_b: the candidate predicts the measured set; mean squared error. */
  readonly backward: number;
}

/** Gradients of both losses in phi, that a design method pulls back to letters. */
export interface HeadCotangents {
  /** [D] dL_f / dphi. */
  readonly forward: Float64Array;
  /** [D] dL_b / dphi. */
  readonly backward: Float64Array;
}

/** A head fitted to the measured set: predicts a score, and gives both of BIB's losses with their gradients in phi. */
export interface Head {
  /** D, number of features. */
  readonly width: number;
  /** y_h, the score asked of a candidate, standardised units. */
  readonly target: number;
  /** Predicted score of features phi [D], standardised units. */
  predict(phi: ArrayLike<number>): number;
  /**
   * Both losses of each candidate; those of one do not depend on which others are asked with it.
   * @param phis [B x D]
   */
  losses(phis: Float32Array | Float64Array): Promise<HeadLosses[]>;
  /**
   * Their gradients; most candidates are only scored.
   * @param losses as this head gave them, of any calls
   */
  cotangents(losses: readonly HeadLosses[]): Promise<HeadCotangents[]>;
}

/** `weights . phi + bias`. */
export function applyLinear(head: LinearHead, phi: ArrayLike<number>): number {
  return dot(head.weights, phi) + head.bias;
}

/** Losses of one candidate that know their gradients. */
export interface SingleLosses extends HeadLosses {
  cotangents(): HeadCotangents;
}

/**
 * A head whose losses are so quick that candidates are taken one by one.
 * @param head its `losses` are those of one candidate's phi [D]
 */
export function headOneByOne(
  head: Pick<Head, 'width' | 'target' | 'predict'> & { losses(phi: Float64Array): SingleLosses },
): Head {
  const { width, target, predict } = head;
  return {
    ...{ width, target, predict },
    async losses(phis) {
      return rowsOf(phis, width).map((phi) => head.losses(phi));
    },
    async cotangents(losses: readonly SingleLosses[]) {
      return losses.map((own) => own.cotangents());
    },
  };
}
