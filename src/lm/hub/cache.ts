import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { internal } from '../../core/errors.js';
import { atomicWrite } from '../io/atomic.js';
import { isPlainName } from '../io/folder.js';
import { isHubId } from './registry.js';

/**
 * The layout of Hugging Face's cache, for one model:
 *
 *     models--ORG--NAME/blobs/ETAG                     content: SHA-256 of a large file, git hash of a small one
 *     models--ORG--NAME/snapshots/COMMIT/FILE          link to its blob
 *     models--ORG--NAME/refs/main                      the commit that a branch or tag stands for
 *
 * Every part of a path that comes from a server passes one of the checks below first.
 */

/** A commit of the hub: 40 hexadecimal digits. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** The name of a blob: a SHA-256 (64 hexadecimal digits) or a git hash (40). */
export function isBlobName(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

function checked(ok: boolean, what: string): void {
  if (!ok) throw internal(`unchecked ${what} in a path of the cache`);
}

/** The folder of a model in the cache. */
export function modelFolder(cache: string, hubId: string): string {
  checked(isHubId(hubId), `hub id '${hubId}'`);
  return path.join(cache, `models--${hubId.replace('/', '--')}`);
}

/** The folder of one commit's files. */
export function snapshotFolder(cache: string, hubId: string, commit: string): string {
  checked(isCommit(commit), `commit '${commit}'`);
  return path.join(modelFolder(cache, hubId), 'snapshots', commit);
}

/** The file that holds a content. */
export function blobFile(cache: string, hubId: string, blob: string): string {
  checked(isBlobName(blob), `blob name '${blob}'`);
  return path.join(modelFolder(cache, hubId), 'blobs', blob);
}

/** Where a content lies while it is not complete: the same name that Hugging Face's tools use. */
export function partialFile(cache: string, hubId: string, blob: string): string {
  return `${blobFile(cache, hubId, blob)}.incomplete`;
}

/** Where a commit's file lies. */
export function snapshotFile(cache: string, hubId: string, commit: string, name: string): string {
  checked(isPlainName(name), `file name '${name}'`);
  return path.join(snapshotFolder(cache, hubId, commit), name);
}

/** The commit that the cache last saw for a branch or tag, or null. */
export function cachedCommit(cache: string, hubId: string, revision: string): string | null {
  if (isCommit(revision)) return existsSync(snapshotFolder(cache, hubId, revision)) ? revision : null;
  if (!isPlainName(revision)) return null;
  const file = path.join(modelFolder(cache, hubId), 'refs', revision);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.size > 1000) return null;
  const commit = readFileSync(file, 'utf8').trim();
  return isCommit(commit) ? commit : null;
}

/** Notes which commit a branch or tag stands for, so that other tools find the snapshot; a path-like name is left out. */
export function writeRef(cache: string, hubId: string, revision: string, commit: string): void {
  if (isCommit(revision) || !isPlainName(revision)) return;
  const folder = path.join(modelFolder(cache, hubId), 'refs');
  mkdirSync(folder, { recursive: true });
  atomicWrite(path.join(folder, revision), [commit]);
}

/**
 * Puts a blob's file into a snapshot: a relative link, or a copy where the file system has no links. What was there
 * before is replaced at once.
 */
export function linkSnapshot(blob: string, target: string): void {
  mkdirSync(path.dirname(target), { recursive: true });
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}.tmp`);
  try {
    try {
      symlinkSync(path.relative(path.dirname(target), blob), temporary);
    } catch {
      copyFileSync(blob, temporary);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Size of a plain file, through a link; null where there is none. */
export function sizeOf(file: string): number | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats?.isFile() ? stats.size : null;
}

/** Whether something is at a path, a dangling link too. */
export function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** The blob that a snapshot's file is a link to: its name says the content's hash. Null for a file of its own. */
export function blobNameOf(file: string): string | null {
  const real = realpathSync(file);
  const name = path.basename(real);
  return path.basename(path.dirname(real)) === 'blobs' && isBlobName(name) ? name : null;
}
