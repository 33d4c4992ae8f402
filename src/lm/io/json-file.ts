import { readFileSync } from 'node:fs';
import { ModelError } from '../../core/errors.js';
import { fileSize } from './bytes.js';

/** No config, index or tokenizer file of a real model comes near; refused before it is read. */
const LARGEST_JSON = 256 * 2 ** 20;

/**
 * A JSON object from a file of a model folder.
 * @throws ModelError when the file is missing, larger than 256 MiB, not JSON, or not an object.
 */
export function readJsonObject(path: string): Record<string, unknown> {
  const value = parseJson(readTextFile(path), path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ModelError({ what: 'file does not hold a JSON object', file: path, expected: 'an object {...}' });
}

/**
 * A text file of a model folder, UTF-8, without its byte-order mark.
 * @throws ModelError when it is missing or larger than 256 MiB.
 */
export function readTextFile(path: string): string {
  const size = fileSize(path);
  if (size > LARGEST_JSON) {
    throw new ModelError({
      what: 'file is too large for its kind',
      file: path,
      expected: `at most ${LARGEST_JSON} bytes`,
      got: `${size}`,
    });
  }
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelError(
      {
        what: 'file is not JSON',
        file: path,
        expected: 'a JSON object',
        got: (cause as Error).message,
        fix: 'Download it again, or mend it in an editor.',
      },
      { cause },
    );
  }
}
