import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { ModelError } from '../../core/errors.js';

/** Bytes that can be read by range: a file (only the range is held in memory) or a buffer (no copy). */
export interface ByteSource {
  /** File path, or a name for messages. */
  readonly name: string;
  /** Total number of bytes. */
  readonly size: number;
  /** `length` bytes from `offset`. A buffer source returns a view of its buffer. */
  read(offset: number, length: number): Uint8Array;
}

const LARGEST_READ = 2 ** 30;

function readFully(descriptor: number, target: Uint8Array, offset: number): number {
  let done = 0;
  while (done < target.length) {
    const count = readSync(
      descriptor,
      target,
      done,
      Math.min(LARGEST_READ, target.length - done),
      offset + done,
    );
    if (count === 0) break;
    done += count;
  }
  return done;
}

/**
 * A file read by range. It is opened for each read, so that nothing is left to close.
 * @throws ModelError when the file is missing, is not a plain file, or got shorter since.
 */
export function fileSource(path: string): ByteSource {
  const size = fileSize(path);
  return {
    name: path,
    size,
    read(offset, length) {
      const descriptor = openSync(path, 'r');
      try {
        const now = fstatSync(descriptor).size;
        if (offset + length > now) throw truncated(path, offset + length, now);
        const target = new Uint8Array(length);
        const count = readFully(descriptor, target, offset);
        if (count < length) throw truncated(path, offset + length, offset + count);
        return target;
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

/** A buffer as a source; `name` stands for it in messages. */
export function bufferSource(bytes: Uint8Array, name = 'buffer'): ByteSource {
  return {
    name,
    size: bytes.length,
    read(offset, length) {
      if (offset + length > bytes.length) throw truncated(name, offset + length, bytes.length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/**
 * Size of a plain file in bytes.
 * @throws ModelError when it is missing or a folder.
 */
export function fileSize(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new ModelError({ what: 'file not found', file: path, fix: 'Check the path of the model.' });
  if (!stats.isFile()) throw new ModelError({ what: 'not a plain file', file: path, expected: 'a file' });
  return stats.size;
}

function truncated(file: string, needed: number, got: number): ModelError {
  return new ModelError({
    what: 'file is truncated',
    file,
    expected: `at least ${needed} bytes`,
    got: `${got}`,
    fix: 'Download or copy it again.',
  });
}
