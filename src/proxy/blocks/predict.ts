import type { Sequence } from '../../core/alphabet.js';
import { throwIfAborted } from '../../core/errors.js';
import type { FeatureMap } from '../../core/feature-map.js';
import { dot } from '../linear-algebra.js';
import type { Block, BlockMoments } from './block.js';
import type { LetterTables, StrandedFeatureMap } from './letter-block.js';

/** What {@link createPredictor} is made of. */
export interface PredictorParts {
  blocks: readonly Block[];
  moments: BlockMoments;
  /** a_b of each block. */
  blockWeights: ArrayLike<number>;
  /** [D] weights in weighted feature coordinates. */
  weights: Float64Array;
}

/** Predictions of many sequences, [B]; the same as the head's on the features, up to rounding. */
export type Predictor = (sequences: readonly Sequence[], signal?: AbortSignal) => Promise<Float64Array>;

/** Sequences per batch of features. */
const BATCH = 1024;

/**
 * `w . phi(x)` without phi where a block allows it: sums over letters and pairs of letters are read from tables, a few
 * numbers a sequence instead of D, and blocks that go through a kernel need no features, so that a whole design space can
 * be scored.
 */
export function createPredictor({ blocks, moments, blockWeights, weights }: PredictorParts): Predictor {
  const parts: AddPart[] = [];
  let bias = 0;
  let from = 0;
  blocks.forEach((block, b) => {
    const map: StrandedFeatureMap = block.map;
    const to = from + map.width;
    const factor = Math.sqrt(blockWeights[b]) * moments.scales[b];
    const own = weights.slice(from, to).map((w) => w * factor);
    bias -= dot(own, moments.mean.subarray(from, to));
    parts.push(partOf(map, own));
    from = to;
  });
  return async (sequences, signal) => {
    const out = new Float64Array(sequences.length).fill(bias);
    for (let at = 0; at < sequences.length; at += BATCH) {
      throwIfAborted(signal);
      const batch = sequences.slice(at, at + BATCH);
      const target = out.subarray(at, at + batch.length);
      for (const add of parts) await add(batch, target, signal);
    }
    return out;
  };
}

/** Adds one block's share of the predictions. */
type AddPart = (batch: readonly Sequence[], out: Float64Array, signal?: AbortSignal) => void | Promise<void>;

function partOf(map: StrandedFeatureMap, weights: Float64Array): AddPart {
  const tables = map.tables?.(weights);
  if (tables !== undefined) return (batch, out) => addFromTables(tables, batch, out);
  const sum = map.sum?.(weights);
  if (sum !== undefined) return (batch, out) => batch.forEach((sequence, b) => (out[b] += sum(sequence)));
  return (batch, out, signal) => addFromFeatures(map, weights, batch, out, signal);
}

function addFromTables({ sites, pairs }: LetterTables, batch: readonly Sequence[], out: Float64Array): void {
  batch.forEach((sequence, b) => {
    let sum = 0;
    for (const { position, values } of sites) sum += values[sequence[position]];
    for (const { first, second, values, letters } of pairs)
      sum += values[sequence[first] * letters + sequence[second]];
    out[b] += sum;
  });
}

async function addFromFeatures(
  map: FeatureMap,
  weights: Float64Array,
  batch: readonly Sequence[],
  out: Float64Array,
  signal?: AbortSignal,
): Promise<void> {
  const phi = await map.features(batch, signal);
  const D = map.width;
  batch.forEach((_, b) => {
    let sum = 0;
    for (let j = 0; j < D; j++) sum += weights[j] * phi[b * D + j];
    out[b] += sum;
  });
}
