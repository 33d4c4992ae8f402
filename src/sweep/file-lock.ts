import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, throwIfAborted } from '../core/errors.js';

/** Who holds a lock; the text of the lock file. */
interface Holder {
  pid: number;
  host: string;
  /** When the process began, in the system's own unit, where the system tells: process ids are used again. */
  began: string | null;
  /** Tells two locks of one process apart. */
  token: string;
}

/** A lock that is held until `release`. */
export interface FileLock {
  release(): void;
}

/** Milliseconds between two looks at a lock that another holds. */
const PAUSE = 20;

/**
 * Takes a lock if it is free. The lock is a file that appears whole, by a hard link, and names its holder; one whose
 * holder has died (kill -9, power cut) is taken over. Locks of other machines (a shared folder) are left alone.
 * @returns null when another live process, or another part of this one, holds it
 */
export function tryLock(file: string): FileLock | null {
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    began: beganAt(process.pid),
    token: randomUUID(),
  };
  const text = JSON.stringify(mine);
  const taken = () => ({ release: () => releaseLock(file, text) });
  if (create(file, text)) return taken();
  const found = read(file);
  if (found !== null && !isDead(file, found)) return null;
  if (found !== null && !removeDead(file, found)) return null;
  return create(file, text) ? taken() : null;
}

/**
 * Takes a lock, and waits for it.
 * @param patience milliseconds; default 60,000
 * @throws InputError naming the holder when the lock does not come free in time
 * @throws CancelledError when the signal fires
 */
export async function lockFile(file: string, patience = 60_000, signal?: AbortSignal): Promise<FileLock> {
  const until = Date.now() + patience;
  for (;;) {
    throwIfAborted(signal);
    const lock = tryLock(file);
    if (lock !== null) return lock;
    if (Date.now() > until) throw heldFor(file, patience);
    await sleep(PAUSE);
  }
}

function heldFor(file: string, patience: number): InputError {
  const text = read(file);
  const holder = text === null ? null : parse(text);
  return new InputError({
    what: `the lock has been held by another process for ${Math.round(patience / 1000)} s`,
    file,
    got: holder ? `process ${holder.pid} on ${holder.host}` : 'a lock file that names no process',
    fix: 'Wait for that process; if there is none, delete the lock file.',
  });
}

/** Makes the file with all of its text at once; false where there is one. */
function create(file: string, text: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, text, { flag: 'wx' });
  try {
    return unlessThere(() => linkSync(draft, file));
  } catch {
    // a file system without hard links
    return unlessThere(() => writeFileSync(file, text, { flag: 'wx' }));
  } finally {
    rmSync(draft, { force: true });
  }
}

function unlessThere(make: () => void): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead process's lock. Two processes that see it must not remove each other's new locks, so this takes a lock
 * of its own (by the same rules) and looks again.
 */
function removeDead(file: string, dead: string): boolean {
  const guard = tryLock(`${file}.break`);
  if (guard === null) return false;
  try {
    if (read(file) === dead) rmSync(file, { force: true });
    return true;
  } finally {
    guard.release();
  }
}

function releaseLock(file: string, text: string): void {
  if (read(file) === text) rmSync(file, { force: true });
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parse(text: string): Holder | null {
  try {
    const { pid, host, began, token } = JSON.parse(text) as Partial<Holder>;
    if (!Number.isInteger(pid) || typeof host !== 'string' || typeof token !== 'string') return null;
    return { pid: pid as number, host, began: typeof began === 'string' ? began : null, token };
  } catch {
    return null;
  }
}

/** Milliseconds after which a lock file that names nobody was left by a power cut and not made just now. */
const NAMELESS = 10_000;

function isDead(file: string, text: string): boolean {
  const holder = parse(text);
  if (holder === null) {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats !== undefined && Date.now() - stats.mtimeMs > NAMELESS;
  }
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  return holder.began !== null && holder.began !== beganAt(holder.pid);
}

/** Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat), or null where there is no such file. */
function beganAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name in field 2 may hold spaces and parentheses
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return null;
  }
}
