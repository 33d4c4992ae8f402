import type { Alphabet, Sequence } from '../core/alphabet.js';
import { internal } from '../core/errors.js';
import type { FeatureMap, OneHotGradients } from '../core/feature-map.js';
import type { Pool } from '../runtime/pool.js';
import type { TensorValue } from '../runtime/session.js';
import type { BatchPlan } from './batching.js';
import { featureGraph, vjpGraph } from './feature-graph.js';
import { letterGradients, type ToLetters } from './letter-gradients.js';
import type { LanguageModel } from './language-model.js';
import { type CompiledGraph, compileGraph, poolFeeds, type Pooling } from './runner.js';

/** Raised when the graphs change in a way that moves bits. */
const GRAPH_VERSION = 2;

/** A language model's features as a {@link FeatureMap}; its sessions are freed by `release`. */
export interface LanguageModelFeatureMap extends FeatureMap {
  release(): Promise<void>;
}

/** Which weighted means of the hidden state are the features. */
export interface PooledFeatures {
  /** S, means a sequence. */
  readonly means: number;
  /** Names them in the map's key. */
  readonly name: string;
  /** The weights of some sequences' tokens. */
  pooling(sequences: readonly Sequence[], tokenRows: readonly ArrayLike<number>[]): Pooling;
}

/**
 * phi(x): S weighted means of the last hidden state, S x D features, with exact gradients to the letters of a design.
 * @throws ModelError when the model's vocabulary lacks a letter of the alphabet
 */
export function pooledFeatures(
  model: LanguageModel,
  alphabet: Alphabet,
  pool: Pool,
  { means, name, pooling }: PooledFeatures,
): LanguageModelFeatureMap {
  const { architecture, tokenizer, weights } = model;
  const D = means * architecture.hiddenSize;
  const characters = tokenizer.letters.k === 1;
  const columns = characters ? tokenizer.letters.columns(alphabet, 1) : null;
  const forward = compileGraph(pool, model, () => featureGraph(architecture, weights, means), 'phi');
  const backward = new Map<number, CompiledGraph>();
  const backwardFor = (K: number) => {
    const compiled =
      backward.get(K) ??
      compileGraph(pool, model, () => vjpGraph(architecture, weights, columns, K, means), 'gradient', K);
    backward.set(K, compiled);
    return compiled;
  };
  const byLength = new Map<number, ToLetters>();
  const lettersOf = (length: number) => {
    const known = byLength.get(length) ?? letterGradients(model, alphabet, length);
    byLength.set(length, known);
    return known;
  };
  const tokenise = (sequences: readonly Sequence[]) =>
    sequences.map((sequence) => tokenizer.encodeSequence(alphabet, sequence));

  return {
    width: D,
    key: `${name}/${model.sha256}/graph-${GRAPH_VERSION}`,
    async features(sequences, signal) {
      const phi = new Float32Array(sequences.length * D);
      const rows = tokenise(sequences);
      const receive = ({ data }: TensorValue, plan: BatchPlan) =>
        plan.rows.forEach((row, b) => phi.set((data as Float32Array).subarray(b * D, (b + 1) * D), row * D));
      await forward.run(rows, receive, { extra: poolFeeds(pooling(sequences, rows)), signal });
      return phi;
    },
    async vjp(sequences, cotangents, K, signal): Promise<OneHotGradients> {
      const L = sequences[0]?.length ?? 0;
      if (sequences.some((sequence) => sequence.length !== L))
        throw internal('one vjp call takes sequences of one length');
      const A = alphabet.size;
      const out = new Float32Array(sequences.length * K * L * A);
      const rows = tokenise(sequences);
      const toLetters = lettersOf(L);
      const pooled = poolFeeds(pooling(sequences, rows));
      const extra = (plan: BatchPlan) => {
        const data = new Float32Array(plan.size * K * D);
        for (let b = 0; b < plan.size; b++) {
          const row = plan.rows[b] ?? plan.rows[0];
          for (let k = 0; k < K; k++)
            data.set(cotangents.subarray((row * K + k) * D, (row * K + k + 1) * D), (k * plan.size + b) * D);
        }
        return { ...pooled(plan), cotangent: { data, shape: [plan.size * K, D] } };
      };
      const receive = ({ data, shape }: TensorValue, plan: BatchPlan) => {
        const width = plan.length * shape[2];
        plan.rows.forEach((row, b) => {
          for (let k = 0; k < K; k++) {
            const at = k * plan.size + b;
            const gradient = (data as Float32Array).subarray(at * width, (at + 1) * width);
            toLetters(
              gradient,
              sequences[row],
              out.subarray((row * K + k) * L * A, (row * K + k + 1) * L * A),
            );
          }
        });
      };
      await backwardFor(K).run(rows, receive, { extra, signal });
      return { data: out, alphabetSize: A };
    },
    async release() {
      await Promise.all([forward.release(), ...[...backward.values()].map((graph) => graph.release())]);
    },
  };
}
