import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { formatLine, parseLine } from '../../src/sweep/store-line.js';
import { openStore } from '../../src/sweep/store.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { recordOf } from './records.js';
import { compiled, startScript } from './run-script.js';

/** Rounds of killing; raise it to look harder. */
const KILLS = Number(process.env.BISEQ_KILLS ?? 4);

const folder = temporaryFolder();
let names = 0;
const newFile = () => path.join(folder, `store-${names++}.ndjson`);
const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1);

describe('a line of the store', () => {
  it('is JSON whose hash another program finds too', () => {
    const line = formatLine(recordOf(1));
    const { sha256, record } = JSON.parse(line) as { sha256: string; record: unknown };
    expect(record).toEqual(recordOf(1));
    const body = line.slice(line.indexOf('"record":') + 9, -2);
    expect(execFileSync('sha256sum', { input: body, encoding: 'utf8' })).toContain(sha256);
    expect(parseLine(line.slice(0, -1))).toEqual({ record: recordOf(1) });
  });

  it('is told from every other: each byte changed, each cut', () => {
    const line = formatLine(recordOf(1)).slice(0, -1);
    for (let i = 0; i < line.length; i++) {
      const changed = line.slice(0, i) + (line[i] === '0' ? '1' : '0') + line.slice(i + 1);
      expect(parseLine(changed)).toHaveProperty('damage');
      expect(parseLine(line.slice(0, i))).toHaveProperty('damage');
    }
  });

  it('of another format is not understood, and says so', () => {
    const record = { ...recordOf(1), format: 2 } as unknown as ReturnType<typeof recordOf>;
    expect(parseLine(formatLine(record).slice(0, -1))).toEqual({
      damage: expect.stringContaining('another version of biseq (format') as string,
    });
  });
});

describe('the store', () => {
  it('gives back what was appended, to whoever opens it', async () => {
    const file = newFile();
    const store = openStore(file);
    expect(store.records()).toEqual([]);
    expect(existsSync(file)).toBe(false);
    const reader = openStore(file);
    for (const number of [1, 2, 3]) expect(await store.append(recordOf(number))).toBe(true);
    expect(store.records()).toEqual([1, 2, 3].map((number) => recordOf(number)));
    expect(openStore(file).records()).toEqual(store.records());
    expect(reader.records()).toEqual([]);
    reader.refresh();
    expect(reader.get(recordOf(2).key)).toEqual(recordOf(2));
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('keeps the first result of a cell, and a result rather than a failure', async () => {
    const store = openStore(newFile());
    await store.append(recordOf(1, { failed: true }));
    await store.append(recordOf(1, { failed: true, take: 1 }));
    expect(store.get(recordOf(1).key)).toEqual(recordOf(1, { failed: true, take: 1 }));
    expect(await store.append(recordOf(1, { take: 2 }))).toBe(true);
    expect(await store.append(recordOf(1, { take: 3 }))).toBe(false);
    expect(await store.append(recordOf(1, { failed: true, take: 4 }))).toBe(false);
    expect(openStore(store.file).records()).toEqual([recordOf(1, { take: 2 })]);
    expect(linesOf(store.file)).toHaveLength(3);
  });

  it('sees no torn line, and cuts it off before it appends: cut at every byte', async () => {
    const file = newFile();
    const store = openStore(file);
    await store.append(recordOf(1));
    const whole = readFileSync(file);
    const second = Buffer.from(formatLine(recordOf(2)));
    for (let cut = 0; cut < second.length; cut += cut < second.length - 10 ? 53 : 1) {
      writeFileSync(file, Buffer.concat([whole, second.subarray(0, cut)]));
      const torn = openStore(file);
      expect(torn.records()).toEqual([recordOf(1)]);
      expect(torn.damaged).toEqual([]);
      await torn.append(recordOf(3));
      expect(readFileSync(file, 'utf8')).toBe(formatLine(recordOf(1)) + formatLine(recordOf(3)));
    }
  });

  it('names damaged lines, which count as missing and are left where they are', async () => {
    const file = newFile();
    const store = openStore(file);
    for (const number of [1, 2, 3]) await store.append(recordOf(number));
    const lines = linesOf(file);
    lines[1] = lines[1].replace('ACGT', 'ACGG');
    writeFileSync(file, `${lines.join('\n')}\nnot a record\n\n`);
    const damaged = openStore(file);
    expect(damaged.records()).toEqual([recordOf(1), recordOf(3)]);
    expect(damaged.damaged).toEqual([
      { line: 2, why: 'its hash does not match' },
      { line: 4, why: 'it is no record with its hash' },
      { line: 5, why: 'it is no record with its hash' },
    ]);
    expect(await damaged.append(recordOf(2))).toBe(true);
    expect(linesOf(file)).toHaveLength(6);
  });

  it('reads lines that are longer than what is read at once', async () => {
    const file = newFile();
    const long = recordOf(1);
    if (long.outcome.status === 'done')
      long.outcome.result.designs = Array<string>(30_000).fill('é'.repeat(80));
    const store = openStore(file);
    for (const record of [long, recordOf(2)]) await store.append(record);
    expect(openStore(file).records()).toEqual([long, recordOf(2)]);
  });

  it('notices that it was replaced or cut while it was open', async () => {
    const file = newFile();
    const store = openStore(file);
    for (const number of [1, 2]) await store.append(recordOf(number));
    truncateSync(file, 10);
    await expect(store.append(recordOf(3))).rejects.toThrow('cut or replaced');
    const other = newFile();
    appendFileSync(other, formatLine(recordOf(1)) + formatLine(recordOf(2)) + formatLine(recordOf(3)));
    const reader = openStore(file);
    renameSync(other, file);
    expect(() => reader.refresh()).toThrow('cut or replaced');
  });

  it('says what is wrong with a place that cannot be read or written', async () => {
    const folderInPlace = newFile();
    mkdirSync(folderInPlace);
    expect(() => openStore(folderInPlace)).toThrow('the store cannot be read');
    const file = newFile();
    writeFileSync(file, '');
    const store = openStore(path.join(file, 'below'));
    await expect(store.append(recordOf(1))).rejects.toThrow('the store cannot be written');
  });
});

/** Appends records from one number to another, and prints each when it is on the disk. */
const writer = (file: string, from: number, to: number) => `
  import { openStore } from '${compiled('sweep/store.js')}';
  import { sha256 } from '${compiled('sweep/canonical-json.js')}';
  const model = ${JSON.stringify(recordOf(0))};
  const store = openStore('${file}');
  for (let number = ${from}; number < ${to}; number++) {
    const cell = { ...model.cell, seed: number };
    await store.append({ ...model, key: sha256('cell ' + number), cell });
    process.stdout.write(number + '\\n');
  }
`;

describe('several processes', () => {
  it('append at once without losing or mixing lines', async () => {
    const file = newFile();
    const writers = [0, 1, 2].map((k) => startScript(folder, writer(file, 30 * k, 30 * (k + 1))));
    const ends = await Promise.all(writers.map(({ ended }) => ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(writers.map(() => [0, '']));
    const store = openStore(file);
    expect(store.damaged).toEqual([]);
    const seeds = store.records().map(({ cell }) => Number(cell.seed));
    expect(seeds.sort((a, b) => a - b)).toEqual(Array.from({ length: 90 }, (_, i) => i));
    expect(linesOf(file)).toHaveLength(90);
  });

  it('may be killed at any moment: what they said was written is there, and nothing else is harmed', async () => {
    const file = newFile();
    const random = createRandom('store');
    const printed = new Set<number>();
    for (let round = 0; round < KILLS; round++) {
      const running = [0, 1].map((k) => startScript(folder, writer(file, 1000 * (2 * round + k), 1e9)));
      await Promise.all(running.map(({ started }) => started));
      await new Promise((resolve) => setTimeout(resolve, random.integer(60)));
      running.forEach(({ child }) => child.kill('SIGKILL'));
      for (const { stdout } of await Promise.all(running.map(({ ended }) => ended)))
        for (const line of stdout.split('\n').slice(0, -1)) printed.add(Number(line));
    }
    const store = openStore(file);
    await store.append(recordOf(-1));
    expect(store.damaged).toEqual([]);
    const seeds = new Set(store.records().map(({ cell }) => cell.seed));
    for (const number of printed) expect(seeds).toContain(number);
    expect(printed.size).toBeGreaterThan(0);
    expect(linesOf(file)).toHaveLength(seeds.size);
  });
});
