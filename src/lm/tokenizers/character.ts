import { ModelError } from '../../core/errors.js';
import { addedTokenSplitter } from './added-tokens.js';
import { characterLayout, encodeLetters, letterMap } from './letters.js';
import { specialIds, specialNames } from './special.js';
import { residueMask, type SpecialTokens, type Tokenizer, withEnds } from './tokenizer.js';
import type { TokenizerJson } from './tokenizer-json.js';

/**
 * The tokenizer of a `tokenizer.json` of characters or words (ESM-C, GPT-2 style models over letters).
 * @param settings of tokenizer_config.json, which names the pad and mask tokens
 * @throws ModelError when an end token is not in the vocabulary
 */
export function characterTokenizer(
  json: TokenizerJson,
  settings: Readonly<Record<string, unknown>>,
): Tokenizer {
  const { vocabulary, added, first, last, unknown } = json;
  const { ids, file, tokens } = vocabulary;
  for (const end of [first, last]) {
    if (end !== null && !ids.has(end)) {
      throw new ModelError({
        what: `token ${end} of the template is not in the vocabulary`,
        file,
        expected: 'a known token',
      });
    }
  }
  const none = { pad: null, mask: null, unk: null, cls: null, eos: null };
  const { pad, mask } = specialNames(settings, none);
  const special: SpecialTokens = specialIds({ pad, mask, unk: unknown, cls: first, eos: last }, vocabulary);
  const letters = letterMap({ ids, sizes: [1], layout: characterLayout, special, file });
  const split = addedTokenSplitter(added);
  const idsOf = (text: string) => wordsOf(text, json.cut).flatMap((word) => lookUp(word, json, special.unk));
  const encode = (text: string) =>
    withEnds(
      split(text).flatMap((piece) => ('id' in piece ? [piece.id] : idsOf(piece.text))),
      special,
    );
  return {
    vocabulary: tokens,
    special,
    encode,
    encodeResidues: (sequence) => encode(json.cut === 'white-space' ? [...sequence].join(' ') : sequence),
    letters,
    encodeSequence: (alphabet, sequence) => encodeLetters(letters, alphabet, sequence, special),
    residueMask: (row) => residueMask(special, row),
  };
}

function wordsOf(text: string, cut: TokenizerJson['cut']): string[] {
  switch (cut) {
    case 'none':
      return [text];
    case 'letters':
      return [...text];
    case 'letters-of-lines':
      return text.match(/\n+|[^\n]/gu) ?? [];
    case 'white-space':
      return text.split(/\s+/u).filter((word) => word !== '');
  }
}

function lookUp(
  word: string,
  { vocabulary, unit, fuseUnknown }: TokenizerJson,
  unknown: number | null,
): number[] {
  const found: number[] = [];
  let inUnknown = false;
  for (const token of unit === 'word' ? [word] : word) {
    const id = vocabulary.ids.get(token);
    if (id !== undefined) found.push(id);
    else if (unknown !== null && !(fuseUnknown && inUnknown)) found.push(unknown);
    inUnknown = id === undefined;
  }
  return found;
}
