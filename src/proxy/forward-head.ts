import type { Head, HeadLosses } from './head.js';
import { rowsOf } from './linear-algebra.js';

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
    async losses(phis) {
      const own = await head.losses(phis);
      return rowsOf(phis, width).map((phi, i): ForwardLosses => {
        const prediction = forward.predict(phi);
        const gap = prediction - target;
        return { prediction, forward: gap * gap, backward: own[i].backward, phi, own: own[i] };
      });
    },
    async cotangents(losses: readonly ForwardLosses[]) {
      const own = await head.cotangents(losses.map((each) => each.own));
      return losses.map(({ phi, prediction }, i) => ({
        forward: forward.gradient(phi).map((slope) => 2 * (prediction - target) * slope),
        backward: own[i].backward,
      }));
    },
  };
}

interface ForwardLosses extends HeadLosses {
  phi: Float64Array;
  /** The head's own, whose backward mapping stays. */
  own: HeadLosses;
}
