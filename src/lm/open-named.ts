import type { Alphabet } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import type { LanguageModel } from './language-model.js';
import { openModel } from './onnx-model/open-model.js';
import { resolveModel } from './registry.js';

/**
 * Finds and opens a model: by its name, or by the path of a folder or an ONNX file. Reads no weights beyond their hash.
 * @param nameOrPath see `resolveModel`
 * @param alphabet whose embedded model is the default
 * @throws ModelError for a model that is not found or cannot be used
 * @throws CancelledError when the signal fires
 */
export async function openNamedModel(
  nameOrPath: string | undefined,
  alphabet: Alphabet,
  { signal }: { signal?: AbortSignal } = {},
): Promise<LanguageModel> {
  const { folder, name } = resolveModel(nameOrPath, alphabet);
  try {
    const model = await openModel(folder, { signal });
    // A pulled model's folder is named by its revision; an imported one may say its name itself.
    return model.importedFrom === undefined ? { ...model, name } : model;
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
