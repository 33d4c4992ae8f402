import { InputError, ModelError } from '../core/errors.js';
import type { LanguageModel } from './language-model.js';
import type { ReadingOrder } from './reading-order.js';

/** A sequence in letters, and where it came from. */
export interface NamedSequence {
  readonly id: string;
  /** Capital letters. */
  readonly text: string;
  /** For messages. */
  readonly file?: string;
  readonly line?: number;
}

/** Letters of a text in the order in which a model reads them. */
export function inOrder(text: string, order: ReadingOrder): string {
  return order === 'forward' ? text : Array.from(text).reverse().join('');
}

/**
 * Token ids of a sequence, every letter of which the model must know.
 * @throws InputError for a letter that the vocabulary lacks, with its place, and for a sequence that is too long or too
 *   short for the model
 */
export function tokenise(
  model: LanguageModel,
  sequence: NamedSequence,
  order: ReadingOrder = 'forward',
): Int32Array {
  const ids = Int32Array.from(tokensOf(model, sequence, order));
  const { unk } = model.tokenizer.special;
  if (unk !== null && ids.includes(unk)) throw unknownLetter(model, sequence);
  const { maxTokens } = model.architecture;
  if (ids.length <= maxTokens) return ids;
  throw new InputError({
    what: `sequence ${sequence.id} is too long for model ${model.name}`,
    ...whereOf(sequence),
    expected: `at most ${maxTokens} tokens, special tokens included`,
    got: `${ids.length}`,
    fix: 'Cut it to the region of interest, or choose a model that takes longer ones.',
  });
}

function tokensOf({ tokenizer }: LanguageModel, sequence: NamedSequence, order: ReadingOrder): number[] {
  try {
    return tokenizer.encodeResidues(inOrder(sequence.text, order));
  } catch (error) {
    if (!(error instanceof InputError) || error.fault.file) throw error;
    throw new InputError({ ...error.fault, ...whereOf(sequence) }, { cause: error });
  }
}

const whereOf = ({ file, line }: NamedSequence) => ({ file, line });

function unknownLetter(model: LanguageModel, sequence: NamedSequence): InputError {
  const { tokenizer, alphabet, name } = model;
  const known = new Set(tokenizer.vocabulary.join(''));
  const letters = [...sequence.text];
  // Where each letter is known but a window of them is not, the first odd letter is to blame.
  const place = letters.findIndex((letter) => !known.has(letter));
  const at = place >= 0 ? place : letters.findIndex((letter) => alphabet.code(letter) < 0);
  return new InputError({
    what: `letter '${letters[at] ?? '?'}' at position ${at + 1} of ${sequence.id} is not in the vocabulary of model ${name}`,
    ...whereOf(sequence),
    expected: `letters of a ${alphabet.name} sequence: ${alphabet.letters}`,
    got: `'${letters[at] ?? sequence.text.slice(0, 20)}'`,
    fix: 'Correct or remove the sequence, or choose a model that reads it.',
  });
}

/** Whether a model's tokens are k-mers that overlap, so that each letter is in several (DNABERT). */
export function readsOverlappingKmers({ tokenizer: { letters } }: LanguageModel): boolean {
  return letters.k > 1 && letters.windows(letters.k + 1).some(({ start }) => start % letters.k !== 0);
}

/** @throws ModelError unless each letter is a token of its own */
export function requireLetterTokens({ name, folder, tokenizer }: LanguageModel, purpose: string): void {
  if (tokenizer.letters.k === 1) return;
  throw new ModelError({
    what: `model ${name} cannot give ${purpose}`,
    file: folder,
    expected: 'a model with a token for each letter',
    got: `tokens of ${tokenizer.letters.k} letters`,
    fix: 'Choose another model.',
  });
}
