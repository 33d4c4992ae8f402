import { existsSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { whileHeld } from './busy.js';
import { blobFile, modelFolder, snapshotFolder } from './cache.js';
import { diskFault } from './faults.js';
import { readLock, writePin } from './lock.js';
import { findModel } from './registry.js';
import { type HubSettings, hubSettings } from './settings.js';

/** What was removed. */
export interface Removal {
  readonly hubId: string;
  /** Bytes freed. */
  readonly freed: number;
  /** Whether something of the model stays in the cache because another revision or tool uses it. */
  readonly keeps: boolean;
}

/**
 * Removes a pulled model: its pin, its snapshot, the contents that no other snapshot of it uses, and what interrupted
 * downloads left. What other tools keep in the same cache stays.
 * @param name a name of the registry or a hub id
 * @throws ModelError when nothing of it was pulled
 */
export async function removeModel(name: string, overrides: Partial<HubSettings> = {}): Promise<Removal> {
  const settings = hubSettings(overrides);
  const { hubId } = findModel(name);
  const folder = modelFolder(settings.cache, hubId);
  const pin = readLock(settings.lockFile)[hubId];
  if (!pin && leftovers(folder).length === 0) {
    throw new ModelError({
      what: `${hubId} was not pulled by biseq`,
      file: folder,
      expected: 'a model that is pinned in the lock file',
      got: existsSync(folder) ? 'files of another tool' : 'nothing in the cache',
      fix: existsSync(folder)
        ? 'Remove it with the tool that downloaded it, or delete the folder.'
        : undefined,
    });
  }
  return whileHeld(settings.cache, hubId, async () => {
    try {
      let freed = leftovers(folder).reduce((sum, file) => sum + removeFile(file), 0);
      if (pin) {
        const snapshot = snapshotFolder(settings.cache, hubId, pin.commit);
        for (const file of Object.keys(pin.files)) rmSync(path.join(snapshot, file), { force: true });
        if (removeIfEmpty(snapshot)) removeRefs(folder, pin.commit);
        const used = usedBlobs(folder);
        for (const { blob } of Object.values(pin.files))
          if (!used.has(blob)) freed += removeFile(blobFile(settings.cache, hubId, blob));
      }
      for (const part of ['snapshots', 'blobs', 'refs']) removeIfEmpty(path.join(folder, part));
      const keeps = !removeIfEmpty(folder);
      writePin(settings.lockFile, hubId, null);
      return { hubId, freed, keeps };
    } catch (error) {
      throw diskFault(folder, error) ?? error;
    }
  });
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** What interrupted downloads left. */
function leftovers(folder: string): string[] {
  const blobs = path.join(folder, 'blobs');
  return list(blobs)
    .filter((name) => name.endsWith('.incomplete'))
    .map((name) => path.join(blobs, name));
}

function removeFile(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  rmSync(file, { force: true });
  return size;
}

/** Names of the blobs that the remaining snapshots link to. */
function usedBlobs(folder: string): Set<string> {
  const snapshots = path.join(folder, 'snapshots');
  const used = new Set<string>();
  for (const entry of existsSync(snapshots) ? readdirSync(snapshots, { recursive: true }) : []) {
    const file = path.join(snapshots, String(entry));
    if (existsSync(file)) used.add(path.basename(realpathSync(file)));
  }
  return used;
}

/** A branch that stands for a removed snapshot would mislead other tools. */
function removeRefs(folder: string, commit: string): void {
  const refs = path.join(folder, 'refs');
  for (const name of list(refs)) {
    const file = path.join(refs, name);
    const stats = statSync(file);
    if (stats.isFile() && stats.size < 100 && readFileSync(file, 'utf8').trim() === commit) rmSync(file);
  }
}

/** Removes a folder if nothing is in it; whether it is gone. */
function removeIfEmpty(folder: string): boolean {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  return !existsSync(folder);
}
