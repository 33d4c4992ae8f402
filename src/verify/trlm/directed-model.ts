import { ModelError } from '../../core/errors.js';
import { inChunks } from '../../lm/chunks.js';
import type { LanguageModel } from '../../lm/language-model.js';
import { type ReadingOrder, readingOrder } from '../../lm/reading-order.js';
import { causalScorer } from '../../lm/score/likelihood.js';
import { requireLetterTokens, tokenise } from '../../lm/token-text.js';
import type { Pool } from '../../runtime/pool.js';

/** A causal model of letters that reads in one direction. */
export interface DirectedModel {
  readonly order: ReadingOrder;
  /**
   * For each text and each of its letters, in the order of the text, log p(letter | the letters read before it) in nats:
   * those to its left for `forward`, to its right for `reverse`. What ends a sequence is not scored.
   */
  letterLogProbabilities(texts: readonly string[], signal?: AbortSignal): Promise<Float64Array[]>;
}

/** A {@link DirectedModel} that holds a compiled graph. */
export interface CompiledDirectedModel extends DirectedModel {
  release(): Promise<void>;
}

/**
 * A causal language model as a {@link DirectedModel}; the same text always gives the same bits.
 * @param order in which it must read
 * @throws ModelError for a model that is not causal, whose tokens are not letters, that has no token to begin with, or
 *   that reads in the other order
 */
export function directedModel(model: LanguageModel, pool: Pool, order: ReadingOrder): CompiledDirectedModel {
  checkDirected(model, order);
  const scorer = causalScorer(model, pool);
  return {
    order,
    async letterLogProbabilities(texts, signal) {
      const rows: Float64Array[] = [];
      const named = [...texts.entries()].map(([i, text]) => ({ id: `${i + 1}`, text }));
      for await (const chunk of inChunks(named, { cost: ({ text }) => text.length })) {
        const tokens = chunk.map((one) => tokenise(model, one, order));
        const scores = await scorer.score(tokens, signal);
        for (const [i, { text }] of chunk.entries()) {
          const letters = scores[i].slice(0, text.length);
          rows.push(order === 'forward' ? letters : letters.reverse());
        }
      }
      return rows;
    },
    release: () => scorer.release(),
  };
}

/** @throws ModelError, see {@link directedModel} */
export function checkDirected(model: LanguageModel, order: ReadingOrder): void {
  const { name, folder, architecture, tokenizer } = model;
  const refuse = (expected: string, got: string) =>
    new ModelError({
      what: `model ${name} cannot be the ${order} model of a time-reversed pair`,
      ...{ file: folder, expected, got },
      fix: `Choose a causal model that reads ${order === 'forward' ? 'as written' : 'from the other end'}, such as protein-causal-${order}.`,
    });
  if (!architecture.causal) throw refuse('a causal model', architecture.family);
  requireLetterTokens(model, 'letter probabilities');
  if (tokenizer.special.cls === null) throw refuse('a token that begins every sequence', 'none');
  const own = readingOrder(model);
  if (own !== order) throw refuse(`reading order ${order}`, own);
}
