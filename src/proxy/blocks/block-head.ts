import { backwardCotangent, backwardLoss } from '../backward-mapping.js';
import type { BackwardLoss } from '../backward-mapping.js';
import type { Head, HeadLosses } from '../head.js';
import { dot, rowsOf } from '../linear-algebra.js';
import type { Image, Measured } from './learner.js';

/** What {@link createBlockHead} is made of; all in weighted feature coordinates. */
export interface BlockHeadParts {
  /** The measured rows' weighted features and, as target 0, their scores. */
  measured: Measured;
  /** [D] weights of the predicted score. */
  weights: Float64Array;
  /** y^T y of the scores. */
  yy: number;
  /** s_n^2, the variance of the noise: the backward mapping's ridge. */
  noise: number;
  /** y_h. Default 10. */
  target?: number;
}

/** A head over weighted blocks. */
export interface BlockHead extends Head {
  readonly weights: Float64Array;
  /** s_n^2 */
  readonly noise: number;
}

/** Candidates that are taken together: as fast as more, in little memory. */
const TOGETHER = 256;

/**
 * Both of BIB's mappings over weighted, centred blocks:
 * `L_f = (w . phi - y_h)^2` and L_b by {@link backwardLoss} with `s = y_h / (k_hh + s_n^2)`. The noise takes the place of the
 * paper's 1e-6 k_hh, since the norm of a centred candidate can vanish.
 */
export function createBlockHead(parts: BlockHeadParts): BlockHead {
  const { measured, weights, yy, noise, target = 10 } = parts;
  const rows = { rows: measured.rows, b: measured.product(0), yy };
  const ridge = { relative: 0, absolute: noise };
  const predict = (phi: ArrayLike<number>) => dot(weights, phi);
  const lossesOf = (phi: Float64Array, image: Image): BlockLosses => {
    const prediction = predict(phi);
    const gap = prediction - target;
    const mapping = backwardLoss(rows, phi, image.quadratic, target, ridge);
    return { prediction, forward: gap * gap, backward: mapping.loss, mapping, phi, image };
  };
  return {
    width: measured.width,
    target,
    weights,
    noise,
    predict,
    async losses(phis) {
      const found: BlockLosses[] = [];
      for (let at = 0; at < phis.length; at += TOGETHER * measured.width) {
        const some = Float64Array.from(phis.subarray(at, at + TOGETHER * measured.width));
        const images = await measured.images(some);
        found.push(...rowsOf(some, measured.width).map((phi, i) => lossesOf(phi, images[i])));
      }
      return found;
    },
    async cotangents(losses: readonly BlockLosses[]) {
      const gPhis = await measured.timesImages(losses.map(({ image }) => image));
      return losses.map(({ prediction, mapping, phi }, i) => ({
        forward: weights.map((w) => 2 * (prediction - target) * w),
        backward: backwardCotangent(rows, mapping, phi, gPhis[i]),
      }));
    },
  };
}

/** Losses with what their gradients are made of. */
interface BlockLosses extends HeadLosses {
  phi: Float64Array;
  mapping: BackwardLoss;
  image: Image;
}
