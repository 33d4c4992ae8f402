import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson, sha256 } from '../../src/sweep/canonical-json.js';
import { createRandom } from '../../src/core/random.js';
import type { Settings } from '../../src/sweep/method.js';
import { sweepMethod, sweepMethodNames } from '../../src/sweep/methods.js';
import { openStore } from '../../src/sweep/store.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { writeJson } from '../sweep/config-files.js';
import { privateProgram } from '../sweep/private-program.js';
import { runCli } from './run-cli.js';

/** Times that a sweep is killed; raise it to look harder. */
const KILLS = Number(process.env.BISEQ_KILLS ?? 6);

const folder = temporaryFolder();
const FORMULA = 'ehrlich-4-24-2-4';
const small = { tasks: [FORMULA], methods: ['random'], seeds: 3 };

/** What the store says of every cell, without when and where, in a fixed order. */
function contentOf(store: string): string[] {
  return openStore(store)
    .records()
    .map(({ circumstances: _, ...content }) => `${content.cell.seed} ${sha256(canonicalJson(content))}`)
    .sort();
}

beforeAll(() => writeTinyModel(path.join(folder, 'tiny')));

describe('biseq sweep methods', () => {
  it('lists every method that a config can name, with what it is and where it was published', async () => {
    const { code, stdout } = await runCli(['sweep', 'methods', '--json']);
    const methods = JSON.parse(stdout) as { name: string; summary: string; reference: string }[];
    expect([code, methods.map(({ name }) => name)]).toEqual([0, sweepMethodNames()]);
    for (const { summary, reference } of methods) expect([summary, reference].every(Boolean)).toBe(true);
    const text = (await runCli(['sweep', 'methods'])).stdout;
    for (const { name } of methods) expect(text).toContain(name);
  });

  it("tells a method's settings, which a config takes as they stand", async () => {
    const { stdout } = await runCli(['sweep', 'methods', 'coms']);
    expect(stdout).toContain('conservative objective models');
    const { defaults } = JSON.parse((await runCli(['sweep', 'methods', 'coms', '--json'])).stdout) as {
      defaults: Settings;
    };
    expect(sweepMethod('coms').resolve(defaults)).toEqual({ settings: defaults });
    for (const key of Object.keys(defaults)) expect(stdout).toMatch(new RegExp(`^ {4}${key}[.:]`, 'm'));
  });

  it('names the nearest method', async () => {
    const { code, stdout, stderr } = await runCli(['sweep', 'methods', 'adaleed']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("did you mean 'adalead'?");
  });
});

describe('biseq sweep', () => {
  it('runs, tells where it stands, and makes tables and charts', async () => {
    const cwd = path.join(folder, 'whole');
    writeJson(cwd, 'sweep.json', small);
    const before = await runCli(['sweep', 'status', 'sweep.json', '--json'], { cwd });
    expect(JSON.parse(before.stdout)).toMatchObject({ done: 0, missing: 3 });
    const run = await runCli(['sweep', 'run', 'sweep.json', '--processes', '2'], { cwd });
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout.split('\n').slice(0, 3).sort()[0]).toMatch(
      new RegExp(`^1/3 ${FORMULA} \\| random \\| seed \\d: `),
    );
    expect(run.stdout).toContain('3 cells: 0 were done before, 3 were computed, 0 failed; ');
    const again = await runCli(['sweep', 'run', 'sweep.json', '--json', '--report'], { cwd });
    expect(JSON.parse(again.stdout)).toMatchObject({ total: 3, before: 3, computed: 0, failed: [] });
    expect((await runCli(['sweep', 'run', 'sweep.json', '--quiet'], { cwd })).stdout).toBe('');
    const status = await runCli(['sweep', 'status', 'sweep.json'], { cwd });
    expect(status.stdout).toContain('3 of 3 cells are done, 0 failed, 0 are missing');

    const table = await runCli(['sweep', 'table', 'sweep.json'], { cwd });
    expect(readFileSync(path.join(cwd, 'sweep.md'), 'utf8')).toBe(table.stdout);
    expect(table.stdout).toMatch(/\n\| random \| 3 \| \d\.\d{3} ± /);
    await runCli(['sweep', 'table', 'sweep.json', '--format', 'csv', '--out', 'table.csv'], { cwd });
    expect(readFileSync(path.join(cwd, 'table.csv'), 'utf8').split('\n')).toHaveLength(3);
    const json = await runCli(['sweep', 'table', 'sweep.json', '--format', 'json'], { cwd });
    expect(JSON.parse(json.stdout)).toMatchObject({ title: 'sweep', states: { done: 3 } });
    const svg = await runCli(['sweep', 'plot', 'sweep.json'], { cwd });
    expect(readFileSync(path.join(cwd, 'sweep.svg'), 'utf8')).toBe(svg.stdout);
    expect(svg.stdout).toMatch(/^<svg [^]*<\/svg>\n$/);
    await runCli(['sweep', 'plot', 'sweep.json', '-o', 'plot.html'], { cwd });
    expect(readFileSync(path.join(cwd, 'plot.html'), 'utf8')).toContain(svg.stdout);
  });

  it('ends with code 1 when a cell has failed, and says why', async () => {
    const cwd = path.join(folder, 'failing');
    const bib = { method: 'bib', settings: { model: path.join(folder, 'tiny'), steps: 1, starts: 2 } };
    writeJson(cwd, 'sweep.json', { tasks: ['ehrlich-20-64-2-4'], methods: [bib, 'random'], seeds: 1 });
    const { code, stdout, stderr } = await runCli(['sweep', 'run', 'sweep.json'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain('2 cells: 0 were done before, 1 were computed, 1 failed');
    expect(stderr).toMatch(
      /^biseq: 1 cells failed\n {2}ehrlich-20-64-2-4 \| bib \| seed 0: model tiny cannot read /,
    );
    expect((await runCli(['sweep', 'status', 'sweep.json'], { cwd })).stdout).toContain(
      'model tiny cannot read',
    );
    expect((await runCli(['sweep', 'table', 'sweep.json'], { cwd })).stdout).toContain(
      '- bib failed: model tiny',
    );
  });

  it('tells of damaged lines', async () => {
    const cwd = path.join(folder, 'damaged');
    writeJson(cwd, 'sweep.json', small);
    writeFileSync(path.join(cwd, 'sweep.results.ndjson'), 'nonsense\n');
    const { code, stderr } = await runCli(['sweep', 'run', 'sweep.json', '--quiet'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^biseq: note: \S+sweep\.results\.ndjson:1: the line does not count, because .*\n$/,
    );
  });

  it.each<[string, string, string[], string]>([
    ['faults', JSON.stringify({ ...small, tasks: ['gb1'], seeds: -1 }), [], '2 faults: (1) seeds: '],
    ['no JSON', '{', [], 'the config is not JSON'],
    ['no data', JSON.stringify({ ...small, tasks: ['gb1-384'] }), ['--data-dir', 'none'], 'no such folder'],
    ['processes', JSON.stringify(small), ['--processes', '0'], 'option --processes is wrong'],
    ['memory', JSON.stringify(small), ['--memory', '-1'], 'option --memory is wrong'],
    ['store', JSON.stringify(small), ['--store', 'config.json/x'], 'the store cannot be '],
  ])('bad input is one message and code 2: %s', async (name, config, args, says) => {
    const cwd = path.join(folder, `bad-${name.replace(' ', '-')}`);
    mkdirSync(cwd);
    writeFileSync(path.join(cwd, 'config.json'), config);
    const { code, stdout, stderr } = await runCli(['sweep', 'run', 'config.json', ...args], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^biseq: [^\n]+\n$/);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain('internal');
    expect(existsSync(path.join(cwd, 'config.results.ndjson'))).toBe(false);
  });

  it('prints help', async () => {
    const { stdout } = await runCli(['sweep', '--help']);
    await expect(stdout).toMatchFileSnapshot('golden/sweep.txt');
    const run = await runCli(['sweep', 'run', '--help']);
    await expect(run.stdout).toMatchFileSnapshot('golden/sweep-run.txt');
  });
});

let main = '';
const large = { tasks: [FORMULA], methods: ['random'], seeds: 4 * KILLS };

/** Starts a sweep, and sends the signal so many milliseconds after it has computed so many cells (Infinity: never). */
async function runUntil(config: string, cells: number, milliseconds = 0, signal: NodeJS.Signals = 'SIGKILL') {
  const child = spawn(process.execPath, [main, 'sweep', 'run', config, '--processes', '2']);
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = lines;
    lines += text.split('\n').length - 1;
    if (before < cells && lines >= cells) setTimeout(() => child.kill(signal), milliseconds);
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stderr };
}

describe('an interrupted sweep', () => {
  beforeAll(() => {
    main = privateProgram(folder);
  });

  it('killed at random points and run again has the content of one that was not', async () => {
    const untouched = writeJson(folder, 'untouched.json', large);
    expect(await runUntil(untouched, Infinity)).toEqual({ code: 0, stderr: '' });
    const config = writeJson(folder, 'killed.json', large);
    const random = createRandom('kill');
    let killed = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const { code } = await runUntil(config, 1, random.integer(200));
      if (code === null) killed++;
    }
    expect(killed).toBeGreaterThan(0);
    expect(await runUntil(config, Infinity)).toEqual({ code: 0, stderr: '' });
    const store = path.join(folder, 'killed.results.ndjson');
    expect(contentOf(store)).toHaveLength(large.seeds);
    expect(contentOf(store)).toEqual(contentOf(path.join(folder, 'untouched.results.ndjson')));
    expect(openStore(store).damaged).toEqual([]);
    // one line a cell: nothing was computed twice
    expect(readFileSync(store, 'utf8').split('\n')).toHaveLength(large.seeds + 1);
    expect(existsSync(`${store}.claims`)).toBe(false);
    expect(existsSync(`${store}.lock`)).toBe(false);
  }, 1_000_000);

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s', async (signal) => {
    const config = writeJson(folder, `${signal}.json`, { ...large, seeds: 200 });
    const { code, stderr } = await runUntil(config, 2, 20, signal);
    expect(code).toBe(130);
    expect(stderr).toMatch(/^biseq: what is done is in \S+; run again to go on\nbiseq: cancelled\n$/);
    const store = path.join(folder, `${signal}.results.ndjson`);
    expect(readFileSync(store, 'utf8')).toMatch(/\n$/);
    expect(openStore(store).records().length).toBeGreaterThanOrEqual(2);
    expect(openStore(store).damaged).toEqual([]);
    expect(existsSync(`${store}.claims`)).toBe(false);
  });
});
