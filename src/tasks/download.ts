import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { BiseqError, CancelledError, InputError, throwIfAborted } from '../core/errors.js';
import { failureOf, shownUrl } from '../lm/hub/faults.js';
import { openNetwork, pause } from '../lm/hub/transport.js';

/** Options of {@link downloadFile}. */
export interface DownloadOptions {
  /** sha256 of the content, lower-case hexadecimal. */
  sha256: string;
  /** What a person can do instead, a sentence. */
  instead: string;
  /** Largest size in bytes. Default 256 MiB. */
  maxBytes?: number;
  /** Tries after the first for what may pass (no answer, a broken connection, 408, 429, 5xx). Default 2. */
  retries?: number;
  /** Wait before the first retry, in milliseconds; it doubles each time. Default 1,000. */
  retryDelay?: number;
  /** Milliseconds without an answer or a byte after which a try is given up. Default 60,000. */
  timeout?: number;
  signal?: AbortSignal;
  /** Stands in for the network. Default: undici's, by `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` if set. */
  fetch?: typeof fetch;
}

/** A failure that the next try may not meet. */
class Passing extends Error {}

/**
 * Downloads a file, whole and checked or not at all: streamed into a temporary file beside the target, hashed on the way,
 * and renamed once its checksum was found right.
 * @throws InputError for everything that can go wrong on the network and on disk, with what to do instead
 * @throws CancelledError when the signal fires
 */
export async function downloadFile(url: string, target: string, options: DownloadOptions): Promise<void> {
  const { retries = 2, retryDelay = 1000, timeout = 60_000, signal } = options;
  const network = options.fetch
    ? { fetch: options.fetch, close: async () => {} }
    : await openNetwork(timeout);
  try {
    for (let attempt = 0; ; attempt++) {
      throwIfAborted(signal);
      try {
        await downloadOnce(network.fetch, url, target, options);
        return;
      } catch (error) {
        if (signal?.aborted) throw new CancelledError();
        if (error instanceof BiseqError) throw error;
        if (!(error instanceof Passing) || attempt >= retries) throw brokenFault(url, error, options);
      }
      await pause(retryDelay * 2 ** attempt, signal);
    }
  } finally {
    await network.close();
  }
}

async function downloadOnce(
  fetcher: typeof fetch,
  url: string,
  target: string,
  options: DownloadOptions,
): Promise<void> {
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}.part`);
  const response = await request(fetcher, url, options);
  try {
    mkdirSync(path.dirname(target), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      await receive(response, handle, url, options);
      await handle.sync();
    } finally {
      await handle.close();
    }
    renameSync(temporary, target);
  } catch (error) {
    removeIfThere(temporary);
    throw diskFault(error, target, options) ?? error;
  } finally {
    await response.body?.cancel().catch(() => {});
  }
}

function removeIfThere(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // the folder itself cannot be used: then there is nothing to remove, and what went wrong first is what counts
  }
}

async function request(fetcher: typeof fetch, url: string, options: DownloadOptions): Promise<Response> {
  let response: Response;
  try {
    response = await fetcher(url, { signal: options.signal });
  } catch (error) {
    const { kind } = failureOf(error);
    if (kind === 'redirects' || kind === 'certificate') throw error;
    throw new Passing(kind, { cause: error });
  }
  if (response.ok) return response;
  await response.body?.cancel();
  const { status } = response;
  const fault = new InputError({
    what: status === 404 ? 'the table is not where it was published' : 'the server does not give the table',
    expected: `an answer with status 200 from ${shownUrl(url)}`,
    got: `status ${status}`,
    fix: options.instead,
  });
  if (status === 408 || status === 429 || status >= 500) throw new Passing('busy', { cause: fault });
  throw fault;
}

/** Writes the body and checks it. */
async function receive(
  response: Response,
  handle: FileHandle,
  url: string,
  { sha256, maxBytes = 256 * 2 ** 20, instead }: DownloadOptions,
): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  const pieces = response.body ? bodyOf(response.body) : [];
  for await (const piece of pieces) {
    size += piece.length;
    if (size > maxBytes) {
      throw new InputError({
        what: 'the table is too large',
        expected: `at most ${maxBytes} bytes from ${shownUrl(url)}`,
        got: 'more',
        fix: instead,
      });
    }
    hash.update(piece);
    for (let done = 0; done < piece.length;) done += (await handle.write(piece, done)).bytesWritten;
  }
  const got = hash.digest('hex');
  if (got === sha256) return;
  throw new InputError({
    what: 'the downloaded table has a wrong checksum and was thrown away',
    expected: `sha256 ${sha256} from ${shownUrl(url)}`,
    got: `${got} of ${size} bytes`,
    fix: `The connection or a proxy changed it, or the table was replaced. ${instead}`,
  });
}

/** The pieces of a body; a break in the stream is a failure that may pass. */
async function* bodyOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (;;) {
    let piece;
    try {
      piece = await reader.read();
    } catch (error) {
      throw new Passing('interrupted', { cause: error });
    }
    if (piece.done) return;
    yield piece.value;
  }
}

function brokenFault(url: string, error: unknown, { instead }: DownloadOptions): InputError {
  const cause = error instanceof Passing ? error.cause : error;
  if (cause instanceof InputError) return cause;
  const { kind, got } = failureOf(cause);
  const what = {
    unreachable: 'the server of the table cannot be reached',
    proxy: 'the proxy does not let the request through',
    certificate: "the server's certificate is not trusted",
    redirects: 'the server sends requests round in a circle',
    interrupted: 'the download of the table broke off',
  }[kind];
  return new InputError({ what, expected: `the table from ${shownUrl(url)}`, got, fix: instead }, { cause });
}

const DISK: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your quota on the disk is used up',
  EACCES: 'the cache may not be written',
  EPERM: 'the cache may not be written',
  EROFS: 'the cache may not be written',
  ENOTDIR: 'the cache is not a folder',
  EEXIST: 'the cache is not a folder',
};

/** An error of the file system, or null for any other. */
function diskFault(error: unknown, file: string, { instead }: DownloadOptions): InputError | null {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const what = code === undefined ? undefined : DISK[code];
  if (what === undefined) return null;
  const fix = `Set BISEQ_CACHE to another folder. ${instead}`;
  return new InputError({ what, file, got: code, fix }, { cause: error });
}
