import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../core/errors.js';
import { openBytes } from '../table/bytes.js';
import { dataCacheFolder } from './cache-folder.js';
import { downloadFile, type DownloadOptions } from './download.js';
import type { PublicSource } from './sources.js';
import type { Provenance } from './task.js';

/** Where the tables of tasks come from. */
export interface DataOptions {
  /** A folder with the tables; then nothing is downloaded. Files may be gzip, in a folder per task or side by side. */
  dataDir?: string;
  /** Where downloaded tables are kept. Default: see `dataCacheFolder`. */
  cacheDir?: string;
  /** Never touch the network. Default false. */
  offline?: boolean;
  /** Server of GitHub's raw files, or a mirror with the same paths. Default https://raw.githubusercontent.com. */
  rawUrl?: string;
  /** Told when a download starts. */
  onDownload?: (url: string) => void;
  signal?: AbortSignal;
  /** How to download; for tests. */
  network?: Pick<DownloadOptions, 'fetch' | 'retries' | 'retryDelay' | 'timeout' | 'maxBytes'>;
}

/** A table's bytes after decompression, and where they came from. */
export interface DataFile {
  bytes: Buffer;
  provenance: Provenance;
}

/**
 * The bytes of a public table, from `dataDir` if given, else from the cache, else downloaded into it. Their checksum is
 * checked every time.
 * @throws InputError where the table is not to be had or has another checksum
 */
export async function publicTable(source: PublicSource, options: DataOptions = {}): Promise<DataFile> {
  const { dataDir, signal } = options;
  if (dataDir !== undefined) {
    const file = findIn(dataDir, source);
    return readChecked(file, source.sha256, 'data-dir', `Get it anew from ${source.page}.`, signal);
  }
  const cached = path.join(options.cacheDir ?? dataCacheFolder(), source.folder, source.file);
  if (existsSync(cached)) {
    const found = await readBytes(cached, 'cache', signal);
    if (found.provenance.sha256 === source.sha256) return found;
    rmSync(cached);
  }
  await fetchInto(cached, source, options);
  return readChecked(cached, source.sha256, 'download', 'Try again.', signal);
}

/**
 * The bytes of a user's own table.
 * @param sha256 of the bytes after decompression, or undefined: not checked
 */
export async function ownTable(file: string, sha256?: string, signal?: AbortSignal): Promise<DataFile> {
  if (sha256 === undefined) return readBytes(file, 'file', signal);
  return readChecked(
    file,
    sha256,
    'file',
    'Correct the checksum in the task file if the table is right.',
    signal,
  );
}

function findIn(dataDir: string, { folder, file, page }: PublicSource): string {
  const places = [path.join(folder, `${file}.gz`), path.join(folder, file), `${file}.gz`, file];
  const found = places.map((place) => path.join(dataDir, place)).find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new InputError({
    what: 'the data folder does not hold the table of this task',
    file: dataDir,
    expected: `${places[0]} (or without the folder, or not compressed)`,
    got: existsSync(dataDir) ? 'none of them' : 'no such folder',
    fix: `Get it from ${page}, or leave the data folder out to have it downloaded.`,
  });
}

async function readBytes(file: string, from: Provenance['from'], signal?: AbortSignal): Promise<DataFile> {
  const { chunks } = await openBytes(file, { signal });
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  const bytes = Buffer.concat(pieces);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes, provenance: { path: path.resolve(file), sha256, from } };
}

async function readChecked(
  file: string,
  sha256: string,
  from: Provenance['from'],
  fix: string,
  signal?: AbortSignal,
): Promise<DataFile> {
  const found = await readBytes(file, from, signal);
  if (found.provenance.sha256 === sha256) return found;
  throw new InputError({
    what: 'the table has a wrong checksum',
    file,
    expected: `sha256 ${sha256} of the decompressed bytes`,
    got: found.provenance.sha256,
    fix,
  });
}

async function fetchInto(target: string, source: PublicSource, options: DataOptions): Promise<void> {
  const { github, file, page, sha256 } = source;
  const instead = `Or get ${file} from ${page} and name its folder by --data-dir (dataDir in the library).`;
  const refuse = (what: string) => new InputError({ what, expected: `${file} at hand`, fix: instead });
  if (github === null) throw refuse('no direct address of this table is known, so it cannot be downloaded');
  if (options.offline) throw refuse('the table would have to be downloaded, which --offline forbids');
  const server = (options.rawUrl ?? 'https://raw.githubusercontent.com').replace(/\/+$/, '');
  const url = `${server}/${github.repository}/${github.commit}/${github.path}`;
  options.onDownload?.(url);
  await downloadFile(url, target, { ...options.network, sha256, instead, signal: options.signal });
}
