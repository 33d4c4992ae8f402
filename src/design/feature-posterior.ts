import type { FeatureMap } from '../core/feature-map.js';
import type { Sequence } from '../core/alphabet.js';
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
  /** `phi^T (G + s^2 I)^-1 phi`, plus a constant if features were centred: the variance without noise over s^2. */
  leverage(phi: ArrayLike<number>): number;
  /** [B] The same of each row of [B x D]. */
  leverages(phis: Float64Array): Promise<Float64Array>;
}

/** Sequences whose features are looked at together. */
const TOGETHER = 256;

/**
 * The posterior of scores from one over features. Covariances of pairs come from leverages alone, by
 * `a^T M b = (q(a + b) - q(a) - q(b)) / 2` with `q(v) = v^T M v`.
 */
export function featurePosterior(featureMap: FeatureMap, belief: FeatureUncertainty): ScorePosterior {
  const D = featureMap.width;
  const rowsOf = async (sequences: readonly Sequence[], signal?: AbortSignal) => {
    const phi = Float64Array.from(await featureMap.features(sequences, signal));
    return sequences.map((_, i) => phi.subarray(i * D, (i + 1) * D));
  };
  const constant = belief.leverage(new Float64Array(D));
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
      const rows = await rowsOf(sequences, signal);
      const n = rows.length;
      const own = rows.map((phi) => belief.leverage(phi));
      const covariance = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        covariance[i * n + i] = belief.noise * own[i];
        for (let j = 0; j < i; j++) {
          const sum = rows[i].map((value, k) => value + rows[j][k]);
          const cross = (belief.leverage(sum) - own[i] - own[j] + constant) / 2 + constant;
          covariance[i * n + j] = covariance[j * n + i] = belief.noise * cross;
        }
      }
      return sampleNormal(
        Float64Array.from(rows, (phi) => belief.mean(phi)),
        covariance,
        draws,
        random,
      );
    },
  };
}
