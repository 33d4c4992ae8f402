import type { Head } from './head.js';

/** A prediction of scores from features, standardised units. */
export interface ScoreFunction {
  /** Predicted score of features phi [D]. */
  predict(phi: ArrayLike<number>): number;
  /** [D] d prediction / d phi. */
  gradient(phi: ArrayLike<number>): Float64Array;
}

/**
 * A head whose scores another model predicts: `L_f = (f(phi) - y_h)^2` by that model, and the backward mapping, which asks a
 * candidate for the measured set and predicts no score, as it was.
 */
export function withForward(head: Head, forward: ScoreFunction): Head {
  const { width, target } = head;
  return {
    ...{ width, target, predict: forward.predict },
    losses(phi) {
      const losses = head.losses(phi);
      const prediction = forward.predict(phi);
      const gap = prediction - target;
      return {
        ...{ prediction, backward: losses.backward, forward: gap * gap },
        cotangents: () => ({
          forward: forward.gradient(phi).map((slope) => 2 * gap * slope),
          backward: losses.cotangents().backward,
        }),
      };
    },
  };
}
