import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { BiseqError, CancelledError, ModelError, throwIfAborted } from '../../core/errors.js';
import { blobFile, isThere, partialFile, sizeOf } from './cache.js';
import { type ContentHash, hashContent, isContentOf } from './content-hash.js';
import { answerFault, diskFault, failureOf } from './faults.js';
import type { HubFile } from './listing.js';
import type { ProgressCounter } from './progress.js';
import type { HubSettings } from './settings.js';
import { pause, RangeIgnored, type Transport } from './transport.js';

/** What every download of one pull shares. */
export interface DownloadContext {
  readonly hubId: string;
  readonly commit: string;
  readonly settings: HubSettings;
  readonly transport: Transport;
  readonly progress: ProgressCounter;
  readonly signal?: AbortSignal;
}

/** The body ended before the announced size. */
class Truncated extends Error {}

/** Broken connections in one file, however far it got between them; bounds a server that sends a few bytes a time. */
const MOST_BREAKS = 100;

/**
 * Gets a file's content into the cache, unless it is there. The hub's own client does neither resume nor check what it
 * downloads; both are done here, around its stream: the content grows in `BLOB.incomplete`, goes on from there after an
 * interruption (this one's or an earlier run's), and gets its final name only after its hash was found right.
 * @returns the hashes of the content
 * @throws ModelError for everything that can go wrong on the network and on disk, CancelledError; what was downloaded
 *   stays for the next time, except after a wrong checksum
 */
export async function downloadContent(file: HubFile, context: DownloadContext): Promise<ContentHash> {
  const { settings, hubId, progress } = context;
  const blob = blobFile(settings.cache, hubId, file.blob);
  const partial = partialFile(settings.cache, hubId, file.blob);
  try {
    progress.next(file.name);
    const cached = await intact(blob, file, context);
    if (cached) {
      progress.shift(file.size);
      return cached;
    }
    mkdirSync(path.dirname(blob), { recursive: true });
    const hash = await downloadChecked(file, partial, context);
    renameSync(partial, blob);
    return hash;
  } catch (error) {
    if (error instanceof BiseqError) throw error;
    throw diskFault(partial, error) ?? error;
  }
}

/** The hashes of a blob that is there and right; a damaged one is removed. */
async function intact(
  blob: string,
  file: HubFile,
  { progress, signal }: DownloadContext,
): Promise<ContentHash | null> {
  if (sizeOf(blob) === file.size) {
    progress.check();
    const hash = await hashContent(blob, { signal });
    if (isContentOf(hash, file.blob)) return hash;
  }
  if (isThere(blob)) rmSync(blob);
  return null;
}

async function downloadChecked(
  file: HubFile,
  partial: string,
  context: DownloadContext,
): Promise<ContentHash> {
  // what an earlier run (or another tool) left may be damaged: then all of it comes once more
  for (let resumed = (sizeOf(partial) ?? 0) > 0; ; resumed = false) {
    await downloadWhole(file, partial, context);
    context.progress.check();
    const hash = await hashContent(partial, { signal: context.signal });
    if (isContentOf(hash, file.blob)) return hash;
    rmSync(partial);
    context.progress.shift(-file.size);
    if (!resumed) throw checksumFault(file, hash, partial);
  }
}

/** Fills the partial file to its size, over interruptions. */
async function downloadWhole(file: HubFile, partial: string, context: DownloadContext): Promise<void> {
  const { settings, progress, signal } = context;
  let start = startOf(file, partial);
  progress.shift(start);
  let complete = file.size > 0 && start === file.size;
  for (let breaks = 0, idle = 0; !complete; breaks++) {
    throwIfAborted(signal);
    try {
      await append(file, partial, start, context);
      complete = true;
    } catch (error) {
      if (signal?.aborted) throw new CancelledError();
      if (error instanceof BiseqError || diskFault(partial, error)) throw error;
      const before = start;
      if (error instanceof RangeIgnored) rmSync(partial, { force: true });
      start = startOf(file, partial);
      if (start < before) progress.shift(start - before);
      idle = start > before ? 0 : idle + 1;
      if (idle > settings.retries || breaks >= MOST_BREAKS) throw interruptedFault(file, start, error);
      await pause(idle === 0 ? 0 : settings.retryDelay * 2 ** (idle - 1), signal);
    }
  }
}

/** Bytes that are there already; a partial file that is too long is started anew. */
function startOf(file: HubFile, partial: string): number {
  const size = sizeOf(partial) ?? 0;
  if (size <= file.size) return size;
  rmSync(partial);
  return 0;
}

async function append(
  file: HubFile,
  partial: string,
  start: number,
  context: DownloadContext,
): Promise<void> {
  const handle = await open(partial, start > 0 ? 'a' : 'w');
  try {
    // an empty body would leave the client's stream open for ever
    if (file.size > 0) await copyStream(file, start, handle, context);
    await sync(handle);
  } finally {
    await handle.close();
  }
}

async function sync(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } catch (error) {
    // some network file systems and devices cannot
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  }
}

async function copyStream(
  file: HubFile,
  start: number,
  handle: FileHandle,
  context: DownloadContext,
): Promise<void> {
  let done = start;
  for await (const piece of contentStream(file, start, context)) {
    if (done + piece.length > file.size)
      throw answerFault(`${file.name} is longer than announced`, `more than ${file.size} bytes`);
    await writeFully(handle, piece);
    done += piece.length;
    context.progress.add(piece.length);
  }
  if (done < file.size) throw new Truncated(`the answer ended after ${done} of ${file.size} bytes`);
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten;
}

/** The file's bytes from `start`, by the hub's client; throws the true failure, of which the client keeps only the text. */
async function* contentStream(
  file: HubFile,
  start: number,
  { hubId, commit, settings, transport }: DownloadContext,
): AsyncGenerator<Uint8Array> {
  let failure: unknown;
  const { downloadFile } = await import('@huggingface/hub');
  const content = await downloadFile({
    repo: hubId,
    path: file.name,
    revision: commit,
    hubUrl: settings.endpoint,
    accessToken: settings.token,
    // plain HTTP, which mirrors and proxies serve and which goes on from any byte
    xet: false,
    downloadInfo: {
      size: file.size,
      etag: file.blob,
      url: `${settings.endpoint}/${hubId}/resolve/${commit}/${file.name}`,
    },
    fetch: async (input, init) => {
      try {
        return await transport.content(input, init);
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  if (!content) throw answerFault(`${file.name} is listed but not there`, 'no content');
  try {
    const stream = (start > 0 ? content.slice(start) : content).stream();
    yield* stream as unknown as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw failure ?? error;
  }
}

function checksumFault(file: HubFile, hash: ContentHash, partial: string): ModelError {
  const large = file.blob.length === 64;
  return new ModelError({
    what: `${file.name} came with a wrong checksum and was thrown away`,
    file: partial,
    expected: `${large ? 'sha256' : 'git hash'} ${file.blob} as the hub states`,
    got: large ? hash.sha256 : hash.git,
    fix: 'Pull again; if it happens again, the mirror or a proxy changes the file.',
  });
}

function interruptedFault(file: HubFile, done: number, error: unknown): ModelError {
  const ranged = error instanceof RangeIgnored;
  return new ModelError(
    {
      what: `the download of ${file.name} broke off`,
      expected: `${file.size} bytes`,
      got: `${done}${ranged ? ', and an answer that starts elsewhere' : ` (${failureOf(error).got})`}`,
      fix: 'Pull again: what was already downloaded is kept.',
    },
    { cause: error },
  );
}
