import { type LanguageModel, openLanguageModel } from '../language-model.js';
import { openOnnxModel } from './open.js';

/**
 * Opens a language model by its path: a Hugging Face folder, or an ONNX file with its JSON beside it.
 * @throws ModelError as {@link openLanguageModel} and {@link openOnnxModel} do
 */
export function openModel(path: string, options: { signal?: AbortSignal } = {}): Promise<LanguageModel> {
  return /\.onnx$/i.test(path) ? openOnnxModel(path, options) : openLanguageModel(path, options);
}
