import type { Sequence } from '../core/alphabet.js';
import { ModelError, internal } from '../core/errors.js';
import type { FeatureMap } from '../core/feature-map.js';
import { applyLinear } from '../proxy/head.js';
import type { Head, HeadLosses, LinearHead } from '../proxy/head.js';
import { createMemo } from './memo.js';
import type { Memo } from './memo.js';
import { sequenceKey } from './sequence-key.js';

/** What the proxy says of one sequence, standardised units. */
export interface Evaluation {
  /** The head's predicted score. */
  readonly prediction: number;
  /** L_f */
  readonly forward: number;
  /** L_b */
  readonly backward: number;
  /** f, the weak supervision: the auxiliary ensemble's mean. */
  readonly auxiliary: number;
}

/** An evaluation with its gradients at the one-hot sequence. */
export interface GradientEvaluation extends Evaluation {
  /** [3 x L x A] row-major: dL_f, dL_b and df by d onehot. */
  readonly gradients: Float32Array | Float64Array;
}

/** How often the feature map was needed, asked and spared; in sequences. */
export interface PassCounts {
  /** Forward and backward passes that the method needed: one forward a sequence, and one backward where it wants gradients. */
  asked: number;
  /** Passes that were done: `forward + vjp`. */
  done: number;
  /** Passes that the memo (or an equal sequence in the same batch) spared: `asked - done`. */
  memoHits: number;
  /** Forward passes done. */
  forward: number;
  /** Vector-Jacobian passes done, each for the three scalars together. */
  vjp: number;
}

/**
 * The scalars L_f, L_b and f of sequences and their one-hot gradients. All of them depend on the sequence alone, so they
 * are memoised; the results are the same with a cold and a warm memo.
 */
export interface Objective {
  /** Scalars and gradients, in the order asked; all sequences have the same length. Calls must not overlap. */
  evaluate(sequences: readonly Sequence[], signal?: AbortSignal): Promise<GradientEvaluation[]>;
  /** Scalars only, which costs no backward pass. */
  score(sequences: readonly Sequence[], signal?: AbortSignal): Promise<Evaluation[]>;
  /**
   * Predicted scores only, [B], past the memo: for going through whole spaces, where the losses would cost more than the
   * features and the memo would only be flushed.
   */
  predict(sequences: readonly Sequence[], signal?: AbortSignal): Promise<Float64Array>;
  /** y_h, so that `L_f = (prediction - target)^2`. */
  readonly target: number;
  /** Passes since the objective was made. */
  passes(): PassCounts;
}

/** What an objective is made of. */
export interface ObjectiveOptions {
  featureMap: FeatureMap;
  head: Head;
  /** The weak supervision f. */
  auxiliary: LinearHead;
  /** Predicted scores of many sequences, where there is a faster way than through their features. */
  predict?: (sequences: readonly Sequence[], signal?: AbortSignal) => Promise<Float64Array>;
  /** Memory for the memo. Default 256 MiB; 0 turns it off. */
  memoBytes?: number;
}

/** L_f, L_b and f: the scalars whose gradients are asked for in one pass. */
const SCALARS = 3;
const MEMO_BYTES = 256 * 2 ** 20;

interface Entry {
  evaluation: Evaluation;
  /** What the gradients are made of, until they are there. */
  losses: HeadLosses | null;
  gradients: Float32Array | Float64Array | null;
}

interface Context extends ObjectiveOptions {
  memo: Memo<Entry>;
  counts: { asked: number; forward: number; vjp: number };
  /** Whether equal sequences of one batch share a pass; not where the memo is off. */
  share: boolean;
}

/** An {@link Objective} over a feature map, a fitted head and the weak supervision. */
export function createObjective(options: ObjectiveOptions): Objective {
  const { memoBytes = MEMO_BYTES } = options;
  const counts = { asked: 0, forward: 0, vjp: 0 };
  const context: Context = { ...options, memo: createMemo(memoBytes), counts, share: memoBytes > 0 };
  return {
    target: options.head.target,
    async evaluate(sequences, signal) {
      const entries = await scored(context, sequences, signal);
      await differentiate(context, sequences, entries, signal);
      return entries.map(({ evaluation, gradients }) => {
        if (gradients === null) throw internal('a candidate was left without gradients');
        return { ...evaluation, gradients };
      });
    },
    async score(sequences, signal) {
      const entries = await scored(context, sequences, signal);
      return entries.map((entry) => entry.evaluation);
    },
    async predict(sequences, signal) {
      counts.asked += sequences.length;
      counts.forward += sequences.length;
      const { featureMap, head } = options;
      if (options.predict !== undefined) return finite(await options.predict(sequences, signal));
      const phi = await readFeatures(featureMap, sequences, signal);
      const D = featureMap.width;
      return finite(Float64Array.from(sequences, (_, i) => head.predict(phi.subarray(i * D, (i + 1) * D))));
    },
    passes() {
      const done = counts.forward + counts.vjp;
      return { ...counts, done, memoHits: counts.asked - done };
    },
  };
}

/** Entries with their scalars, in the order asked: from the memo, or by one call of the map for all that it lacks. */
async function scored(
  context: Context,
  sequences: readonly Sequence[],
  signal?: AbortSignal,
): Promise<Entry[]> {
  const { memo, counts, share } = context;
  const keys = sequences.map(sequenceKey);
  const entries = keys.map((key) => memo.get(key));
  const first = new Map<string, number>();
  const misses: number[] = [];
  entries.forEach((entry, i) => {
    if (entry !== undefined || (share && first.has(keys[i]))) return;
    first.set(keys[i], i);
    misses.push(i);
  });
  const fresh = await scoreMisses(
    context,
    misses.map((i) => sequences[i]),
    signal,
  );
  misses.forEach((i, j) => {
    entries[i] = fresh[j];
    remember(context, keys[i], fresh[j]);
  });
  counts.asked += sequences.length;
  counts.forward += misses.length;
  return entries.map((entry, i) => {
    const found = entry ?? entries[first.get(keys[i]) ?? i];
    if (found === undefined) throw internal('a candidate was left without its scalars');
    return found;
  });
}

async function scoreMisses(
  { featureMap, head, auxiliary }: Context,
  sequences: readonly Sequence[],
  signal?: AbortSignal,
): Promise<Entry[]> {
  if (sequences.length === 0) return [];
  const D = featureMap.width;
  const phi = await readFeatures(featureMap, sequences, signal);
  const losses = await head.losses(phi);
  return losses.map((own, i) => entryOf(own, applyLinear(auxiliary, phi.subarray(i * D, (i + 1) * D))));
}

async function readFeatures(
  featureMap: FeatureMap,
  sequences: readonly Sequence[],
  signal?: AbortSignal,
): Promise<Float32Array | Float64Array> {
  const phi = await featureMap.features(sequences, signal);
  if (phi.length !== sequences.length * featureMap.width)
    throw internal(`${phi.length} features for ${sequences.length} x ${featureMap.width}`);
  return phi;
}

/** Fills in the gradients that are missing, by one call of the map. */
async function differentiate(
  context: Context,
  sequences: readonly Sequence[],
  entries: readonly Entry[],
  signal?: AbortSignal,
): Promise<void> {
  const { featureMap, head, auxiliary, counts } = context;
  const misses = new Map<Entry, Sequence>();
  entries.forEach((entry, i) => {
    if (entry.gradients === null) misses.set(entry, sequences[i]);
  });
  counts.asked += sequences.length;
  counts.vjp += misses.size;
  if (misses.size === 0) return;
  const open = [...misses];
  const slopes = await head.cotangents(open.map(([{ losses }]) => present(losses)));
  const cotangents = concatenate(
    slopes.flatMap(({ forward, backward }) => [forward, backward, auxiliary.weights]),
  );
  const { data } = await featureMap.vjp([...misses.values()], cotangents, SCALARS, signal);
  const size = data.length / open.length;
  open.forEach(([entry, sequence], i) => {
    entry.gradients = finite(data.slice(i * size, (i + 1) * size));
    entry.losses = null;
    remember(context, sequenceKey(sequence), entry);
  });
}

function present(losses: HeadLosses | null): HeadLosses {
  if (losses === null) throw internal('gradients are missing, and what they are made of too');
  return losses;
}

function remember({ memo, featureMap }: Context, key: string, entry: Entry): void {
  memo.set(key, entry, sizeOf(entry, key, featureMap.width));
}

function entryOf(losses: HeadLosses, auxiliary: number): Entry {
  const { prediction, forward, backward } = losses;
  const evaluation = { prediction, forward, backward, auxiliary };
  finite(Object.values(evaluation));
  return { evaluation, losses, gradients: null };
}

function concatenate(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function finite<T extends ArrayLike<number>>(values: T): T {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new ModelError({
      what: 'the model gives a value that is not finite for a candidate',
      expected: 'finite features and gradients',
      got: `${values[i]}`,
      fix: 'Check the weights of the model.',
    });
  }
  return values;
}

/** What losses hold on to until their gradients are there: phi, and what the measured rows make of it. */
const BYTES_A_FEATURE = 2 * Float64Array.BYTES_PER_ELEMENT;

/** Bytes that an entry and its key hold, objects' own overhead roughly included. */
function sizeOf({ gradients, losses }: Entry, key: string, width: number): number {
  const open = losses === null ? 0 : BYTES_A_FEATURE * width;
  return (gradients?.byteLength ?? 0) + open + key.length + 256;
}
