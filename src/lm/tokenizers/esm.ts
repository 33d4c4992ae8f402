import { characterLayout, encodeLetters, type LetterMapParts, letterMap } from './letters.js';
import { longestMatch } from './longest-match.js';
import { requireSpecial } from './special.js';
import { residueMask, type SpecialTokens, type Tokenizer, withEnds } from './tokenizer.js';
import type { Vocabulary } from './vocabulary.js';

/**
 * ESM-1b, ESM-1v and ESM-2: a token a residue, case-sensitive, longest match from the left, white space ignored, a run
 * of unknown characters is one `<unk>`; `<cls>` before and `<eos>` after.
 * @throws ModelError when the vocabulary has no `<unk>`
 */
export function esmTokenizer(vocabulary: Vocabulary, special: SpecialTokens): Tokenizer {
  return longestMatchTokenizer(vocabulary, special, { sizes: [1], layout: characterLayout });
}

/** The tokenizer that ESM and the Nucleotide Transformer share; they differ in how letters fall into tokens. */
export function longestMatchTokenizer(
  vocabulary: Vocabulary,
  special: SpecialTokens,
  { sizes, layout }: Pick<LetterMapParts, 'sizes' | 'layout'>,
): Tokenizer {
  const { ids, file, tokens } = vocabulary;
  const unknown = requireSpecial(special, 'unk', file);
  const letters = letterMap({ ids, sizes, layout, special, file });
  const encode = (text: string) => withEnds(longestMatch(text, ids, unknown), special);
  return {
    vocabulary: tokens,
    special,
    encode,
    encodeResidues: encode,
    letters,
    encodeSequence: (alphabet, sequence) => encodeLetters(letters, alphabet, sequence, special),
    residueMask: (row) => residueMask(special, row),
  };
}
