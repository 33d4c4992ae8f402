import type { Alphabet, Sequence } from '../../core/alphabet.js';
import type { LetterMap } from './letters.js';

/** Ids of the special tokens; null where the vocabulary has none. */
export interface SpecialTokens {
  readonly pad: number | null;
  readonly mask: number | null;
  readonly unk: number | null;
  /** Put first: `<cls>`, `[CLS]` or `<bos>`. */
  readonly cls: number | null;
  /** Put last: `<eos>` or `[SEP]`; null where the model has none (Nucleotide Transformer v1). */
  readonly eos: number | null;
}

/** Turns text into the token ids that a model was trained on. */
export interface Tokenizer {
  /** Tokens by id. */
  readonly vocabulary: readonly string[];
  readonly special: SpecialTokens;
  /**
   * Token ids with the special tokens at both ends, as the published tokenizer gives them. Text is what that tokenizer
   * takes: BERT's has spaces between residues or k-mers.
   */
  encode(text: string): number[];
  /**
   * Token ids of a plain sequence in any letters (`MKTX`), with what its publisher does before tokenising: spaces
   * between residues and X for U, Z, O and B (ProtBERT), overlapping k-mers (DNABERT), nothing (the others).
   * @throws InputError when the sequence is shorter than one k-mer
   */
  encodeResidues(sequence: string): number[];
  /** How the letters of a design map to tokens and back. */
  readonly letters: LetterMap;
  /**
   * Token ids of a sequence of codes: the same as `encodeResidues` of its letters, without going through text.
   * @throws ModelError when the vocabulary lacks a letter of the alphabet
   */
  encodeSequence(alphabet: Alphabet, sequence: Sequence): Int32Array;
  /** 1 where a token counts in the mean features phi: all but cls, eos and pad. */
  residueMask(ids: ArrayLike<number>): Uint8Array;
}

/** Token ids of a batch, padded to one length. */
export interface TokenBatch {
  /** B, number of rows. */
  readonly rows: number;
  /** T, tokens a row. */
  readonly length: number;
  /** [B x T] token ids. */
  readonly ids: Int32Array;
  /** [B x T] 1 on tokens, 0 on padding. */
  readonly attentionMask: Uint8Array;
  /** [B x T] 1 where the token counts in phi. */
  readonly residueMask: Uint8Array;
}

/**
 * Pads rows of token ids to one length.
 * @param length T (default: the longest row)
 */
export function padBatch(
  tokenizer: Tokenizer,
  rows: readonly ArrayLike<number>[],
  length = rows.reduce((most, row) => Math.max(most, row.length), 0),
): TokenBatch {
  const pad = tokenizer.special.pad ?? tokenizer.special.eos ?? 0;
  const ids = new Int32Array(rows.length * length).fill(pad);
  const attentionMask = new Uint8Array(rows.length * length);
  const residueMask = new Uint8Array(rows.length * length);
  rows.forEach((row, b) => {
    ids.set(row, b * length);
    attentionMask.fill(1, b * length, b * length + row.length);
    residueMask.set(tokenizer.residueMask(row), b * length);
  });
  return { rows: rows.length, length, ids, attentionMask, residueMask };
}

/** The residue mask from special ids alone; every other id, `<mask>` and `<unk>` included, counts. */
export function residueMask(special: SpecialTokens, ids: ArrayLike<number>): Uint8Array {
  const { cls, eos, pad } = special;
  return Uint8Array.from(ids, (id) => (id === cls || id === eos || id === pad ? 0 : 1));
}

/** Ids with the special tokens of both ends. */
export function withEnds(ids: readonly number[], { cls, eos }: SpecialTokens): number[] {
  return [...(cls === null ? [] : [cls]), ...ids, ...(eos === null ? [] : [eos])];
}
