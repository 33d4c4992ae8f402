import { BiseqError, InputError } from '../../core/errors.js';

const REASONS: Readonly<Record<string, [what: string, fix: string]>> = {
  ENOSPC: [
    'the disk is full',
    'Make room and run the same command again to go on, or choose another disk by --out.',
  ],
  EDQUOT: ['the disk quota is used up', 'Make room and run the same command again to go on.'],
  EACCES: ['permission denied', 'Choose a place that you may write to by --out.'],
  EPERM: ['permission denied', 'Choose a place that you may write to by --out.'],
  EROFS: ['the file system is read-only', 'Choose a place that you may write to by --out.'],
  ENOENT: ['its folder does not exist', 'Make the folder, or choose another by --out.'],
  ENOTDIR: ['a part of its path is no folder', 'Choose another place by --out.'],
  ENAMETOOLONG: ['the name is too long', 'Choose a shorter one by --out.'],
  EISDIR: ['it is a folder', 'Name a file by --out.'],
};

/** Runs `work` that writes a file; a system's error becomes one of the user's. */
export function writeFault<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asWriteFault(file, error);
  }
}

/** The error to throw for one that came up in writing a file. */
export function asWriteFault(file: string, error: unknown): unknown {
  if (error instanceof BiseqError || !(error instanceof Error && 'code' in error)) return error;
  const [why, fix] = REASONS[String(error.code)] ?? [String(error.code), 'Choose another place by --out.'];
  return new InputError({ what: `the output cannot be written (${why})`, file, fix }, { cause: error });
}
