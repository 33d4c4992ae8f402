import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Papa from 'papaparse';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { smallTable, WILD_TYPE } from '../run/small-table.js';
import { runCli, type RunOptions } from './run-cli.js';

const folder = temporaryFolder();
const FILES = ['designs.csv', 'designs.fasta', 'run.json', 'timings.json'];
const SAME = ['designs.csv', 'designs.fasta', 'run.json'];

beforeAll(async () => {
  await writeTinyModel(path.join(folder, 'tiny'));
  writeFileSync(path.join(folder, 'table.csv'), smallTable());
});

/** A quick run of the published method in the test's folder; its options can be added to. */
const design = (out: string, args: readonly string[] = [], options: RunOptions = {}) =>
  runCli(
    [
      ...['design', 'table.csv', '--wild-type', WILD_TYPE, '--model', 'tiny', '--out', out],
      ...['--features', 'paper', '--count', '6', '--starts', '3', '--steps', '3', ...args],
    ],
    { cwd: folder, ...options },
  );
const read = (out: string, name: string) => readFileSync(path.join(folder, out, name), 'utf8');
const contents = (out: string, names: readonly string[]) => names.map((name) => read(out, name));
/** Names in the test's folder, hidden ones too. */
const listing = () => readdirSync(folder).sort();

describe('biseq design', () => {
  it('writes the folder and prints what was understood and the first designs', async () => {
    const { code, stdout, stderr } = await design('plate', ['--count', '12']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(path.join(folder, 'plate')).sort()).toEqual(FILES);
    expect(stdout.replace(/[\d.]+ s;/, '# s;')).toContain("score     column 3 'activity' (its name)");
    expect(stdout).toContain('designable: 4 of 16 positions (3, 5, 8, 11)');
    expect(stdout).toContain('... and 2 more.');
    const { data } = Papa.parse<Record<string, string>>(read('plate', 'designs.csv').trimEnd(), {
      header: true,
    });
    expect(data).toHaveLength(12);
    expect(stdout).toContain(data[0].mutations);
    const timings = JSON.parse(read('plate', 'timings.json')) as { seconds: Record<string, number> };
    expect(Object.keys(timings.seconds)).toEqual(['table', 'model', 'learn', 'design', 'total']);
  });

  it('gives the same bytes for the same run, any number of workers, a cold or a warm memo', async () => {
    await design('first', ['--workers', '1']);
    for (const [out, args] of [
      ['second', ['--workers', '1']],
      ['two-workers', ['--workers', '2']],
      ['no-memo', ['--memo', '0']],
    ] as const) {
      await design(out, args);
      expect(contents(out, SAME)).toEqual(contents('first', SAME));
    }
  });

  it('gives the same bytes for any number of workers with the default settings', async () => {
    const byDefault = (out: string, workers: string) =>
      runCli(
        [
          ...['design', 'table.csv', '--wild-type', WILD_TYPE, '--out', out],
          ...['--count', '6', '--starts', '3', '--workers', workers],
        ],
        { cwd: folder },
      );
    for (const workers of ['1', '2']) {
      const { code, stderr } = await byDefault(`default-${workers}`, workers);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
    expect(contents('default-2', SAME)).toEqual(contents('default-1', SAME));
  });

  it('verifies the plate when told to: the columns of biseq verify, and all else as without', async () => {
    const args = ['--seed', 'some', '--count', '8'];
    await design('unverified', args);
    const { code, stdout, stderr } = await design('verified', [...args, '--verify', 'fobar']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('verified: forward: 10 chains with 2 votes each; backward: 8 hidden');
    expect(read('verified', 'designs.fasta')).toBe(read('unverified', 'designs.fasta'));
    const parse = (csv: string) =>
      Papa.parse<Record<string, string>>(csv.trimEnd(), { header: true }).data as Record<string, string>[];
    const apart = await runCli(
      [
        'verify',
        'unverified/designs.csv',
        '--table',
        'table.csv',
        '--wild-type',
        WILD_TYPE,
        '--seed',
        'some',
      ],
      { cwd: folder },
    );
    const rows = parse(apart.stdout)
      .sort((a, b) => Number(a.rank) - Number(b.rank))
      .map(({ verified_rank: _, ...row }) => row);
    expect(parse(read('verified', 'designs.csv'))).toEqual(rows);
    const { seconds } = JSON.parse(read('verified', 'timings.json')) as { seconds: object };
    expect(Object.keys(seconds)).toEqual(['table', 'model', 'learn', 'design', 'verify', 'total']);
    const record = JSON.parse(read('verified', 'run.json')) as { options: object };
    expect(record).toMatchObject({ options: { verify: 'fobar' }, verification: { chains: 10, votes: 2 } });
    await design('verified-again', [...args, '--verify', 'fobar', '--workers', '2']);
    expect(contents('verified-again', SAME)).toEqual(contents('verified', SAME));
    const wrong = await design('wrong', ['--verify', 'fobr']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain("option --verify is wrong; expected one of fobar, got 'fobr'");
  });

  it('tells which neighbouring letters a library never has, and designs without them', async () => {
    const random = createRandom('library');
    const rows = new Set<string>();
    while (rows.size < 240) {
      const text = Array.from({ length: 10 }, () => 'ACDEFG'[random.integer(6)]).join('');
      if (!text.includes('AC')) rows.add(text);
    }
    // A and C are good, so that the best designs would have both
    const score = (text: string) => text.replace(/[^AC]/g, '').length + random.normal() / 10;
    const table = [...rows].map((text) => `${text},${score(text)}`).join('\n');
    writeFileSync(path.join(folder, 'library.csv'), `sequence,score\n${table}\n`);
    const run = (out: string, ...args: string[]) =>
      runCli(
        [
          ...['design', 'library.csv', '--out', out, '--count', '20', '--starts', '8', '--steps', '8'],
          ...['--letters', 'ACDEFG', '--blocks', 'onehot,physchem', ...args],
        ],
        { cwd: folder },
      );
    const { stdout, stderr } = await run('library-plate');
    expect(stderr).toBe('');
    expect(stdout).toContain(
      'avoided: no measured variant has AC side by side; each counts against a design',
    );
    const designs = (out: string) =>
      read(out, 'designs.fasta')
        .split('\n')
        .filter((line) => /^[A-Z]+$/.test(line));
    expect(designs('library-plate')).toHaveLength(20);
    expect(designs('library-plate').filter((text) => text.includes('AC'))).toEqual([]);
    // the published ridge knows nothing of it
    const paper = await run('library-paper', '--ridge', 'paper');
    expect(paper.stdout).not.toContain('avoided');
    expect(JSON.stringify(JSON.parse(read('library-paper', 'run.json')))).toContain('"avoided":[]');
    expect(designs('library-paper').some((text) => text.includes('AC'))).toBe(true);
  });

  it('gives other designs for another seed', async () => {
    await design('seed-0');
    await design('seed-1', ['--seed', '1']);
    expect(read('seed-1', 'designs.csv')).not.toBe(read('seed-0', 'designs.csv'));
  });

  it('prints one JSON object with --json, and nothing with --quiet', async () => {
    const { stdout, stderr } = await design('json', ['--json']);
    expect(stderr).toBe('');
    const result = JSON.parse(stdout) as { out: string; designs: { sequence: string }[]; run: unknown };
    expect(result.out).toBe(path.join(folder, 'json'));
    expect(result.designs.map(({ sequence }) => sequence).join()).toBe(
      read('json', 'designs.fasta')
        .split('\n')
        .filter((line) => /^[A-Z]/.test(line))
        .join(),
    );
    expect(result.run).toEqual(JSON.parse(read('json', 'run.json')));
    expect(await design('quiet', ['--quiet'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('reads the table from standard input and the wild type from a file', async () => {
    writeFileSync(path.join(folder, 'wt.fasta'), `>wt\n${WILD_TYPE}\n`);
    const args = [
      'design',
      '-',
      '--wild-type',
      'wt.fasta',
      '--model',
      'tiny',
      '--out',
      'stdin',
      '--count',
      '2',
    ];
    const { code, stderr } = await runCli([...args, '--starts', '2', '--steps', '1'], {
      cwd: folder,
      input: [smallTable()],
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(read('stdin', 'run.json'))).toMatchObject({ table: { source: 'stdin' } });
  });

  it('escapes control characters of the table on the screen', async () => {
    const hostile = smallTable().replaceAll(/^v/gm, '\u001b[2Jv').replace('activity', 'activity\u0007');
    writeFileSync(path.join(folder, 'hostile.csv'), hostile);
    const { code, stdout, stderr } = await runCli(
      [
        ...['design', 'hostile.csv', '--wild-type', WILD_TYPE, '--model', 'tiny', '--out', 'hostile'],
        ...['--count', '2', '--starts', '2', '--steps', '1', '--score-column', '#3'],
      ],
      { cwd: folder },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('\\u001b[2Jv');
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe('the output folder', () => {
  it('is not overwritten without being told, and replaced as a whole with --force', async () => {
    await design('kept');
    const before = contents('kept', FILES);
    const refused = await design('kept', ['--seed', '5']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^biseq: kept: the output folder exists already\. [^\n]*--force[^\n]*\n$/);
    expect(contents('kept', FILES)).toEqual(before);
    const names = listing();
    expect((await design('kept', ['--seed', '5', '--force'])).code).toBe(0);
    expect(read('kept', 'designs.csv')).not.toBe(before[0]);
    expect(listing()).toEqual(names);
  });

  it('may exist where it is empty, lie in folders that do not, or be a link', async () => {
    mkdirSync(path.join(folder, 'empty-one'));
    mkdirSync(path.join(folder, 'target'));
    symlinkSync('target', path.join(folder, 'link'));
    for (const out of ['empty-one', 'new/one', 'link']) {
      expect((await design(out)).code).toBe(0);
      expect(readdirSync(path.join(folder, out)).sort()).toEqual(FILES);
    }
    expect(readdirSync(path.join(folder, 'target')).sort()).toEqual(FILES);
  });

  it('is never replaced where it holds what biseq did not write, or is a file', async () => {
    mkdirSync(path.join(folder, 'home'));
    writeFileSync(path.join(folder, 'home', 'thesis.docx'), 'years of work');
    writeFileSync(path.join(folder, 'a-file'), '');
    for (const [out, message] of [
      ['home', "holds 'thesis.docx', which biseq did not write"],
      ['.', 'which biseq did not write'],
      ['a-file', 'is no folder'],
      ['a-file/plate', 'no folder'],
      [path.join('/proc', 'biseq-plate'), 'cannot be written'],
    ]) {
      const { code, stderr } = await design(out, ['--force']);
      expect({ out, code }).toEqual({ out, code: 2 });
      expect(stderr).toContain(message);
      expect(stderr).toMatch(/^biseq: [^\n]+\n$/);
    }
    expect(read('home', 'thesis.docx')).toBe('years of work');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'holds nothing half-written after %s',
    async (signal) => {
      const before = listing();
      let sent = false;
      const { code, stderr } = await design('interrupted', ['--steps', '100000', '--starts', '30'], {
        onOutput(_text, child) {
          if (!sent) setTimeout(() => child.kill(signal), 300);
          sent = true;
        },
      });
      expect(code).toBe(signal === 'SIGKILL' ? null : 130);
      if (signal !== 'SIGKILL') expect(stderr).toBe('biseq: cancelled\n');
      expect(existsSync(path.join(folder, 'interrupted'))).toBe(false);
      expect(listing()).toEqual(before);
    },
  );
});

describe('the bundled example', () => {
  it('designs with the embedded model', async () => {
    const out = path.join(folder, 'gb1');
    const args = ['--count', '5', '--starts', '2', '--steps', '1', '--quiet'];
    expect(await runCli(['design', 'example:gb1', '--out', out, ...args])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const { data } = Papa.parse<Record<string, string>>(read('gb1', 'designs.csv').trimEnd(), {
      header: true,
    });
    expect(data).toHaveLength(5);
    for (const { mutations } of data) expect(mutations).toMatch(/^([VDG](39|40|41|54)[A-Z]:?)+$/);
    expect(JSON.parse(read('gb1', 'run.json'))).toMatchObject({
      table: { source: 'example:gb1', rows: 384 },
      model: { name: 'protein-small' },
    });
  });
});
