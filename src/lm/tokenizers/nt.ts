import { longestMatchTokenizer } from './esm.js';
import { adjacentLayout } from './letters.js';
import type { SpecialTokens, Tokenizer } from './tokenizer.js';
import type { Vocabulary } from './vocabulary.js';

/**
 * Nucleotide Transformer v1 (and v2): k-mers end to end (k = 6), single letters for what is left over and wherever a
 * window holds N; `<cls>` before, nothing after.
 * @param k letters of a k-mer of the vocabulary
 * @throws ModelError when the vocabulary has no `<unk>`
 */
export function nucleotideTransformerTokenizer(
  vocabulary: Vocabulary,
  special: SpecialTokens,
  k: number,
): Tokenizer {
  return longestMatchTokenizer(vocabulary, special, { sizes: [k, 1], layout: adjacentLayout(k) });
}
