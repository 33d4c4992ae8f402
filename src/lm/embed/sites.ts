import type { Alphabet } from '../../core/alphabet.js';
import { InputError, ModelError } from '../../core/errors.js';
import type { Pool } from '../../runtime/pool.js';
import type { LanguageModel } from '../language-model.js';
import { type LanguageModelFeatureMap, pooledFeatures } from '../pooled-features.js';
import { readingOrder } from '../reading-order.js';
import type { LetterWindow } from '../tokenizers/letters.js';

/** For each of some letters the tokens that hold it: one, or with overlapping k-mers up to k. */
export function tokensOfSites(windows: readonly LetterWindow[], sites: readonly number[]): number[][] {
  return sites.map((site) =>
    windows.filter(({ start, length }) => start <= site && site < start + length).map(({ token }) => token),
  );
}

/** Writes the weights of the mean over each site's tokens, [S x T]. */
export function writeSiteWeights(
  tokens: readonly (readonly number[])[],
  weights: Float32Array,
  length: number,
): void {
  tokens.forEach((own, s) => own.forEach((token) => (weights[s * length + token] = 1 / own.length)));
}

/**
 * The last hidden state at chosen sites, S x D features (site by site), with exact gradients to the letters of a design:
 * a block such as `lm-sites`. With k letters a token, a site's features are the mean over the tokens that hold it.
 * @param sites 0-based positions of letters, each at most once
 * @throws ModelError when the model's vocabulary lacks a letter of the alphabet, or it reads from the other end
 * @throws InputError for no sites at all; `features` throws it for a sequence that does not reach a site
 */
export function residueFeatures(
  model: LanguageModel,
  alphabet: Alphabet,
  pool: Pool,
  sites: readonly number[],
): LanguageModelFeatureMap {
  if (sites.length === 0) throw new InputError({ what: 'no sites are given', expected: 'at least one' });
  if (readingOrder(model) === 'reverse') {
    throw new ModelError({
      what: `model ${model.name} reads from the other end`,
      file: model.folder,
      expected: 'a model that reads forward',
    });
  }
  const byLength = new Map<number, number[][]>();
  const tokensFor = (length: number) => {
    const known = byLength.get(length) ?? siteTokens(model, sites, length);
    byLength.set(length, known);
    return known;
  };
  return pooledFeatures(model, alphabet, pool, {
    means: sites.length,
    name: `lm-sites/${sites.join(',')}`,
    pooling: (sequences) => ({
      means: sites.length,
      write: (row, weights, length) => writeSiteWeights(tokensFor(sequences[row].length), weights, length),
    }),
  });
}

/**
 * The tokens of each site in sequences of one length.
 * @throws InputError when a site lies beyond the end
 */
export function siteTokens(
  { tokenizer }: LanguageModel,
  sites: readonly number[],
  length: number,
): number[][] {
  const beyond = sites.find((site) => site < 0 || site >= length);
  if (beyond === undefined) return tokensOfSites(tokenizer.letters.windows(length), sites);
  throw new InputError({
    what: `site ${beyond + 1} lies outside the sequence`,
    expected: `1 to ${length}`,
    got: `${beyond + 1}`,
  });
}
