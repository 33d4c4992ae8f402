import { createHash } from 'node:crypto';
import type { Alphabet, Sequence } from '../../core/alphabet.js';
import { internal } from '../../core/errors.js';
import type { FeatureMap } from '../../core/feature-map.js';
import type { Pool } from '../../runtime/pool.js';
import type { LanguageModel } from '../language-model.js';
import {
  defaultMarginals,
  letterLogProbabilities,
  type MarginalOptions,
  substitutionScores,
} from './marginals.js';

/** Raised when the scores change in a way that moves bits. */
const VERSION = 1;

/** The log-likelihood ratio as a feature, and the table that it adds up. */
export interface LogLikelihoodRatio extends FeatureMap {
  /** [L x A], see `substitutionScores`. */
  readonly scores: Float64Array;
}

/**
 * A model's log-likelihood ratio of a variant to the wild type, sum over positions of log p(x_i) - log p(wt_i), as a
 * feature map of width 1: a block such as `llr`. It is linear in the one-hot letters, so its gradient is the table
 * itself, exactly, everywhere. The model runs once, here; the map holds no session.
 * @throws as `letterLogProbabilities`; its functions throw for sequences of another length
 * @see Meier et al., NeurIPS 2021 (masked marginals, wild-type marginals)
 */
export async function logLikelihoodRatio(
  model: LanguageModel,
  alphabet: Alphabet,
  pool: Pool,
  wildType: Sequence,
  { marginals = defaultMarginals(model), signal }: MarginalOptions = {},
): Promise<LogLikelihoodRatio> {
  const [L, A] = [wildType.length, alphabet.size];
  const logs = await letterLogProbabilities(model, alphabet, pool, wildType, { marginals, signal });
  const scores = substitutionScores(logs, wildType, A);
  const wild = createHash('sha256').update(wildType).digest('hex').slice(0, 16);
  const check = (sequences: readonly Sequence[]) => {
    if (sequences.some(({ length }) => length !== L))
      throw internal(`a log-likelihood ratio needs sequences of the wild type's length ${L}`);
  };
  return {
    scores,
    width: 1,
    key: `llr/${marginals}/${model.sha256}/${wild}/version-${VERSION}`,
    async features(sequences) {
      check(sequences);
      return Float64Array.from(sequences, (sequence) => sumScores(scores, sequence, A));
    },
    async vjp(sequences, cotangents, K) {
      check(sequences);
      const data = new Float64Array(sequences.length * K * L * A);
      for (let row = 0; row < sequences.length * K; row++)
        for (let at = 0; at < L * A; at++) data[row * L * A + at] = cotangents[row] * scores[at];
      return { data, alphabetSize: A };
    },
  };
}

/** Sum of the entries of a sequence's letters in a table [L x A]. */
export function sumScores(scores: Float64Array, sequence: Sequence, alphabetSize: number): number {
  let sum = 0;
  for (let i = 0; i < sequence.length; i++) sum += scores[i * alphabetSize + sequence[i]];
  return sum;
}
