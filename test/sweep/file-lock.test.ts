import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { lockFile, tryLock } from '../../src/sweep/file-lock.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { compiled, startScript } from './run-script.js';

const folder = temporaryFolder();
let names = 0;
const newFile = () => path.join(folder, `lock-${names++}`);

/** A process id that no process has: that of one that has ended. */
async function deadPid(): Promise<number> {
  const { child, ended } = startScript(folder, '');
  await ended;
  return child.pid as number;
}

describe('a lock', () => {
  it('is held by one at a time and leaves nothing behind', () => {
    const file = newFile();
    const lock = tryLock(file);
    expect(lock).not.toBeNull();
    expect(tryLock(file)).toBeNull();
    lock?.release();
    expect(existsSync(file)).toBe(false);
    const again = tryLock(file);
    expect(again).not.toBeNull();
    // the first holder's second release does not take it from the second
    lock?.release();
    expect(tryLock(file)).toBeNull();
    again?.release();
    expect(readdirSync(folder).filter((name) => name.startsWith(path.basename(file)))).toEqual([]);
  });

  it('of a dead process is taken over', async () => {
    const file = newFile();
    writeFileSync(file, JSON.stringify({ pid: await deadPid(), host: hostname(), began: '1', token: 'x' }));
    const lock = tryLock(file);
    expect(lock).not.toBeNull();
    lock?.release();
  });

  it('of a process whose number another process has now is taken over', () => {
    const file = newFile();
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), began: 'earlier', token: 'x' }));
    const lock = tryLock(file);
    // where the system does not tell when a process began, it must be taken for alive
    expect(lock !== null).toBe(existsSync('/proc/self/stat'));
    lock?.release();
  });

  it('of another machine is left alone, and the message names its holder', async () => {
    const file = newFile();
    writeFileSync(file, JSON.stringify({ pid: 1, host: 'elsewhere', began: null, token: 'x' }));
    expect(tryLock(file)).toBeNull();
    await expect(lockFile(file, 50)).rejects.toThrow('got process 1 on elsewhere');
  });

  it('that names nobody is another one being made, or the rest of a power cut', () => {
    const file = newFile();
    writeFileSync(file, '');
    expect(tryLock(file)).toBeNull();
    utimesSync(file, new Date(0), new Date(0));
    const lock = tryLock(file);
    expect(lock).not.toBeNull();
    lock?.release();
  });

  it('is waited for until the signal fires', async () => {
    const file = newFile();
    const lock = tryLock(file);
    const controller = new AbortController();
    const waiting = lockFile(file, 60_000, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toThrow('cancelled');
    const second = lockFile(file);
    lock?.release();
    (await second).release();
  });
});

/** Adds 1 to the number in a file, which takes two steps that must not be mixed with those of others. */
const counter = (file: string, times: number) => `
  import { readFileSync, writeFileSync, appendFileSync, renameSync } from 'node:fs';
  import { lockFile } from '${compiled('sweep/file-lock.js')}';
  process.stdout.write('ready');
  for (let i = 0; i < ${times}; i++) {
    const lock = await lockFile('${file}.lock');
    const value = Number(readFileSync('${file}', 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 1));
    // a victim killed while it writes must not leave an emptied file
    writeFileSync('${file}.new', String(value + 1));
    renameSync('${file}.new', '${file}');
    // what was written counts when this is there
    appendFileSync('${file}.log', '.');
    lock.release();
  }
`;

describe('processes that fight for a lock', () => {
  it('come one after the other, also when holders are killed', async () => {
    const file = path.join(folder, 'count');
    writeFileSync(file, '0');
    writeFileSync(`${file}.log`, '');
    const random = createRandom('kills');
    const workers = Array.from({ length: 3 }, () => startScript(folder, counter(file, 25)));
    const victims = Array.from({ length: 5 }, () => startScript(folder, counter(file, 1_000_000)));
    for (const { child, started } of victims)
      void started.then(() => setTimeout(() => child.kill('SIGKILL'), random.integer(300)));
    const ends = await Promise.all(workers.map(({ ended }) => ended));
    await Promise.all(victims.map(({ ended }) => ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(workers.map(() => [0, '']));
    // a victim may die between the two writes, once
    const [count, logged] = [Number(readFileSync(file, 'utf8')), readFileSync(`${file}.log`, 'utf8').length];
    expect(count).toBeGreaterThanOrEqual(75);
    expect(count - logged).toBeGreaterThanOrEqual(0);
    expect(count - logged).toBeLessThanOrEqual(victims.length);
  });
});
