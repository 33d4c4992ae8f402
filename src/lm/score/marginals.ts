import type { Alphabet, Sequence } from '../../core/alphabet.js';
import { decode } from '../../core/alphabet.js';
import { ModelError } from '../../core/errors.js';
import type { Pool } from '../../runtime/pool.js';
import type { LanguageModel } from '../language-model.js';
import { readingOrder } from '../reading-order.js';
import { compileGraph } from '../runner.js';
import { requireLetterTokens, tokenise } from '../token-text.js';
import { tokenProbabilityGraph } from './graphs.js';
import { maskedScorer } from './likelihood.js';

/**
 * What a letter's probability at a position is conditioned on: the wild type with that position hidden (`masked`, one
 * pass a position), or the wild type as it is (`wild-type`, one pass; a causal model sees what precedes the position).
 */
export type Marginals = 'masked' | 'wild-type';

/** Options of {@link letterLogProbabilities}. */
export interface MarginalOptions {
  /** Default `masked`, for a causal model `wild-type`. */
  marginals?: Marginals;
  signal?: AbortSignal;
}

/** The marginals that a model is asked for where none are named. */
export function defaultMarginals({ architecture }: LanguageModel): Marginals {
  return architecture.causal ? 'wild-type' : 'masked';
}

/**
 * log p(letter a at position i | wild type), in nats, [L x A] row-major: p over the model's whole vocabulary.
 * @throws ModelError for a model whose tokens are not letters, lacks a letter of the alphabet, or cannot give the
 *   marginals
 * @throws InputError for a wild type that is too long for the model
 * @see Meier et al., NeurIPS 2021
 */
export async function letterLogProbabilities(
  model: LanguageModel,
  alphabet: Alphabet,
  pool: Pool,
  wildType: Sequence,
  { marginals = defaultMarginals(model), signal }: MarginalOptions = {},
): Promise<Float64Array> {
  requireLetterTokens(model, 'letter probabilities');
  const columns = model.tokenizer.letters.columns(alphabet, 1);
  const order = readingOrder(model);
  const L = wildType.length;
  const row = tokenise(model, { id: 'the wild type', text: decode(alphabet, wildType) }, order);
  const windows = model.tokenizer.letters.windows(L);
  const out = new Float64Array(L * alphabet.size);
  const keep = (i: number, values: ArrayLike<number>, offset = 0) => {
    const position = order === 'forward' ? i : L - 1 - i;
    columns.forEach((column, a) => (out[position * alphabet.size + a] = values[offset + column]));
  };
  if (marginals === 'masked') {
    const scorer = maskedScorer(model, pool);
    const tokens = windows.map(({ token }) => ({ row, token }));
    await scorer.hide(tokens, keep, signal).finally(scorer.release);
    return out;
  }
  const compiled = compileGraph(pool, model, () => tokenProbabilityGraph(model), 'log_probability');
  // A causal model's output at t is of token t + 1.
  const shift = model.architecture.causal ? 1 : 0;
  if (windows[0].token < shift) throw noStart(model);
  const receive = ({ data, shape }: { data: ArrayLike<number | bigint>; shape: readonly number[] }) =>
    windows.forEach(({ token }, i) => keep(i, data as ArrayLike<number>, (token - shift) * shape[2]));
  await compiled.run([row], receive, { signal }).finally(compiled.release);
  return out;
}

function noStart({ name, folder }: LanguageModel): ModelError {
  return new ModelError({
    what: `model ${name} gives no probability of a first letter`,
    file: folder,
    expected: 'a token that begins every sequence',
    got: 'none',
  });
}

/**
 * S[i][a] = log p(a at i) - log p(wild-type letter at i), [L x A]: 0 at the wild type's own letters. The log-likelihood
 * ratio of a variant is the sum of its letters' entries.
 * @param logProbabilities see {@link letterLogProbabilities}
 */
export function substitutionScores(
  logProbabilities: Float64Array,
  wildType: Sequence,
  alphabetSize: number,
): Float64Array {
  return logProbabilities.map((value, at) => {
    const i = Math.floor(at / alphabetSize);
    return value - logProbabilities[i * alphabetSize + wildType[i]];
  });
}
