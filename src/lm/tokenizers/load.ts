import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ModelError } from '../../core/errors.js';
import { readJsonObject } from '../io/json-file.js';
import { bertTokenizer } from './bert.js';
import { characterTokenizer } from './character.js';
import { esmTokenizer } from './esm.js';
import { nucleotideTransformerTokenizer } from './nt.js';
import { BERT_SPECIAL, ESM_SPECIAL, readTokenizerConfig, specialIds, specialNames } from './special.js';
import type { Tokenizer } from './tokenizer.js';
import { readTokenizerJson } from './tokenizer-json.js';
import { kmerSize, readVocabulary, type Vocabulary, vocabularyFromIds } from './vocabulary.js';

type Settings = Readonly<Record<string, unknown>>;

const LOADERS: Readonly<Record<string, (folder: string) => Tokenizer>> = {
  esm: loadEsm,
  bert: loadBert,
  gpt2: loadCharacters,
  esmc: loadCharacters,
};

/**
 * The tokenizer of a Hugging Face model folder, chosen by `model_type` of config.json and by what the vocabulary
 * holds: ESM and Nucleotide Transformer (`vocab.txt`), ProtBERT and DNABERT (`vocab.txt` or `tokenizer.json`), ESM-C and
 * GPT-2 style models over letters (`tokenizer.json`).
 * @throws ModelError when a file is missing or malformed, the family is not supported, or tokenizer and config.json
 *   do not belong together
 */
export function loadTokenizer(folder: string): Tokenizer {
  const configFile = path.join(folder, 'config.json');
  const config = readJsonObject(configFile);
  const type = config.model_type;
  if (typeof type !== 'string' || !Object.hasOwn(LOADERS, type)) {
    throw new ModelError({
      what: 'no tokenizer for this model type',
      file: configFile,
      expected: `model_type ${Object.keys(LOADERS).join(', ')}`,
      got: JSON.stringify(type) ?? 'nothing',
      fix: 'Choose a model of a supported family.',
    });
  }
  const tokenizer = LOADERS[type](folder);
  checkAgainstConfig(tokenizer, config, configFile);
  return tokenizer;
}

function loadEsm(folder: string): Tokenizer {
  const vocabulary = readVocabulary(path.join(folder, 'vocab.txt'));
  const special = specialIds(specialNames(readTokenizerConfig(folder), ESM_SPECIAL), vocabulary);
  const k = kmerSize(vocabulary);
  return k > 1 ? nucleotideTransformerTokenizer(vocabulary, special, k) : esmTokenizer(vocabulary, special);
}

function loadBert(folder: string): Tokenizer {
  const settings = readTokenizerConfig(folder);
  const vocabulary = bertVocabulary(folder);
  const special = specialIds(specialNames(settings, BERT_SPECIAL, { eos: 'sep_token' }), vocabulary);
  return bertTokenizer(vocabulary, special, { lowerCase: settings.do_lower_case === true });
}

const wordPieceSchema = z.object({ model: z.object({ vocab: z.record(z.string(), z.int().nonnegative()) }) });

function bertVocabulary(folder: string): Vocabulary {
  const lines = path.join(folder, 'vocab.txt');
  const json = path.join(folder, 'tokenizer.json');
  if (existsSync(lines) || !existsSync(json)) return readVocabulary(lines);
  const parsed = wordPieceSchema.safeParse(readJsonObject(json));
  if (parsed.success) return vocabularyFromIds(Object.entries(parsed.data.model.vocab), json);
  throw new ModelError({
    what: 'tokenizer holds no vocabulary',
    file: json,
    expected: '{"model": {"vocab": {...}}}',
  });
}

function loadCharacters(folder: string): Tokenizer {
  return characterTokenizer(
    readTokenizerJson(path.join(folder, 'tokenizer.json')),
    readTokenizerConfig(folder),
  );
}

/** A vocabulary may be shorter than the embedding (rows are padded to round numbers), never longer. */
function checkAgainstConfig(tokenizer: Tokenizer, config: Settings, configFile: string): void {
  const { vocabulary, special } = tokenizer;
  const fix = 'Use the tokenizer files that belong to the model.';
  const size = config.vocab_size;
  if (typeof size === 'number' && vocabulary.length > size) {
    const expected = `at most vocab_size = ${size} tokens`;
    throw new ModelError({
      what: 'vocabulary does not fit config.json',
      file: configFile,
      expected,
      got: `${vocabulary.length}`,
      fix,
    });
  }
  for (const role of ['pad', 'mask'] as const) {
    const named = config[`${role}_token_id`];
    const id = special[role];
    if (typeof named !== 'number' || id === null || named === id) continue;
    const expected = `${id}, the id of ${vocabulary[id]}`;
    throw new ModelError({
      what: `${role}_token_id does not fit the vocabulary`,
      file: configFile,
      expected,
      got: `${named}`,
      fix,
    });
  }
}
