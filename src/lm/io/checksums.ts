import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { ModelError } from '../../core/errors.js';
import { atomicWrite } from './atomic.js';
import { fileSize } from './bytes.js';
import { readJsonObject } from './json-file.js';
import { isPlainName } from './folder.js';

/** Name of the file of a model folder that pins the others: `{file name: sha256 in hexadecimal}`. */
export const CHECKSUMS = 'checksums.json';

const checksumsSchema = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/i));

/** A file and its hash. */
export interface FileHash {
  /** Absolute path. */
  readonly path: string;
  /** SHA-256, lower-case hexadecimal. */
  readonly sha256: string;
}

/**
 * SHA-256 of a file in lower-case hexadecimal, streamed (memory does not grow with the file).
 * @throws ModelError when the file is missing
 */
export async function sha256File(file: string, signal?: AbortSignal): Promise<string> {
  fileSize(file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 20 }), hash, { signal });
  return hash.digest('hex');
}

/**
 * Checks the files that `checksums.json` names, if the folder has one.
 * @returns the hashes that were checked, empty without a `checksums.json`
 * @throws ModelError when a file is missing or differs, with both hashes, or when `checksums.json` is malformed.
 */
export async function verifyChecksums(folder: string, signal?: AbortSignal): Promise<FileHash[]> {
  const list = path.join(folder, CHECKSUMS);
  if (!existsSync(list)) return [];
  const hashes: FileHash[] = [];
  for (const [name, expected] of Object.entries(readChecksums(list))) {
    const file = path.join(folder, name);
    const sha256 = await sha256File(file, signal);
    if (sha256 !== expected.toLowerCase()) {
      throw new ModelError({
        what: 'checksum does not match',
        file,
        expected: `sha256 ${expected.toLowerCase()} as ${CHECKSUMS} says`,
        got: sha256,
        fix: 'The file is damaged or was changed: get the model again.',
      });
    }
    hashes.push({ path: path.resolve(file), sha256 });
  }
  return hashes;
}

/** Writes `checksums.json` for the named files of a folder, in the order of their names. */
export async function writeChecksums(folder: string, names: readonly string[]): Promise<void> {
  const checksums: Record<string, string> = {};
  for (const name of [...names].sort()) checksums[name] = await sha256File(path.join(folder, name));
  atomicWrite(path.join(folder, CHECKSUMS), [`${JSON.stringify(checksums, null, 2)}\n`]);
}

function readChecksums(file: string): Record<string, string> {
  const parsed = checksumsSchema.safeParse(readJsonObject(file));
  if (!parsed.success) {
    throw new ModelError({
      what: 'file does not map names to SHA-256 hashes',
      file,
      expected: '{"file": "64 hexadecimal digits"}',
      got: z.prettifyError(parsed.error).replaceAll('\n', ' '),
    });
  }
  const outside = Object.keys(parsed.data).find((name) => !isPlainName(name));
  if (outside !== undefined) {
    throw new ModelError({
      what: 'checksum of a file outside the folder',
      file,
      expected: 'plain file names',
      got: outside,
    });
  }
  return parsed.data;
}
