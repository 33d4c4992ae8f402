import type { Alphabet } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { LanguageModel } from '../lm/language-model.js';
import { openNamedModel } from '../lm/open-named.js';
import type { Task } from '../tasks/index.js';

/** Which module this is: not every method enters it; see `SweepMethod.modules`. */
export const SWEEP_MODEL_MODULE = import.meta.url;

/** SHA-256 of a model's weights. */
export async function modelHash(name: string | null, alphabet: Alphabet): Promise<string> {
  return (await openNamedModel(name ?? undefined, alphabet)).sha256;
}

/**
 * Opens the model for a task.
 * @throws InputError for a task whose sequences are longer than the model takes, or of another alphabet
 */
export async function openModelForTask(
  name: string | null,
  task: Task,
  signal?: AbortSignal,
): Promise<LanguageModel> {
  const model = await openNamedModel(name ?? undefined, task.alphabet, { signal });
  const { alphabet, architecture, tokenizer } = model;
  const reads = alphabet === task.alphabet;
  const tokens = reads ? tokenizer.encodeSequence(alphabet, task.measured.sequences[0]).length : Infinity;
  if (tokens <= architecture.maxTokens) return model;
  throw new InputError({
    what: `model ${model.name} cannot read the sequences of the task ${task.name}`,
    expected: `${alphabet.name} sequences of at most ${architecture.maxTokens} tokens`,
    got: reads ? `${tokens} tokens` : `${task.alphabet.name} sequences`,
    fix: 'Name another model by the setting model.',
  });
}
