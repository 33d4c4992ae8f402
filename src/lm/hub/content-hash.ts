import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CancelledError } from '../../core/errors.js';
import { fileSize } from '../io/bytes.js';

/** The two hashes of a file's content that the hub's metadata may give. */
export interface ContentHash {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, lower-case hexadecimal: the id of a large file. */
  readonly sha256: string;
  /** SHA-1 of `blob SIZE\0CONTENT`, lower-case hexadecimal: git's id of a small file. */
  readonly git: string;
}

/**
 * Hashes a file in one streamed pass.
 * @param onBytes told how many bytes were read since the last call
 * @throws ModelError when the file is missing, CancelledError
 */
export async function hashContent(
  file: string,
  options: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<ContentHash> {
  const size = fileSize(file);
  const sha256 = createHash('sha256');
  const git = createHash('sha1').update(`blob ${size}\0`);
  try {
    await pipeline(
      createReadStream(file, { highWaterMark: 2 ** 20 }),
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          sha256.update(piece);
          git.update(piece);
          options.onBytes?.(piece.length);
        }
      },
      { signal: options.signal },
    );
  } catch (error) {
    if (options.signal?.aborted) throw new CancelledError();
    throw error;
  }
  return { size, sha256: sha256.digest('hex'), git: git.digest('hex') };
}

/** Whether a content is the one that a blob's name says. */
export function isContentOf(hash: ContentHash, blob: string): boolean {
  return blob === (blob.length === 64 ? hash.sha256 : hash.git);
}
