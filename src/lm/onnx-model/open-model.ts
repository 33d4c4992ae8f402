import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { holdsWeights } from '../io/checkpoint.js';
import { type LanguageModel, openLanguageModel } from '../language-model.js';
import { openOnnxModel } from './open.js';

/**
 * Opens a language model by its place: a folder in Hugging Face's layout, an ONNX file with its JSON beside it, or a
 * folder that holds one.
 * @throws ModelError as {@link openLanguageModel} and {@link openOnnxModel} do, and for a folder of several ONNX files
 */
export async function openModel(
  place: string,
  options: { signal?: AbortSignal } = {},
): Promise<LanguageModel> {
  const file = onnxFileOf(place);
  return file === null ? openLanguageModel(place, options) : openOnnxModel(file, options);
}

/**
 * The ONNX file that a place stands for: itself, or the one of a folder that holds no weights of another kind. Null for
 * anything else.
 * @throws ModelError where a folder holds several
 */
export function onnxFileOf(place: string): string | null {
  if (isOnnxName(place)) return place;
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory() || holdsWeights(place)) return null;
  const names = readdirSync(place).filter(isOnnxName).sort();
  if (names.length > 1) {
    throw new ModelError({
      what: 'the folder holds several ONNX models',
      file: place,
      expected: 'one, or the path of one',
      got: names.slice(0, 10).join(', ') + (names.length > 10 ? ', ...' : ''),
      fix: `Name one, for example ${path.join(place, names[0])}.`,
    });
  }
  return names.length === 1 ? path.join(place, names[0]) : null;
}

/** Whether a name ends as those of ONNX files do. */
export function isOnnxName(name: string): boolean {
  return /\.onnx$/i.test(name);
}
