import { internal } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import type { Example } from './batch.js';

/** Token ids that a training objective needs. */
export interface SpecialIds {
  readonly cls: number | null;
  readonly eos: number | null;
  /** Null where the vocabulary has none (causal models). */
  readonly mask: number | null;
  /** Ids of the letters that random replacement draws from. */
  readonly letters: readonly number[];
}

/** Corruption of masked language models. */
export interface Masking {
  /** Share of letters to predict; default 0.15. */
  rate: number;
  /** Of those, the share shown as `<mask>`; default 0.8. */
  masked: number;
  /** Of those, the share shown as another letter; default 0.1; the rest is shown as it is. */
  replaced: number;
}

/** BERT's corruption (Devlin et al., 2019). */
export const BERT_MASKING: Masking = { rate: 0.15, masked: 0.8, replaced: 0.1 };
/** Every chosen letter is hidden: how held-out perplexity is measured. */
export const HELD_OUT_MASKING: Masking = { rate: 0.15, masked: 1, replaced: 0 };

/** Adds the special tokens around letters. */
export function wrap(letters: ArrayLike<number>, special: SpecialIds): Int32Array {
  const ids: number[] = [];
  if (special.cls !== null) ids.push(special.cls);
  for (let i = 0; i < letters.length; i++) ids.push(letters[i]);
  if (special.eos !== null) ids.push(special.eos);
  return Int32Array.from(ids);
}

/**
 * One masked example; at least one letter is scored, unless there is none (unknown tokens are never scored).
 * @throws where the vocabulary has no mask token, which `checkTask` refuses before
 */
export function maskExample(
  letters: ArrayLike<number>,
  special: SpecialIds,
  masking: Masking,
  random: Random,
): Example {
  const { mask } = special;
  if (mask === null) throw internal('masking without a mask token');
  const ids = wrap(letters, special);
  const labels = new Int32Array(ids.length).fill(-1);
  const first = special.cls === null ? 0 : 1;
  const known = new Set(special.letters);
  const hide = (t: number) => {
    if (labels[t] >= 0 || !known.has(ids[t])) return;
    labels[t] = ids[t];
    const draw = random.uniform();
    if (draw < masking.masked) ids[t] = mask;
    else if (draw < masking.masked + masking.replaced)
      ids[t] = special.letters[random.integer(special.letters.length)];
  };
  for (let i = 0; i < letters.length; i++) if (random.uniform() < masking.rate) hide(first + i);
  if (labels.every((label) => label < 0)) hide(first + random.integer(letters.length));
  return { ids, labels };
}

/**
 * One next-token example: every token is scored from what precedes it, the closing one included.
 * @param ends whether the letters reach the sequence's end; a window that does not has no closing token
 */
export function causalExample(letters: ArrayLike<number>, special: SpecialIds, ends = true): Example {
  const ids = wrap(letters, ends ? special : { ...special, eos: null });
  const labels = new Int32Array(ids.length).fill(-1);
  for (let t = 0; t + 1 < ids.length; t++) labels[t] = ids[t + 1];
  return { ids, labels };
}
