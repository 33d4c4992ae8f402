import type { Sequence } from '../core/alphabet.js';
import { InputError, throwIfAborted } from '../core/errors.js';
import type { FeatureMap } from '../core/feature-map.js';
import type { Random } from '../core/random.js';
import { fitAuxiliary } from './auxiliary.js';
import type { Auxiliary, AuxiliaryOptions } from './auxiliary.js';
import { fitBibHead } from './bib-head.js';
import type { BibHead, BibHeadOptions } from './bib-head.js';
import { createGramAccumulator } from './gram.js';
import type { Gram } from './gram.js';
import { standardise } from './standardise.js';
import type { StandardisedScores } from './standardise.js';

/** Options of {@link fitProxy}. */
export interface ProxyOptions extends BibHeadOptions {
  auxiliary?: AuxiliaryOptions;
  /** The auxiliary heads learn from at most this many rows, drawn by the seed; the head learns from all. Default 20,000. */
  auxiliaryRows?: number;
}

/** What a proxy is fitted to. */
export interface ProxyData {
  featureMap: FeatureMap;
  /** The measured sequences. */
  sequences: readonly Sequence[];
  /** Their scores in the user's units. */
  scores: ArrayLike<number>;
  random: Random;
  signal?: AbortSignal;
  /** Told after each batch how many rows have their features. */
  onProgress?: (rows: number, total: number) => void;
}

/** Everything learned from the measured set; its size does not depend on N. */
export interface ProxyFit {
  /** The score's scale, to come back to the user's units. */
  scale: Omit<StandardisedScores, 'y'>;
  gram: Gram;
  head: BibHead;
  auxiliary: Auxiliary;
}

/** Sequences per call of the feature map; the map cuts them into its own micro-batches. */
const BATCH = 256;

/**
 * Reads the features of the measured set once, in batches, and fits the BIB head and the auxiliary ensemble.
 * @throws InputError for scores or features that nothing can be learned from
 * @throws CancelledError when the signal fires
 */
export async function fitProxy(data: ProxyData, options: ProxyOptions = {}): Promise<ProxyFit> {
  const { featureMap, sequences, scores, random, signal } = data;
  if (sequences.length !== scores.length) {
    throw new InputError({
      what: 'sequences and scores differ in number',
      expected: `${sequences.length} scores`,
      got: `${scores.length}`,
    });
  }
  const { y, ...scale } = standardise(scores);
  const width = featureMap.width;
  const accumulator = createGramAccumulator(width);
  const sample = createSample(
    sequences.length,
    options.auxiliaryRows ?? 20_000,
    width,
    random.fork('auxiliary rows'),
  );
  for (let from = 0; from < sequences.length; from += BATCH) {
    throwIfAborted(signal);
    const to = Math.min(from + BATCH, sequences.length);
    const phi = await featureMap.features(sequences.slice(from, to), signal);
    accumulator.add(phi, y.subarray(from, to));
    sample.keep(phi, y, from, to);
    data.onProgress?.(to, sequences.length);
  }
  const gram = accumulator.finish();
  throwIfAborted(signal);
  const auxiliary = fitAuxiliary(sample.data(), random.fork('auxiliary heads'), options.auxiliary);
  return { scale, gram, head: fitBibHead(gram, options), auxiliary };
}

/** Keeps the features of a seeded uniform sample of rows, so that memory is bounded. */
function createSample(rows: number, limit: number, width: number, random: Random) {
  const size = Math.min(rows, limit);
  const chosen = size === rows ? null : new Set(sampleIndices(rows, size, random));
  let phi: Float32Array | Float64Array | null = null;
  const y = new Float64Array(size);
  let kept = 0;
  return {
    keep(batch: Float32Array | Float64Array, scores: Float64Array, from: number, to: number): void {
      phi ??= batch instanceof Float32Array ? new Float32Array(size * width) : new Float64Array(size * width);
      for (let row = from; row < to; row++) {
        if (chosen !== null && !chosen.has(row)) continue;
        phi.set(batch.subarray((row - from) * width, (row - from + 1) * width), kept * width);
        y[kept++] = scores[row];
      }
    },
    data: () => ({ phi: phi ?? new Float64Array(0), width, y }),
  };
}

/** `size` distinct indices below `rows`. */
function sampleIndices(rows: number, size: number, random: Random): number[] {
  return random.shuffle(Array.from({ length: rows }, (_, i) => i)).slice(0, size);
}
