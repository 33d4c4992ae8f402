import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { diskFault } from './faults.js';
import { modelFolder } from './cache.js';

/**
 * Does something with a model's folder in the cache while no other biseq does. A file beside the folder (in `.locks`,
 * where Hugging Face's tools keep theirs) names the process; one that a dead process left is taken over.
 * @throws ModelError when another process is at it
 */
export async function whileHeld<T>(cache: string, hubId: string, work: () => Promise<T>): Promise<T> {
  const file = path.join(cache, '.locks', path.basename(modelFolder(cache, hubId)), 'biseq.lock');
  acquire(file, hubId);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function acquire(file: string, hubId: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    if (create(file)) return;
    const holder = holderOf(file);
    if (holder !== null && isDead(holder)) rmSync(file, { force: true });
    if (create(file)) return;
    throw new ModelError({
      what: `another biseq is working on ${hubId}`,
      file,
      got: `process ${holder?.slice(0, 100) ?? 'unknown'}`,
      fix: 'Wait for it; if no such process runs, delete this file.',
    });
  } catch (error) {
    throw diskFault(file, error) ?? error;
  }
}

const self = (): string => `${process.pid} ${hostname()}`;

function create(file: string): boolean {
  try {
    writeFileSync(file, self(), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who made the file; null when it is gone by now. */
function holderOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}

/** Whether a process of this machine is gone; one of another machine (a shared cache) may live. */
function isDead(holder: string): boolean {
  const [pid, host] = holder.split(' ');
  if (host !== hostname() || !/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
