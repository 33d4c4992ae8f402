import type { Sequence } from '../../core/alphabet.js';
import { internal } from '../../core/errors.js';
import type { FeatureMap } from '../../core/feature-map.js';
import { letterFeatures } from './letter-block.js';

/**
 * What a language model says of each letter at each position of the wild type: [L x A] log-probabilities, position i masked
 * or not as the caller chose (Meier et al., NeurIPS 2021: masked and wild-type marginals).
 */
export interface LetterLogProbabilities {
  readonly logProbabilities: Float64Array;
  readonly alphabetSize: number;
  /** Names the model and how the probabilities were read. */
  readonly key: string;
}

/**
 * One number: the model's log-likelihood ratio of a sequence to the wild type, `sum_i log p_i(x_i) - log p_i(wt_i)`, with
 * p_i read once at the wild type; beside one-hot letters a hard baseline to beat (Hsu et al., Nat. Biotechnol. 40, 1114,
 * 2022).
 * @param wildType as long as every sequence asked for
 */
export function likelihoodRatio(
  { logProbabilities, alphabetSize: A, key }: LetterLogProbabilities,
  wildType: Sequence,
): FeatureMap {
  if (logProbabilities.length !== wildType.length * A)
    throw internal(`llr: ${logProbabilities.length} log-probabilities for ${wildType.length} x ${A}`);
  const ratio = (i: number, a: number) => logProbabilities[i * A + a] - logProbabilities[i * A + wildType[i]];
  return letterFeatures({
    width: 1,
    key: `llr/${key}`,
    alphabetSize: A,
    write(sequence, out, offset) {
      for (let i = 0; i < sequence.length; i++) out[offset] += ratio(i, sequence[i]);
    },
    pullBack(sequence, v, offset, gradient, at) {
      for (let i = 0; i < sequence.length; i++)
        for (let a = 0; a < A; a++) gradient[at + i * A + a] += v[offset] * ratio(i, a);
    },
  });
}
