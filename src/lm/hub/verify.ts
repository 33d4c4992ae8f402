import { ModelError } from '../../core/errors.js';
import { sizeOf, snapshotFile } from './cache.js';
import { type ContentHash, hashContent } from './content-hash.js';
import { type PinnedModel, readLock } from './lock.js';
import { type OnPullProgress, ProgressCounter } from './progress.js';
import { findModel } from './registry.js';
import { type HubSettings, hubSettings } from './settings.js';

/** What became of one pinned file. */
export interface VerifiedFile {
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'changed';
  /** SHA-256 by the pin. */
  readonly expected: string;
  /** SHA-256 of what is there; null where nothing is. */
  readonly found: string | null;
}

/** Options of {@link verifyModel}. */
export interface VerifyOptions {
  signal?: AbortSignal;
  onProgress?: OnPullProgress;
}

/**
 * Reads all files of a pinned model and compares their SHA-256 with the pins. Needs no network.
 * @throws CancelledError
 */
export async function verifyModel(
  hubId: string,
  pin: PinnedModel,
  settings: HubSettings,
  { signal, onProgress }: VerifyOptions = {},
): Promise<VerifiedFile[]> {
  const entries = Object.entries(pin.files);
  const total = entries.reduce((sum, [, { size }]) => sum + size, 0);
  const progress = new ProgressCounter('check', total, entries.length, onProgress);
  const verified: VerifiedFile[] = [];
  for (const [name, { sha256, size }] of entries) {
    progress.next(name);
    const file = snapshotFile(settings.cache, hubId, pin.commit, name);
    const found = await hashIfThere(file, size, (bytes) => progress.add(bytes), signal);
    if (found === null) progress.shift(size);
    const state = found === null ? 'missing' : found.sha256 === sha256 ? 'ok' : 'changed';
    verified.push({ name, state, expected: sha256, found: found?.sha256 ?? null });
  }
  return verified;
}

async function hashIfThere(
  file: string,
  size: number,
  onBytes: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<ContentHash | null> {
  if (sizeOf(file) === null) return null;
  let counted = 0;
  return hashContent(file, {
    signal,
    onBytes: (bytes) => {
      // a file that grew must not count beyond its share
      const share = Math.min(bytes, size - counted);
      counted += share;
      onBytes(share);
    },
  });
}

/** A pulled model and what became of its files. */
export interface VerifiedModel {
  readonly hubId: string;
  readonly commit: string;
  readonly files: readonly VerifiedFile[];
  /** Whether all files are there as they were pinned, and the pull was not interrupted. */
  readonly ok: boolean;
}

/**
 * Verifies pulled models, see {@link verifyModel}.
 * @param names names of the registry or hub ids; none: all that were pulled
 * @throws ModelError for a name that was not pulled, CancelledError
 */
export async function verifyPulled(
  names: readonly string[],
  overrides: Partial<HubSettings> = {},
  options: VerifyOptions = {},
): Promise<VerifiedModel[]> {
  const settings = hubSettings(overrides);
  const pins = readLock(settings.lockFile);
  const hubIds = names.length > 0 ? names.map((name) => findModel(name).hubId) : Object.keys(pins);
  const absent = hubIds.find((hubId) => !pins[hubId]);
  if (absent !== undefined) {
    throw new ModelError({
      what: `${absent} was not pulled by biseq`,
      expected: `a model that is pinned in ${settings.lockFile}`,
      got: 'no pin',
      fix: `'biseq models pull ${absent} --offline' checks and pins what another tool put into the cache.`,
    });
  }
  const verified: VerifiedModel[] = [];
  for (const hubId of hubIds) {
    const pin = pins[hubId];
    const files = await verifyModel(hubId, pin, settings, options);
    const ok = pin.complete && files.every(({ state }) => state === 'ok');
    verified.push({ hubId, commit: pin.commit, files, ok });
  }
  return verified;
}
