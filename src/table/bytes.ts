import { createHash } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { closest, distance } from 'fastest-levenshtein';
import { BiseqError, InputError, throwIfAborted } from '../core/errors.js';
import { count, flag, show } from './faults.js';
import { DEFAULT_MAX_BYTES } from './options.js';

/** Limits of reading; see `TableOptions`. */
export interface ReadLimits {
  /** Largest size after decompression, in bytes. Default 1 GiB. */
  maxBytes?: number;
  signal?: AbortSignal;
}

/** An open file or standard input: its bytes after decompression, and their digest once they have been read. */
export interface ByteSource {
  /** The path as given, or `stdin`. */
  name: string;
  chunks: AsyncGenerator<Uint8Array, void>;
  /** sha256 of the stored (compressed) bytes in hexadecimal; valid when `chunks` has ended. */
  sha256(): string;
}

const CHUNK = 1 << 20;

const isGzip = (head: Uint8Array): boolean => head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;

/**
 * Opens a file, or standard input for `-`. Gzip is told by its first two bytes. No more than a few chunks are in
 * memory at a time.
 * @throws InputError for a missing file (with the nearest name), a directory, a file that cannot be read; while
 *   reading, for corrupt or truncated gzip and for more than `maxBytes` after decompression
 */
export async function openBytes(file: string, limits: ReadLimits = {}): Promise<ByteSource> {
  const name = file === '-' ? 'stdin' : file;
  if (file !== '-') await checkFile(file);
  const hash = createHash('sha256');
  const stored = storedChunks(file, name, (chunk) => hash.update(chunk));
  return {
    name,
    chunks: limited(decompressed(stored, name), name, limits),
    sha256: () => hash.digest('hex'),
  };
}

/**
 * Bytes already in memory, cut into chunks; gunzipped where they are gzip.
 * @throws InputError as `openBytes`
 */
export function* chunksOf(
  bytes: Uint8Array,
  name: string,
  maxBytes = DEFAULT_MAX_BYTES,
): Generator<Uint8Array, void> {
  let plain = bytes;
  if (isGzip(bytes)) {
    try {
      plain = gunzipSync(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      throw errorCode(error) === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(name, maxBytes) : gzipFault(error, name);
    }
  }
  if (plain.length > maxBytes) throw tooLarge(name, maxBytes);
  for (let start = 0; start < plain.length; start += CHUNK) yield plain.subarray(start, start + CHUNK);
}

async function* storedChunks(
  file: string,
  name: string,
  seen: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, void> {
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK });
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as string);
      seen(bytes);
      yield bytes;
    }
  } catch (error) {
    if (error instanceof BiseqError) throw error;
    throw unreadable(error, name);
  }
}

/** Passes the chunks through, gunzipped where the first two bytes say gzip. */
async function* decompressed(
  stored: AsyncGenerator<Buffer, void>,
  name: string,
): AsyncGenerator<Uint8Array, void> {
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await stored.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = prefixed(head, stored);
  if (!isGzip(head)) {
    yield* whole;
    return;
  }
  const gunzip = createGunzip();
  // Without `return`, so that what follows the gzip data (padding) can still be read, for the digest.
  const unclosed = { [Symbol.asyncIterator]: () => ({ next: () => whole.next() }) };
  // The failure reaches the reader through the iteration below.
  pipeline(Readable.from(unclosed), gunzip, () => {});
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
    while (!(await whole.next()).done);
  } catch (error) {
    if (error instanceof BiseqError) throw error;
    throw gzipFault(error, name);
  } finally {
    await whole.return();
  }
}

async function* prefixed(head: Buffer, rest: AsyncGenerator<Buffer, void>): AsyncGenerator<Buffer, void> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* limited(
  chunks: AsyncGenerator<Uint8Array, void>,
  name: string,
  { maxBytes = DEFAULT_MAX_BYTES, signal }: ReadLimits,
): AsyncGenerator<Uint8Array, void> {
  let total = 0;
  for await (const chunk of chunks) {
    throwIfAborted(signal);
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(name, maxBytes);
    yield chunk;
  }
  throwIfAborted(signal);
}

async function checkFile(file: string): Promise<void> {
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(file)).isDirectory();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(error, file);
    const near = await nearestFile(file);
    throw new InputError(
      {
        what: 'there is no such file',
        file,
        fix: near ? `Did you mean ${show(near, 200)}?` : 'Check the path.',
      },
      { cause: error },
    );
  }
  if (isDirectory)
    throw new InputError({ what: 'is a directory', file, expected: 'a file', fix: 'Name a file in it.' });
}

/** The most similar name in the same directory, or null where none is similar. */
async function nearestFile(file: string): Promise<string | null> {
  const folder = path.dirname(file);
  const wanted = path.basename(file);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch {
    return null;
  }
  const names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  if (names.length === 0) return null;
  const near = closest(wanted, names);
  return distance(wanted, near) <= Math.max(2, wanted.length / 3) ? path.join(folder, near) : null;
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function unreadable(error: unknown, file: string): InputError {
  const code = errorCode(error);
  const why = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : code || String(error);
  return new InputError(
    { what: `cannot be read (${why})`, file, fix: 'Check the file and its permissions.' },
    { cause: error },
  );
}

function gzipFault(error: unknown, name: string): InputError {
  const truncated = errorCode(error) === 'Z_BUF_ERROR';
  return new InputError(
    {
      what: truncated ? 'the gzip data end too early' : 'the gzip data are corrupt',
      file: name,
      expected: 'a complete gzip file',
      got: truncated ? 'a truncated one' : error instanceof Error ? error.message : String(error),
      fix: 'Copy or download the file again.',
    },
    { cause: error },
  );
}

function tooLarge(name: string, maxBytes: number): InputError {
  return new InputError({
    what: 'the file is too large',
    file: name,
    expected: `at most ${count(maxBytes)} bytes after decompression`,
    got: 'more',
    fix: `Raise the limit by ${flag('maxBytes')}, or give a smaller table.`,
  });
}
