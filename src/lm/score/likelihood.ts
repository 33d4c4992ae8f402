import { ModelError } from '../../core/errors.js';
import type { Pool } from '../../runtime/pool.js';
import type { LanguageModel } from '../language-model.js';
import { compileGraph, poolFeeds } from '../runner.js';
import { readsOverlappingKmers } from '../token-text.js';
import { markedProbabilityGraph, tokenProbabilityGraph } from './graphs.js';

/** Log-probabilities of the tokens of some rows, in nats, by a graph that is compiled once. */
export interface TokenScorer {
  /** For each row the log-probability of each scored token. */
  score(tokenRows: readonly Int32Array[], signal?: AbortSignal): Promise<Float64Array[]>;
  release(): Promise<void>;
}

/**
 * log p(token t | tokens before it) for every token but the first, the closing one included: T - 1 values a row.
 * @throws ModelError for a bidirectional model
 */
export function causalScorer(model: LanguageModel, pool: Pool): TokenScorer {
  if (!model.architecture.causal) throw wrongKind(model, 'a causal log-likelihood', 'a causal model');
  const compiled = compileGraph(pool, model, () => tokenProbabilityGraph(model), 'log_probability');
  return {
    async score(tokenRows, signal) {
      const scores = tokenRows.map((row) => new Float64Array(row.length - 1));
      await compiled.run(
        tokenRows,
        ({ data, shape }, plan) =>
          plan.rows.forEach((row, b) => {
            const V = shape[2];
            for (let t = 1; t < tokenRows[row].length; t++)
              scores[row][t - 1] = Number(data[(b * plan.length + t - 1) * V + tokenRows[row][t]]);
          }),
        { signal },
      );
      return scores;
    },
    release: () => compiled.release(),
  };
}

/** One token of a row, to be hidden. */
export interface HiddenToken {
  readonly row: Int32Array;
  /** Index of the token. */
  readonly token: number;
}

/** Hands over log p of every token of the vocabulary, [V], at the hidden place of item `index`. */
export type ReceiveProbabilities = (index: number, logProbability: Float32Array) => void;

/** What hides tokens, one at a time. */
export interface MaskedScorer extends TokenScorer {
  hide(tokens: readonly HiddenToken[], receive: ReceiveProbabilities, signal?: AbortSignal): Promise<void>;
}

/**
 * log p(token t | all others), each residue token hidden in turn: as many values a row as it has residue tokens.
 * @throws ModelError for a model without a mask token, or whose k-mers overlap (neighbours spell out a hidden one)
 */
export function maskedScorer(model: LanguageModel, pool: Pool): MaskedScorer {
  const { mask } = model.tokenizer.special;
  if (model.architecture.causal || mask === null)
    throw wrongKind(model, 'masked scores', 'a bidirectional model with a mask token');
  if (readsOverlappingKmers(model))
    throw wrongKind(model, 'masked scores', 'tokens of one letter, or k-mers end to end');
  const compiled = compileGraph(pool, model, () => markedProbabilityGraph(model), 'log_probability');
  const hide = async (
    tokens: readonly HiddenToken[],
    receive: ReceiveProbabilities,
    signal?: AbortSignal,
  ) => {
    const rows = tokens.map(({ row, token }) => {
      const hidden = row.slice();
      hidden[token] = mask;
      return hidden;
    });
    const mark = (row: number, weights: Float32Array) => (weights[tokens[row].token] = 1);
    await compiled.run(
      rows,
      ({ data, shape }, plan) =>
        plan.rows.forEach((row, b) =>
          receive(row, (data as Float32Array).subarray(b * shape[2], (b + 1) * shape[2])),
        ),
      { extra: poolFeeds({ means: 1, write: mark }), signal },
    );
  };
  return {
    hide,
    async score(tokenRows, signal) {
      const places = tokenRows.map((row) => {
        const counted = model.tokenizer.residueMask(row);
        return [...row.keys()].filter((t) => counted[t] === 1);
      });
      const scores = places.map((tokens) => new Float64Array(tokens.length));
      const items = places.flatMap((tokens, r) =>
        tokens.map((token, i) => ({ row: tokenRows[r], token, r, i })),
      );
      await hide(
        items,
        (index, logProbability) => {
          const { row, token, r, i } = items[index];
          scores[r][i] = logProbability[row[token]];
        },
        signal,
      );
      return scores;
    },
    release: () => compiled.release(),
  };
}

function wrongKind(
  { name, folder, architecture }: LanguageModel,
  what: string,
  expected: string,
): ModelError {
  return new ModelError({
    what: `model ${name} cannot give ${what}`,
    file: folder,
    expected,
    got: architecture.family,
    fix: 'Choose another model or another score.',
  });
}
