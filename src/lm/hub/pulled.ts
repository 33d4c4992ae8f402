import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { type FileHash, sha256File } from '../io/checksums.js';
import { cachedCommit, sizeOf, snapshotFile, snapshotFolder } from './cache.js';
import { type PinnedFile, type PinnedModel, readLock } from './lock.js';
import { isHubId, registryModel } from './registry.js';
import { cacheFolder, type HubSettings, hubSettings, lockFile } from './settings.js';
import { chooseFiles } from './wanted-files.js';

/**
 * How much of a model is here: `pinned` (pulled, all files there), `cached` (another tool put it into the cache; its
 * files are there but not pinned), `incomplete` (a pull was interrupted, or a pinned file is gone or has another size), `absent`.
 */
export type ModelState = 'pinned' | 'cached' | 'incomplete' | 'absent';

/** A model's state here. */
export interface ModelStatus {
  readonly state: ModelState;
  /** The folder of its files, where they are all there. */
  readonly folder: string | null;
  readonly commit: string | null;
  readonly pin: PinnedModel | null;
}

/**
 * Looks for a model on this machine. Touches no network and reads no weights: presence and sizes only, see
 * `verifyModel` for contents.
 * @param hubId `organisation/model`
 */
export function modelStatus(hubId: string, settings: HubSettings = hubSettings()): ModelStatus {
  const pin = readLock(settings.lockFile)[hubId] ?? null;
  if (pin) {
    const whole = isPresent(hubId, pin, settings);
    const folder = whole ? snapshotFolder(settings.cache, hubId, pin.commit) : null;
    return { state: whole ? 'pinned' : 'incomplete', folder, commit: pin.commit, pin };
  }
  const cached = cachedSnapshot(hubId, 'main', settings);
  if (!cached) return { state: 'absent', folder: null, commit: null, pin };
  return { state: 'cached', folder: cached.folder, commit: cached.commit, pin };
}

/** Whether all files of a pinned model are there with their sizes; contents are not read. */
export function isPresent(hubId: string, pin: PinnedModel, { cache }: HubSettings): boolean {
  const sizesFit = ([name, { size }]: [string, PinnedFile]): boolean =>
    sizeOf(snapshotFile(cache, hubId, pin.commit, name)) === size;
  return pin.complete && Object.entries(pin.files).every(sizesFit);
}

/** A snapshot that is in the cache with all files that a model needs. */
export interface CachedSnapshot {
  readonly folder: string;
  readonly commit: string;
  /** The needed files. */
  readonly names: readonly string[];
}

/** What the cache holds of a model at a revision, or null where it lacks something. */
export function cachedSnapshot(
  hubId: string,
  revision: string,
  settings: HubSettings,
): CachedSnapshot | null {
  const commit = cachedCommit(settings.cache, hubId, revision);
  if (commit === null) return null;
  const folder = snapshotFolder(settings.cache, hubId, commit);
  if (!existsSync(folder)) return null;
  const present = readdirSync(folder).filter((name) => sizeOf(path.join(folder, name)) !== null);
  try {
    return { folder, commit, names: chooseFiles(present, folder) };
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  }
}

/**
 * The folder of a model that was pulled, or that another tool of Hugging Face's put into the cache, ready for
 * `openLanguageModel`.
 * @param name of the registry, or a hub id
 * @returns null for an unknown name and for a model that is not here, or not whole
 */
export function pulledModel(name: string, settings: HubSettings = hubSettings()): string | null {
  const hubId = registryModel(name)?.hubId ?? (isHubId(name) ? name : null);
  return hubId === null ? null : modelStatus(hubId, settings).folder;
}

/** Options of {@link checkPins}. */
export interface CheckPinsOptions {
  settings?: Pick<HubSettings, 'cache' | 'lockFile'>;
  signal?: AbortSignal;
}

/**
 * Holds a folder to its pins, if it is that of a pulled model: every file must be what it was when it was pulled. Weights
 * are not read for it: their hashes are known, because a model is identified by them.
 * @param hashes of files of the folder; pinned files that are not among them are read
 * @throws ModelError for a file that is gone or differs from its pin
 */
export async function checkPins(
  folder: string,
  hashes: readonly FileHash[],
  { settings, signal }: CheckPinsOptions = {},
): Promise<void> {
  const cache = settings?.cache ?? cacheFolder();
  const place = path.resolve(folder);
  if (!place.startsWith(path.resolve(cache) + path.sep)) return;
  const lock = settings?.lockFile ?? lockFile();
  const known = new Map(hashes.map(({ path: file, sha256 }) => [path.resolve(file), sha256]));
  for (const [hubId, { commit, files }] of Object.entries(readLock(lock))) {
    if (snapshotFolder(cache, hubId, commit) !== place) continue;
    for (const [name, pinned] of Object.entries(files)) {
      const file = snapshotFile(cache, hubId, commit, name);
      const found = sizeOf(file) === null ? null : (known.get(file) ?? (await sha256File(file, signal)));
      if (found !== pinned.sha256) throw changedSince(hubId, file, pinned.sha256, found, lock);
    }
  }
}

function changedSince(hubId: string, file: string, pinned: string, found: string | null, lock: string) {
  return new ModelError({
    what: `a file of the pulled model ${hubId} was changed since`,
    file,
    expected: `sha256 ${pinned}, pinned in ${lock}`,
    got: found ?? 'no file',
    fix: `Fetch it again: 'biseq models pull ${hubId}'.`,
  });
}
