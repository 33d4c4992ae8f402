import { type Alphabet, encode, type Sequence } from '../../core/alphabet.js';
import { InputError } from '../../core/errors.js';
import type { Pool } from '../../runtime/pool.js';
import { inChunks } from '../chunks.js';
import type { LanguageModel } from '../language-model.js';
import { readingOrder } from '../reading-order.js';
import { type NamedSequence, tokenise } from '../token-text.js';
import { causalScorer, maskedScorer, type TokenScorer } from './likelihood.js';
import { logLikelihoodRatio, sumScores } from './llr-features.js';
import type { Marginals } from './marginals.js';

/**
 * How sequences are scored, all in nats:
 * - `pseudo-perplexity`: exp of minus the mean of log p(token | all others), each token hidden in turn;
 * - `log-likelihood`: sum of log p(token | those before it), the closing token included (causal models);
 * - `llr`: sum of log p(letter) - log p(wild-type letter) over the positions, see `logLikelihoodRatio`.
 */
export type ScoreMethod =
  | { readonly method: 'pseudo-perplexity' | 'log-likelihood' }
  | {
      readonly method: 'llr';
      readonly wildType: Sequence;
      readonly alphabet: Alphabet;
      readonly marginals?: Marginals;
    };

/** What a method says of a sequence, by column. */
export const SCORE_COLUMNS = {
  'pseudo-perplexity': ['pseudo_log_likelihood', 'pseudo_perplexity'],
  'log-likelihood': ['log_likelihood', 'perplexity'],
  llr: ['mutations', 'llr'],
} as const satisfies Record<ScoreMethod['method'], readonly string[]>;

/** The score of one sequence; `values` in the order of `SCORE_COLUMNS`. */
export interface Score {
  readonly sequence: NamedSequence;
  readonly values: readonly number[];
}

/**
 * Scores any number of sequences, in their order; only a chunk of them is in memory at a time. The same sequence always
 * gives the same bits.
 * @throws ModelError where the model cannot give the score
 * @throws InputError for a sequence that the model cannot read, or that is not of the wild type's length
 * @throws CancelledError when the signal fires
 */
export async function* scoreSequences(
  model: LanguageModel,
  pool: Pool,
  sequences: Iterable<NamedSequence> | AsyncIterable<NamedSequence>,
  method: ScoreMethod,
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<Score, void> {
  if (method.method === 'llr') {
    const { alphabet, wildType, marginals } = method;
    const { scores } = await logLikelihoodRatio(model, alphabet, pool, wildType, { marginals, signal });
    for await (const sequence of sequences) yield { sequence, values: ratioOf(sequence, method, scores) };
    return;
  }
  const causal = method.method === 'log-likelihood';
  const scorer = causal ? causalScorer(model, pool) : maskedScorer(model, pool);
  try {
    yield* inOrderOf(model, sequences, scorer, causal, signal);
  } finally {
    await scorer.release();
  }
}

async function* inOrderOf(
  model: LanguageModel,
  sequences: Iterable<NamedSequence> | AsyncIterable<NamedSequence>,
  scorer: TokenScorer,
  causal: boolean,
  signal?: AbortSignal,
): AsyncGenerator<Score, void> {
  const order = readingOrder(model);
  // Hiding each token in turn reads a sequence as often as it has tokens.
  const cost = ({ text }: NamedSequence) => text.length * (causal ? 1 : text.length);
  for await (const chunk of inChunks(sequences, { cost })) {
    const rows = chunk.map((sequence) => tokenise(model, sequence, order));
    const scores = await scorer.score(rows, signal);
    for (const [i, sequence] of chunk.entries()) {
      const sum = scores[i].reduce((total, value) => total + value, 0);
      yield { sequence, values: [sum, Math.exp(-sum / scores[i].length)] };
    }
  }
}

function ratioOf(
  { id, text, file, line }: NamedSequence,
  { alphabet, wildType }: Extract<ScoreMethod, { method: 'llr' }>,
  scores: Float64Array,
): number[] {
  const sequence = encode(alphabet, text, { file, line });
  if (sequence.length !== wildType.length) {
    throw new InputError({
      what: `sequence ${id} is not of the wild type's length`,
      file,
      line,
      expected: `${wildType.length} letters: substitutions only`,
      got: `${sequence.length}`,
    });
  }
  const mutations = sequence.reduce((count, code, i) => count + Number(code !== wildType[i]), 0);
  return [mutations, sumScores(scores, sequence, alphabet.size)];
}
