import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SOURCES, taskNames } from '../../src/tasks/index.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { runCli } from './run-cli.js';

const folder = temporaryFolder();
const env = { BISEQ_CACHE: path.join(folder, 'cache') };

interface Listed {
  name: string;
  source: string;
  licence: string;
  table: { state: string; looked: string[]; sha256: string | null };
}

describe('biseq tasks', () => {
  it('lists every task with its source, licence and where its data is looked for', async () => {
    const { code, stdout } = await runCli(['tasks', '--json'], { env });
    const tasks = JSON.parse(stdout) as Listed[];
    expect([code, tasks.map(({ name }) => name)]).toEqual([0, taskNames()]);
    for (const { source, licence } of tasks) expect([source, licence].every(Boolean)).toBe(true);
    const gb1 = tasks.find(({ name }) => name === 'gb1-384');
    expect(gb1?.table).toMatchObject({
      state: 'download',
      looked: [path.join(folder, 'cache/data/gb1', SOURCES.gb1.file)],
      sha256: SOURCES.gb1.sha256,
    });
    const states = Object.fromEntries(tasks.map(({ name, table }) => [name, table.state]));
    expect(states).toMatchObject({ 'ehrlich-20-32-4-4': 'formula', avgfp: 'get', 'tfbind10-r': 'own-file' });
    const text = (await runCli(['tasks'], { env })).stdout;
    for (const name of taskNames()) expect(text).toContain(name);
  });

  it('tells all about one, and where it found its data', async () => {
    const file = path.join(folder, 'data/gb1', `${SOURCES.gb1.file}.gz`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
    const { stdout } = await runCli(['tasks', 'gb1-384', '--data-dir', path.join(folder, 'data')], { env });
    for (const text of [file, SOURCES.gb1.sha256, SOURCES.gb1.page, 'CC BY 4.0', 'Wu et al.'])
      expect(stdout).toContain(text);
  });

  it('names the nearest task for an unknown one', async () => {
    const { code, stdout, stderr } = await runCli(['tasks', 'gb1'], { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^biseq: there is no task 'gb1', did you mean '[^']+'\?; expected one of .*\n$/);
  });

  it('prints help', async () => {
    await expect((await runCli(['tasks', '--help'])).stdout).toMatchFileSnapshot('golden/tasks.txt');
  });
});
