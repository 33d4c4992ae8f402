import type { FeatureMap } from '../core/feature-map.js';
import { sampleNormal } from './joint-normal.js';
import type { ScorePosterior } from './posterior.js';

/** A Bayesian linear regression over features, as far as batch selection needs it. */
export interface FeatureUncertainty {
  /** The highest measured score; absent where it is not known. */
  readonly highest?: number;
  /** s^2, the variance of the noise. */
  readonly noise: number;
  /** Posterior mean at phi [D]. */
  mean(phi: ArrayLike<number>): number;
  /** [B] `phi^T (G + s^2 I)^-1 phi` of each row of [B x D], plus a constant if features were centred: the variances without noise over s^2. */
  leverages(phis: Float64Array): Promise<Float64Array>;
  /** [B x B] `phi_i^T (G + s^2 I)^-1 phi_j` plus that constant: the covariances of predictions over s^2. */
  jointLeverages(phis: Float64Array): Promise<Float64Array>;
}

/** Sequences whose features are looked at together. */
const TOGETHER = 256;

/** The posterior of scores from one over features. */
export function featurePosterior(featureMap: FeatureMap, belief: FeatureUncertainty): ScorePosterior {
  const D = featureMap.width;
  return {
    highest: belief.highest,
    async moments(sequences, signal) {
      const [mean, variance] = [new Float64Array(sequences.length), new Float64Array(sequences.length)];
      for (let at = 0; at < sequences.length; at += TOGETHER) {
        const phis = Float64Array.from(await featureMap.features(sequences.slice(at, at + TOGETHER), signal));
        const leverages = await belief.leverages(phis);
        leverages.forEach((leverage, i) => {
          mean[at + i] = belief.mean(phis.subarray(i * D, (i + 1) * D));
          variance[at + i] = Math.max(0, belief.noise * leverage);
        });
      }
      return { mean, variance };
    },
    async sample(sequences, draws, random, signal) {
      const phis = Float64Array.from(await featureMap.features(sequences, signal));
      const mean = Float64Array.from(sequences, (_, i) => belief.mean(phis.subarray(i * D, (i + 1) * D)));
      const covariance = (await belief.jointLeverages(phis)).map((value) => belief.noise * value);
      return sampleNormal(mean, covariance, draws, random);
    },
  };
}
