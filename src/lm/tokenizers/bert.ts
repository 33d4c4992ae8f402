import { addedTokenSplitter } from './added-tokens.js';
import { characterLayout, encodeLetters, letterMap, overlappingLayout, tooShort } from './letters.js';
import { requireSpecial } from './special.js';
import { residueMask, type SpecialTokens, type Tokenizer, withEnds } from './tokenizer.js';
import { kmerSize, type Vocabulary } from './vocabulary.js';
import { wordPiece, type WordPieceOptions } from './word-piece.js';

/**
 * BERT over biological letters: `[CLS]` before, `[SEP]` after. A vocabulary of k-mers is DNABERT's (overlapping windows
 * of k letters), any other is ProtBERT's (a token a residue).
 *
 * `encode` takes text with spaces between tokens; a protein without spaces is one unknown word, as published.
 * @throws ModelError when the vocabulary has no `[UNK]`
 */
export function bertTokenizer(
  vocabulary: Vocabulary,
  special: SpecialTokens,
  options: WordPieceOptions,
): Tokenizer {
  const { ids, file, tokens } = vocabulary;
  const unknown = requireSpecial(special, 'unk', file);
  const k = kmerSize(vocabulary);
  const letters = letterMap({
    ids,
    sizes: [k],
    layout: k > 1 ? overlappingLayout(k) : characterLayout,
    special,
    file,
  });
  const split = addedTokenSplitter(specialTexts(special, tokens));
  const encode = (text: string) =>
    withEnds(
      split(text).flatMap((piece) =>
        'id' in piece ? [piece.id] : wordPiece(piece.text, ids, unknown, options),
      ),
      special,
    );
  const spaced =
    k > 1 ? (sequence: string) => spacedKmers(sequence, k) : ids.has('X') ? protBertText : spacedLetters;
  return {
    vocabulary: tokens,
    special,
    encode,
    encodeResidues: (sequence) => encode(spaced(sequence)),
    letters,
    encodeSequence: (alphabet, sequence) => encodeLetters(letters, alphabet, sequence, special),
    residueMask: (row) => residueMask(special, row),
  };
}

/**
 * A protein as ProtBERT's authors write it: spaces between residues, and X for the rare or ambiguous U, Z, O and B
 * (capitals only).
 */
export function protBertText(sequence: string): string {
  return spacedLetters(sequence.replace(/[UZOB]/g, 'X'));
}

/**
 * DNA as DNABERT's authors write it: all windows of k letters, with spaces.
 * @throws InputError when the sequence is shorter than k
 */
export function spacedKmers(sequence: string, k: number): string {
  if (sequence.length < k) throw tooShort(sequence.length, k);
  return Array.from({ length: sequence.length - k + 1 }, (_, start) => sequence.slice(start, start + k)).join(
    ' ',
  );
}

function spacedLetters(sequence: string): string {
  return [...sequence].join(' ');
}

function specialTexts(special: SpecialTokens, tokens: readonly string[]): Map<string, number> {
  const present = Object.values(special).filter((id): id is number => id !== null);
  return new Map(present.map((id) => [tokens[id], id]));
}
