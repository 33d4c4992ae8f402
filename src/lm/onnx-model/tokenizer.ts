import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { bertTokenizer } from '../tokenizers/bert.js';
import { characterTokenizer } from '../tokenizers/character.js';
import { loadTokenizer } from '../tokenizers/load.js';
import { nucleotideTransformerTokenizer } from '../tokenizers/nt.js';
import type { SpecialTokens, Tokenizer } from '../tokenizers/tokenizer.js';
import { kmerSize, readVocabulary, type Vocabulary, vocabulary } from '../tokenizers/vocabulary.js';
import { isPlainName } from '../io/folder.js';
import type { OnnxDescription, OnnxTokenizer } from './description.js';

/**
 * The tokenizer that a description asks for.
 * @param folder of the model
 * @param file of the description, for messages
 * @throws ModelError when its vocabulary is missing, or special tokens or k do not fit it
 */
export function describedTokenizer(
  described: OnnxDescription['tokenizer'],
  folder: string,
  file: string,
): Tokenizer {
  if (described === 'folder') return loadTokenizer(folder);
  const words = vocabularyOf(described, folder, file);
  const special = specialTokens(described, words, file);
  checkK(described, words, file);
  switch (described.tokens) {
    case 'overlapping-kmers':
      return bertTokenizer(words, special, { lowerCase: false });
    case 'adjacent-kmers':
      return nucleotideTransformerTokenizer(words, special, described.k);
    case 'letters':
      return letterTokenizer(words, special);
  }
}

function vocabularyOf({ vocabulary: given }: OnnxTokenizer, folder: string, file: string): Vocabulary {
  if (typeof given !== 'string') return vocabulary(given, file);
  if (isPlainName(given)) return readVocabulary(path.join(folder, given));
  throw new ModelError({
    what: 'file of the vocabulary lies outside the folder of the model',
    file,
    expected: 'a plain file name',
    got: given,
  });
}

function specialTokens({ special }: OnnxTokenizer, { tokens, ids }: Vocabulary, file: string): SpecialTokens {
  const id = (role: keyof SpecialTokens): number | null => {
    const named = special[role];
    if (named === null) return null;
    const found = typeof named === 'number' ? named : ids.get(named);
    if (found !== undefined && found < tokens.length) return found;
    throw new ModelError({
      what: `special token ${role} is not in the vocabulary`,
      file,
      expected: `one of its ${tokens.length} tokens, or an id below ${tokens.length}`,
      got: `${named}`,
    });
  };
  return { cls: id('cls'), eos: id('eos'), pad: id('pad'), mask: id('mask'), unk: id('unk') };
}

function checkK({ tokens, k }: OnnxTokenizer, words: Vocabulary, file: string): void {
  const found = kmerSize(words);
  if (tokens === 'letters' ? k === 1 : k > 1 && k === found) return;
  throw new ModelError({
    what: 'k does not fit the tokenizer',
    file,
    expected: tokens === 'letters' ? 'no k, or 1, for letters' : `the k of the vocabulary's k-mers, ${found}`,
    got: `${k}`,
  });
}

/** One token a letter; special tokens written out in a text stand for themselves. */
function letterTokenizer(words: Vocabulary, special: SpecialTokens): Tokenizer {
  const text = (id: number | null) => (id === null ? null : words.tokens[id]);
  const present = Object.values(special).filter((id): id is number => id !== null);
  return characterTokenizer(
    {
      vocabulary: words,
      added: new Map(present.map((id) => [words.tokens[id], id])),
      cut: 'letters',
      unit: 'character',
      unknown: text(special.unk),
      fuseUnknown: false,
      first: text(special.cls),
      last: text(special.eos),
    },
    { pad_token: text(special.pad), mask_token: text(special.mask) },
  );
}
