import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes an object as a JSON file and returns its path. */
export function writeJson(folder: string, name: string, value: unknown): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
  return file;
}

/** The rows of a small table: all 64 sequences of three letters of C, D, E, F, scored by a formula. */
export function smallTable(): string {
  const rows = ['sequence,score'];
  const letters = 'CDEF';
  for (let i = 0; i < 64; i++) {
    const codes = [16, 4, 1].map((power) => Math.floor(i / power) % 4);
    const score = codes[0] + 2 * codes[1] - codes[1] * codes[2] + i / 1000;
    rows.push(`${codes.map((code) => letters[code]).join('')},${score}`);
  }
  return `${rows.join('\n')}\n`;
}

/** A folder with a task of its own: a table of 64 rows, of which 30 are measured. */
export function writeSmallTask(folder: string, changes: object = {}): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'small.csv'), smallTable());
  return writeJson(folder, 'small.json', {
    kind: 'table',
    name: 'small',
    file: 'small.csv',
    table: { alphabet: 'protein' },
    measured: { random: 30 },
    count: 8,
    ...changes,
  });
}
