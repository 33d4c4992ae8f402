import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { readJsonObject } from '../io/json-file.js';
import { esmTokenizer } from './esm.js';
import { nucleotideTransformerTokenizer } from './nt.js';
import { ESM_SPECIAL, readTokenizerConfig, specialIds, specialNames } from './special.js';
import type { Tokenizer } from './tokenizer.js';
import { kmerSize, readVocabulary } from './vocabulary.js';

type Settings = Readonly<Record<string, unknown>>;

/**
 * The tokenizer of a Hugging Face model folder, chosen by `model_type` of config.json and by what the vocabulary
 * holds.
 * @throws ModelError when a file is missing or malformed, the family is not supported, or tokenizer and config.json
 *   do not belong together
 */
export function loadTokenizer(folder: string): Tokenizer {
  const configFile = path.join(folder, 'config.json');
  const config = readJsonObject(configFile);
  const tokenizer = choose(folder, config, configFile);
  checkAgainstConfig(tokenizer, config, configFile);
  return tokenizer;
}

function choose(folder: string, config: Settings, configFile: string): Tokenizer {
  switch (config.model_type) {
    case 'esm':
      return loadEsm(folder);
    default:
      throw new ModelError({
        what: 'no tokenizer for this model type',
        file: configFile,
        expected: 'model_type esm',
        got: JSON.stringify(config.model_type) ?? 'nothing',
      });
  }
}

function loadEsm(folder: string): Tokenizer {
  const vocabulary = readVocabulary(path.join(folder, 'vocab.txt'));
  const special = specialIds(specialNames(readTokenizerConfig(folder), ESM_SPECIAL), vocabulary);
  const k = kmerSize(vocabulary);
  return k > 1 ? nucleotideTransformerTokenizer(vocabulary, special, k) : esmTokenizer(vocabulary, special);
}

/** A vocabulary may be shorter than the embedding (rows are padded to round numbers), never longer. */
function checkAgainstConfig(tokenizer: Tokenizer, config: Settings, configFile: string): void {
  const size = config.vocab_size;
  if (typeof size === 'number' && tokenizer.vocabulary.length > size) {
    throw new ModelError({
      what: 'vocabulary does not fit config.json',
      file: configFile,
      expected: `at most vocab_size = ${size} tokens`,
      got: `${tokenizer.vocabulary.length}`,
      fix: 'Use the tokenizer files that belong to the model.',
    });
  }
  for (const role of ['pad', 'mask'] as const) {
    const id = config[`${role}_token_id`];
    if (typeof id !== 'number' || tokenizer.special[role] === null || id === tokenizer.special[role])
      continue;
    throw new ModelError({
      what: `${role}_token_id does not fit the vocabulary`,
      file: configFile,
      expected: `${tokenizer.special[role]}, the line of ${tokenizer.vocabulary[tokenizer.special[role]]}`,
      got: `${id}`,
      fix: 'Use the tokenizer files that belong to the model.',
    });
  }
}
