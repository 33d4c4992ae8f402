import type { Alphabet } from '../../core/alphabet.js';
import { openNamedModel } from '../../lm/open-named.js';
import type { ModelPair } from './rank.js';

/** Models of a pair by name or folder; what is left out is the alphabet's embedded one. */
export interface PairNames {
  forward?: string;
  reverse?: string;
}

/**
 * Opens a time-reversed pair.
 * @throws ModelError for a model that is missing, damaged or not supported
 */
export async function openPair(
  alphabet: Alphabet,
  names: PairNames = {},
  signal?: AbortSignal,
): Promise<ModelPair> {
  const open = (which: 'forward' | 'reverse') =>
    openNamedModel(names[which] ?? `${alphabet.name}-causal-${which}`, alphabet, { signal });
  return { forward: await open('forward'), reverse: await open('reverse') };
}
