import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { type FileLock, tryLock } from './file-lock.js';

/** Which cells this process is computing, told to other processes that work on the same store. */
export interface Claims {
  /** Claims a cell; false where another live process has it. */
  claim(key: string): boolean;
  release(key: string): void;
  /** Gives back all that is claimed. */
  close(): void;
}

/** Claims beside a store: a lock file for each cell that is being computed. Those of dead processes do not count. */
export function openClaims(store: string): Claims {
  const folder = `${store}.claims`;
  const held = new Map<string, FileLock>();
  mkdirSync(folder, { recursive: true });
  // takes over, and so removes, what killed processes left
  for (const name of readdirSync(folder)) tryLock(path.join(folder, name))?.release();
  const release = (key: string) => {
    held.get(key)?.release();
    held.delete(key);
  };
  return {
    claim(key) {
      const lock = tryLock(path.join(folder, key));
      if (lock !== null) held.set(key, lock);
      return lock !== null;
    },
    release,
    close() {
      for (const key of [...held.keys()]) release(key);
      try {
        rmdirSync(folder);
      } catch {
        // another process has claims in it
      }
    },
  };
}
