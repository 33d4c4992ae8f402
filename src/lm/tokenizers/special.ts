import { existsSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { readJsonObject } from '../io/json-file.js';
import type { SpecialTokens } from './tokenizer.js';
import type { Vocabulary } from './vocabulary.js';

/** The names of the special tokens; null where there is none. */
export type SpecialNames = { readonly [key in keyof SpecialTokens]: string | null };

/** What EsmTokenizer takes where tokenizer_config.json says nothing. */
export const ESM_SPECIAL: SpecialNames = {
  pad: '<pad>',
  mask: '<mask>',
  unk: '<unk>',
  cls: '<cls>',
  eos: '<eos>',
};

/** What BertTokenizer takes where tokenizer_config.json says nothing. */
export const BERT_SPECIAL: SpecialNames = {
  pad: '[PAD]',
  mask: '[MASK]',
  unk: '[UNK]',
  cls: '[CLS]',
  eos: '[SEP]',
};

/** Settings of `tokenizer_config.json` and `special_tokens_map.json` beside it; empty without these files. */
export function readTokenizerConfig(folder: string): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const name of ['special_tokens_map.json', 'tokenizer_config.json']) {
    const file = path.join(folder, name);
    if (existsSync(file)) Object.assign(settings, readJsonObject(file));
  }
  return settings;
}

/**
 * Names of the special tokens: what the settings say (`null` included), else the tokenizer class's own.
 * @param keys which setting names each, e.g. eos is `sep_token` for BERT
 */
export function specialNames(
  settings: Readonly<Record<string, unknown>>,
  defaults: SpecialNames,
  keys: Partial<Record<keyof SpecialTokens, string>> = {},
): SpecialNames {
  const name = (role: keyof SpecialTokens): string | null => {
    const setting = settings[keys[role] ?? `${role}_token`];
    return setting === undefined ? defaults[role] : tokenText(setting);
  };
  return { pad: name('pad'), mask: name('mask'), unk: name('unk'), cls: name('cls'), eos: name('eos') };
}

/** A token of a settings file: text, or an object with `content`. */
function tokenText(setting: unknown): string | null {
  if (typeof setting === 'string') return setting;
  if (typeof setting === 'object' && setting !== null && 'content' in setting)
    return tokenText(setting.content);
  return null;
}

/** Ids of the special tokens; a token that the vocabulary does not hold counts as absent. */
export function specialIds(names: SpecialNames, vocabulary: Vocabulary): SpecialTokens {
  const id = (name: string | null) => (name === null ? null : (vocabulary.ids.get(name) ?? null));
  return {
    pad: id(names.pad),
    mask: id(names.mask),
    unk: id(names.unk),
    cls: id(names.cls),
    eos: id(names.eos),
  };
}

/**
 * Id of a special token that the tokenizer cannot do without.
 * @throws ModelError when the vocabulary has none
 */
export function requireSpecial(special: SpecialTokens, role: keyof SpecialTokens, file: string): number {
  const id = special[role];
  if (id !== null) return id;
  throw new ModelError({
    what: `vocabulary has no ${role} token`,
    file,
    expected: `a line such as ${ESM_SPECIAL[role]} or ${BERT_SPECIAL[role]}`,
    fix: 'Use the vocabulary that belongs to the model.',
  });
}
