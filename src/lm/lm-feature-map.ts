import type { Alphabet } from '../core/alphabet.js';
import type { Pool } from '../runtime/pool.js';
import type { LanguageModel } from './language-model.js';
import { type LanguageModelFeatureMap, pooledFeatures } from './pooled-features.js';
import { meanPooling } from './runner.js';

export type { LanguageModelFeatureMap } from './pooled-features.js';

/**
 * phi(x): the mean over residues of the last hidden state, with exact gradients to the letters of a design.
 * @throws ModelError when the model's vocabulary lacks a letter of the alphabet
 */
export function languageModelFeatures(
  model: LanguageModel,
  alphabet: Alphabet,
  pool: Pool,
): LanguageModelFeatureMap {
  return pooledFeatures(model, alphabet, pool, {
    means: 1,
    name: 'lm-mean',
    pooling: (_sequences, tokenRows) => meanPooling(model, tokenRows),
  });
}
