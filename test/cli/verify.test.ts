import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Papa from 'papaparse';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { smallTable, WILD_TYPE } from '../run/small-table.js';
import { tinyPair } from '../verify/trlm/pair.js';
import { runCli } from './run-cli.js';

const folder = temporaryFolder();
const inside = (name: string) => path.join(folder, name);
/** Designs with what a spreadsheet would run, and the place of the changed letters. */
const designs = ['A', 'C', 'D', 'F', 'G', 'H'].map((letter, i) => ({
  rank: `${i + 1}`,
  id: i === 0 ? "'=1+1" : `design-${i + 1}`,
  sequence: `MK${letter}AYIAKQRQISFVK`,
  predicted_score: `-0.${i}`,
}));

let pair: Awaited<ReturnType<typeof tinyPair>>;

beforeAll(async () => {
  writeFileSync(inside('table.csv'), smallTable());
  writeFileSync(inside('designs.csv'), `${Papa.unparse(designs, { newline: '\n' })}\n`);
  writeFileSync(inside('designs.fasta'), designs.map(({ id, sequence }) => `>${id}\n${sequence}\n`).join(''));
  await writeTinyModel(inside('tiny'));
  pair = await tinyPair(inside('pair'), 'protein');
});

const verify = (...args: string[]) => runCli(['verify', ...args], { cwd: folder });
const withTable = ['--table', 'table.csv', '--wild-type', WILD_TYPE];
const parse = (csv: string) => Papa.parse<Record<string, string>>(csv.trimEnd(), { header: true }).data;

describe('biseq verify', () => {
  it('prints the designs in their new order, with both shares, as CSV', async () => {
    const { code, stdout, stderr } = await verify('designs.csv', ...withTable);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('6 candidates of designs.csv, ranked by FOBAR');
    expect(stderr).toContain('forward: 10 chains with 2 votes each');
    const rows = parse(stdout);
    expect(Object.keys(rows[0])).toEqual([
      ...['verified_rank', 'rank', 'id', 'sequence', 'predicted_score'],
      ...['forward_share', 'backward_share', 'recovered', 'combined_share'],
    ]);
    expect(rows.map((row) => row.verified_rank)).toEqual(['1', '2', '3', '4', '5', '6']);
    const combined = rows.map((row) => Number(row.combined_share));
    expect(combined).toEqual([...combined].sort((a, b) => b - a));
    expect(combined.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
    expect(rows.reduce((sum, row) => sum + Number(row.forward_share), 0)).toBeCloseTo(2, 4);
    // the columns of the file come through as they are
    for (const design of designs)
      expect(rows.find((row) => row.sequence === design.sequence)).toMatchObject(design);
  });

  it('writes the same bytes twice, over a file only when told to, and replaces its own columns', async () => {
    const first = await verify('designs.csv', ...withTable, '--out', 'verified.csv');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('written: verified.csv');
    const bytes = readFileSync(inside('verified.csv'), 'utf8');
    const refused = await verify('designs.csv', ...withTable, '--out', 'verified.csv');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('the output file exists already');
    const again = await verify('verified.csv', ...withTable, '--out', 'verified.csv', '--force', '--quiet');
    expect(again).toEqual({ code: 0, stdout: '', stderr: '' });
    const rows = (text: string) =>
      parse(text)
        .map((row) => JSON.stringify(row))
        .sort();
    expect(rows(readFileSync(inside('verified.csv'), 'utf8'))).toEqual(rows(bytes));
    const { stdout } = await verify('designs.csv', ...withTable, '--quiet');
    expect(stdout).toBe(bytes);
  });

  it('reads FASTA, ranks by TRLM without a table, by names of folders', async () => {
    const models = ['--forward-model', pair.forward.folder, '--reverse-model', pair.reverse.folder];
    const { code, stdout, stderr } = await verify('designs.fasta', '--trlm', ...models);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('region 3-3');
    const rows = parse(stdout);
    expect(Object.keys(rows[0])).toEqual([
      ...['verified_rank', 'id', 'sequence', 'trlm_forward', 'trlm_reverse', 'trlm_score'],
    ]);
    const scores = rows.map((row) => Number(row.trlm_score));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const row of rows)
      expect(Number(row.trlm_forward) + Number(row.trlm_reverse)).toBeCloseTo(Number(row.trlm_score), 3);

    const none = parse((await verify('designs.fasta', '--trlm', ...models, '--trlm-alpha', '0')).stdout);
    const forward = none.map((row) => Number(row.trlm_forward));
    expect(forward).toEqual([...forward].sort((a, b) => b - a));
    expect(none.map((row) => row.trlm_score)).toEqual(none.map((row) => row.trlm_forward));
  });

  it('hides conserved residues of the designs when told to', async () => {
    const args = ['designs.csv', ...withTable, '--hide', 'both', '--hidden', '4', '--model', 'tiny'];
    const { code, stdout, stderr } = await verify(...args);
    expect(code, stderr).toBe(0);
    for (const row of parse(stdout)) expect(row.recovered).toMatch(/^\d of 8$/);
  });

  it('runs both and ranks by either', async () => {
    const models = ['--forward-model', pair.forward.folder, '--reverse-model', pair.reverse.folder];
    const both = ['designs.csv', ...withTable, '--fobar', '--trlm', ...models];
    for (const [by, column] of [
      ['fobar', 'combined_share'],
      ['trlm', 'trlm_score'],
    ]) {
      const { code, stdout, stderr } = await verify(...both, '--rank-by', by, '--region', '2-5');
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('region 2-5');
      const values = parse(stdout).map((row) => Number(row[column]));
      expect(values).toEqual([...values].sort((a, b) => b - a));
    }
  });

  it.each([
    [['nowhere.csv', ...withTable], 'nowhere.csv: there is no such file'],
    [['designs.csv'], 'needs the measured variants; expected --table TABLE'],
    [['-', '--table', '-'], 'cannot both come by standard input'],
    [
      ['designs.csv', ...withTable, '--alpha', '2'],
      'option alpha is wrong; expected a number from 0 to 1, got 2',
    ],
    [['designs.csv', ...withTable, '--chains', '0'], 'option chains is wrong'],
    [['designs.csv', ...withTable, '--best', '7'], 'expected a whole number from 1 to 6'],
    [['designs.csv', ...withTable, '--rank-by', 'trlm'], 'option rankBy is trlm, which is not run'],
    [['table.csv', ...withTable], 'the cell holds no sequence'],
    [['short.csv', ...withTable], 'short.csv:3: the candidate has a length that was not measured'],
    [['odd.csv', ...withTable], "odd.csv:2: letter 'J' at position 2"],
    [['empty.csv', ...withTable], 'holds no candidates'],
    [['designs.csv', '--trlm', '--forward-model', 'none'], "there is no model 'none'"],
    [['same.csv', '--trlm'], 'the designed region cannot be told'],
    [['designs.csv', ...withTable, '--trlm', '--region', '0-3'], 'is not a position of the sequence'],
    [['designs.csv', ...withTable, '--out', 'no/where.csv'], 'its folder does not exist'],
  ])('%j is refused in one line', async (args, message) => {
    writeFileSync(inside('short.csv'), `sequence\n${WILD_TYPE}\nMKT\n`);
    writeFileSync(inside('odd.csv'), `sequence\nMJ${WILD_TYPE.slice(2)}\n`);
    writeFileSync(inside('empty.csv'), 'sequence\n');
    writeFileSync(inside('same.csv'), `sequence\n${WILD_TYPE}\n${WILD_TYPE}\n`);
    const { code, stdout, stderr } = await verify(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^biseq: /);
    expect(stderr).toContain(message);
    expect(existsSync(inside('no'))).toBe(false);
  });

  it('has help', async () => {
    const { code, stdout } = await runCli(['verify', '--help']);
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot('golden/verify.txt');
  });
});
