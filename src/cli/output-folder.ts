import { randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { InputError } from '../core/errors.js';

/** Files that a run writes; a folder with anything else in it is never replaced. */
const OURS = new Set(['designs.csv', 'designs.fasta', 'run.json', 'timings.json']);

/** Where a run is to be written, checked before any work. */
export interface OutputFolder {
  /** Absolute path. */
  readonly folder: string;
  /**
   * Writes the files as a whole: into a folder beside the target, flushed to disk, then renamed. Whatever goes wrong, the
   * target holds either what it held before or all of the new files.
   * @throws InputError where the files cannot be written
   */
  write(files: Readonly<Record<string, string>>): void;
}

/**
 * Checks that a folder can be written: it does not exist (or holds an earlier run and `force` is given), and the place
 * for it can be written to.
 * @throws InputError with the reason
 */
export function prepareOutput(out: string, force: boolean): OutputFolder {
  const folder = guarded(out, () => {
    const target = resolveTarget(out);
    checkReplaceable(target, out, force);
    checkWritable(target, out);
    return target;
  });
  return {
    folder,
    write(files) {
      guarded(out, () => {
        // once more, for what came up since
        checkReplaceable(folder, out, force);
        replaceFolder(folder, files);
      });
    },
  };
}

/** The absolute path; of a link the folder that it points to, so that the link stays. */
function resolveTarget(out: string): string {
  const folder = path.resolve(out);
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (!stats?.isSymbolicLink()) return folder;
  if (existsSync(folder)) return realpathSync(folder);
  throw new InputError({ what: 'is a link to nothing', file: out, fix: 'Name another folder by --out.' });
}

function checkReplaceable(folder: string, out: string, force: boolean): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw notAFolder(folder, out);
  const names = readdirSync(folder);
  if (names.length === 0) return;
  const other = names.find((name) => !OURS.has(name));
  if (!force || other !== undefined) {
    throw new InputError({
      what: force
        ? `the output folder holds '${other}', which biseq did not write, so it is not replaced`
        : 'the output folder exists already',
      file: out,
      fix: force
        ? 'Name another folder by --out.'
        : 'Name another folder by --out, or say --force to replace it.',
    });
  }
}

/** Looks at the nearest folder above that exists. */
function checkWritable(folder: string, out: string): void {
  let parent = path.dirname(folder);
  while (!existsSync(parent)) parent = path.dirname(parent);
  if (!statSync(parent).isDirectory()) throw notAFolder(parent, out);
  accessSync(parent, constants.W_OK);
}

function notAFolder(file: string, out: string): InputError {
  return new InputError({
    what: `the output folder cannot be made, because ${file} is no folder`,
    file: out,
    fix: 'Name another folder by --out.',
  });
}

function replaceFolder(folder: string, files: Readonly<Record<string, string>>): void {
  const parent = path.dirname(folder);
  mkdirSync(parent, { recursive: true });
  const beside = (what: string) => path.join(parent, `.${path.basename(folder)}.${randomUUID()}.${what}`);
  const fresh = beside('new');
  try {
    mkdirSync(fresh);
    for (const [name, text] of Object.entries(files)) writeFlushed(path.join(fresh, name), text);
    flush(fresh);
    swap(fresh, folder, beside('old'));
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
  flush(parent);
}

/** Puts `fresh` in the place of `folder`; what stood there is kept until then and put back if that fails. */
function swap(fresh: string, folder: string, aside: string): void {
  if (!existsSync(folder)) {
    renameSync(fresh, folder);
    return;
  }
  renameSync(folder, aside);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    renameSync(aside, folder);
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

function writeFlushed(file: string, text: string): void {
  const descriptor = openSync(file, 'wx');
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes what happened in a folder durable; Windows cannot open folders and does not need it. */
function flush(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const reasons: Record<string, [what: string, fix: string]> = {
  ENOSPC: ['the disk is full', 'Make room, or name a folder on another disk by --out.'],
  EDQUOT: ['the disk quota is used up', 'Make room, or name a folder on another disk by --out.'],
  EACCES: ['permission denied', 'Name a folder that you may write to by --out.'],
  EPERM: ['permission denied', 'Name a folder that you may write to by --out.'],
  EROFS: ['the file system is read-only', 'Name a folder that you may write to by --out.'],
  ENOTDIR: ['a part of its path is no folder', 'Name another folder by --out.'],
  ENAMETOOLONG: ['the name is too long', 'Name a shorter one by --out.'],
};

/** Runs `work`; a system's error becomes one of the user's. */
function guarded<T>(out: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError || !(error instanceof Error && 'code' in error)) throw error;
    const [why, fix] = reasons[String(error.code)] ?? [String(error.code), 'Name another folder by --out.'];
    throw new InputError(
      { what: `the output folder cannot be written (${why})`, file: out, fix },
      { cause: error },
    );
  }
}
