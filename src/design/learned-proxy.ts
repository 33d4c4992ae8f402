import type { Sequence } from '../core/alphabet.js';
import type { FeatureMap } from '../core/feature-map.js';
import type { Random } from '../core/random.js';
import { fitProxy } from '../proxy/fit.js';
import type { ProxyOptions } from '../proxy/fit.js';
import type { Head, LinearHead } from '../proxy/head.js';
import type { BlocksReport } from '../proxy/blocks/fit-blocks.js';
import type { StandardisedScores } from '../proxy/standardise.js';
import type { FeatureUncertainty } from './feature-posterior.js';

/** What a proxy is learned from. */
export interface ProxyLearning {
  /** The measured sequences. */
  sequences: readonly Sequence[];
  /** Their scores in the user's units; larger is better. */
  scores: ArrayLike<number>;
  random: Random;
  signal?: AbortSignal;
  /** `choice`: ways to learn that were tried; `features`: measured rows that have their features. */
  onProgress?: (phase: 'choice' | 'features', step: number, steps: number) => void;
}

/** How sure a proxy is, in standardised units of its scale, at features phi. */
export interface ProxyBelief extends FeatureUncertainty {
  /** One of the leverages. */
  leverage(phi: ArrayLike<number>): number;
  /** Variance of a new measurement, noise included. */
  variance(phi: ArrayLike<number>): number;
  /** Leverage above which a sequence lies outside what was measured: few measured rows are as far from the others. */
  readonly reach: number;
}

/** A proxy as a design run uses it, however it was fitted. */
export interface LearnedProxy {
  featureMap: FeatureMap;
  head: Head;
  /** The weak supervision f. */
  auxiliary: LinearHead;
  /** The score's scale, to come back to the user's units. */
  scale: Omit<StandardisedScores, 'y'>;
  /** Predicted scores of many sequences, standardised units, faster than through their features; null: there is no such way. */
  predict: ((sequences: readonly Sequence[], signal?: AbortSignal) => Promise<Float64Array>) | null;
  /** null where the proxy does not say how sure it is. */
  belief: ProxyBelief | null;
  /** beta, the forward ridge of the published method; null where the ridge was chosen. */
  ridge: number | null;
  /** What was chosen and why, for blocks. */
  report: BlocksReport | null;
}

/** Learns a proxy from measured rows. */
export type ProxyLearner = (data: ProxyLearning) => Promise<LearnedProxy>;

/** The published proxy: one feature map, the weak ridge. */
export function paperLearner(featureMap: FeatureMap, options?: ProxyOptions): ProxyLearner {
  return async ({ sequences, scores, random, signal, onProgress }) => {
    const { head, auxiliary, scale } = await fitProxy(
      {
        ...{ featureMap, sequences, scores, random, signal },
        onProgress: (step, steps) => onProgress?.('features', step, steps),
      },
      options,
    );
    return {
      featureMap,
      head,
      auxiliary,
      scale,
      predict: null,
      belief: null,
      ridge: head.ridge,
      report: null,
    };
  };
}
