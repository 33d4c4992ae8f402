import { quantile } from 'd3-array';
import type { Alphabet, Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import type { FeatureMap } from '../core/feature-map.js';
import type { Random } from '../core/random.js';
import type { Block } from '../proxy/blocks/block.js';
import { fitBlocks } from '../proxy/blocks/fit-blocks.js';
import type { BlocksFit, BlocksOptions, BlocksReport } from '../proxy/blocks/fit-blocks.js';
import { type EnsembleForward, ensembleHead } from './ensemble-forward.js';
import { paperLearner } from './learned-proxy.js';
import type { LearnedProxy, ProxyBelief, ProxyLearner, ProxyLearning } from './learned-proxy.js';

/** Which blocks are tried, and how the head on the chosen ones is fitted. */
export interface BlocksLearning {
  alphabet: Alphabet;
  /** 0-based positions that the closed-form blocks look at. Default: those that vary. */
  positions?: readonly number[];
  /** Names of closed-form blocks. Default: all that suit the table. */
  only?: readonly string[];
  /** Further blocks, such as those of a language model. */
  extra?: readonly Block[];
  /** `evidence` (default): chosen by the table's own rows; `paper`: the published weak ridge on the chosen blocks. */
  ridge?: 'evidence' | 'paper';
  /** Scores by the bootstrap heads, or one head distilled from them, in place of the evidence's. Default: the evidence's. */
  forward?: EnsembleForward;
  options?: BlocksOptions;
}

/** Evidence-weighted blocks; see `fitBlocks`. */
export function blocksLearner(learning: BlocksLearning): ProxyLearner {
  const { ridge = 'evidence', forward, ...blocks } = learning;
  return async (data) => {
    const { onProgress, ...rows } = data;
    const fit = await fitBlocks({
      ...blocks,
      ...rows,
      onProgress: ({ phase, step, steps }) => onProgress?.(phase, step, steps),
    });
    if (forward !== undefined) return withEnsemble(fit, data, forward);
    return ridge === 'evidence' ? learned(fit, data) : withPaperRidge(fit, data);
  };
}

async function learned(fit: BlocksFit, data: ProxyLearning): Promise<LearnedProxy> {
  const { featureMap, head, auxiliary, report } = fit;
  const { mean, std, toUserUnits } = fit.scale;
  const belief = beliefOf(fit, data.scores);
  return {
    ...{ featureMap, head, auxiliary, report },
    scale: { mean, std, toUserUnits },
    predict: fit.predict,
    belief: { ...belief, reach: await reachOf(featureMap, belief, data) },
    ridge: null,
  };
}

/** How sure a fit is, where these scores were measured. */
export function beliefOf(
  { posterior, head, scale }: BlocksFit,
  scores: ArrayLike<number>,
): Omit<ProxyBelief, 'reach'> {
  return {
    ...posterior,
    highest: Array.from(scores).reduce(
      (most, score) => Math.max(most, scale.fromUserUnits(score)),
      -Infinity,
    ),
    // the head's own, so that draws and bounds are of the scores that are told
    mean: (phi) => head.predict(phi),
  };
}

/** Scores by the bootstrap heads; how sure the evidence's head is says nothing of them. */
async function withEnsemble(
  fit: BlocksFit,
  data: ProxyLearning,
  forward: EnsembleForward,
): Promise<LearnedProxy> {
  const { featureMap, auxiliary, scale, report } = fit;
  const { mean, std, toUserUnits } = scale;
  return {
    ...{ featureMap, auxiliary, report: unguarded(report), scale: { mean, std, toUserUnits } },
    head: await ensembleHead(fit, data, forward),
    ...{ predict: null, belief: null, ridge: null },
  };
}

/** The published ridge on the chosen, weighted blocks: no noise is known then, and so no belief. */
async function withPaperRidge(
  { featureMap, report }: BlocksFit,
  { sequences, scores, random, signal }: ProxyLearning,
): Promise<LearnedProxy> {
  const learn = paperLearner(featureMap);
  const proxy = await learn({ sequences, scores, signal, random: random.fork('paper ridge') });
  return { ...proxy, report: unguarded(report) };
}

/** What other heads than the evidence's believe: avoided pairs, of which no row has one, have no weight in them. */
function unguarded(report: BlocksReport): BlocksReport {
  return { ...report, avoided: [] };
}

/** Measured rows that say how far from the others a measured row lies. */
const REACH_ROWS = 256;
/** Share of them within reach. */
const WITHIN = 0.95;

/**
 * The leverage that 95 % of a sample of the measured rows would have at most, had they not been measured: h / (1 - h) of a
 * row with leverage h.
 */
async function reachOf(
  featureMap: FeatureMap,
  belief: Omit<ProxyBelief, 'reach'>,
  { sequences, random, signal }: { sequences: readonly Sequence[]; random: Random; signal?: AbortSignal },
): Promise<number> {
  const sample = random
    .fork('reach')
    .shuffle([...sequences])
    .slice(0, REACH_ROWS);
  const phi = await featureMap.features(sample, signal);
  throwIfAborted(signal);
  const D = featureMap.width;
  const leftOut = sample.map((_, i) => {
    const h = belief.leverage(phi.subarray(i * D, (i + 1) * D));
    return h < 1 ? h / (1 - h) : h;
  });
  return quantile(leftOut, WITHIN) ?? 0;
}
