import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import type { ExternalData } from '../../graph/import/tensors.js';
import { fileSize, fileSource } from '../io/bytes.js';

/** External data of a model, and the files that were asked for. */
export interface ExternalFiles extends ExternalData {
  /** Absolute paths, in the order in which they were first named. */
  readonly files: ReadonlySet<string>;
}

/**
 * The weights that an ONNX model keeps in files beside it. A file that lies outside the model's folder, by its name or
 * through a link, is never opened.
 */
export function externalFiles(modelFile: string): ExternalFiles {
  const folder = path.dirname(path.resolve(modelFile));
  const files = new Set<string>();
  const resolve = (location: string): string => {
    const file = insideFolder(folder, location, modelFile);
    files.add(file);
    return file;
  };
  return {
    files,
    check(location, offset, length) {
      const file = resolve(location);
      const size = fileSize(file);
      if (offset + length <= size) return;
      throw new ModelError({
        what: 'file of weights is too short',
        file,
        expected: `at least ${offset + length} bytes, as ${path.basename(modelFile)} says`,
        got: `${size}`,
        fix: 'Copy or download it again.',
      });
    },
    read: (location, offset, length) => fileSource(resolve(location)).read(offset, length),
  };
}

function insideFolder(folder: string, location: string, modelFile: string): string {
  const outside = (got: string) =>
    new ModelError({
      what: 'weights lie outside the folder of the model',
      file: modelFile,
      expected: 'files inside the folder',
      got,
      fix: 'Put the file of weights beside the model, and name it without a path.',
    });
  const parts = location.split('/');
  const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\:\0]/.test(part));
  if (!plain) throw outside(location.length > 200 ? `${location.slice(0, 200)}...` : location);
  const file = path.join(folder, ...parts);
  if (!existsSync(file)) {
    throw new ModelError({
      what: 'file of weights not found',
      file,
      expected: `a file that ${path.basename(modelFile)} keeps its weights in`,
      fix: 'Copy it into the folder of the model.',
    });
  }
  const [real, home] = [realpathSync(file), realpathSync(folder)];
  if (!real.startsWith(home + path.sep)) throw outside(`${location}, a link to ${real}`);
  return file;
}
