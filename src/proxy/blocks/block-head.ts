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
 * `L_f = (w . phi - y_h)^2` and `L_b = (y^T y - 2 s phi . b + s^2 phi^T G phi) / N` with `s = y_h / (k_hh + s_n^2)`,
 * `ds/dphi = -2 s phi / (k_hh + s_n^2)`. The noise takes the place of the paper's 1e-6 k_hh, since the norm of a centred
 * candidate can vanish.
 */
export function createBlockHead(parts: BlockHeadParts): BlockHead {
  const { measured, weights, yy, noise, target = 10 } = parts;
  const b = measured.product(0);
  const predict = (phi: ArrayLike<number>) => dot(weights, phi);
  const lossesOf = (phi: Float64Array, image: Image): BlockLosses => {
    const prediction = predict(phi);
    const gap = prediction - target;
    const denominator = dot(phi, phi) + noise;
    const s = target / denominator;
    const phiB = dot(phi, b);
    return {
      prediction,
      forward: gap * gap,
      backward: (yy - 2 * s * phiB + s * s * image.quadratic) / measured.rows,
      ...{ phi, s, image },
      radial: (2 * (s * image.quadratic - phiB) * (-2 * s)) / denominator,
    };
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
      return losses.map(({ prediction, phi, s, radial }, i) => {
        const gPhi = gPhis[i];
        return {
          forward: weights.map((w) => 2 * (prediction - target) * w),
          backward: b.map((bj, j) => (radial * phi[j] - 2 * s * bj + 2 * s * s * gPhi[j]) / measured.rows),
        };
      });
    },
  };
}

/** Losses with what their gradients are made of. */
interface BlockLosses extends HeadLosses {
  phi: Float64Array;
  s: number;
  /** Slope of L_b through s, along phi. */
  radial: number;
  image: Image;
}
