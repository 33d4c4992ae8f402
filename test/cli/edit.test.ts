import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Papa from 'papaparse';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { smallTable, WILD_TYPE } from '../run/small-table.js';
import { runCli } from './run-cli.js';

const folder = temporaryFolder();
beforeAll(() => writeFileSync(path.join(folder, 'table.csv'), smallTable()));

const edit = (lead: string, out: string, args: readonly string[] = []) =>
  runCli(
    [
      ...['edit', lead, '--table', 'table.csv', '--wild-type', WILD_TYPE, '--out', out],
      ...[
        '--pool',
        '200',
        '--training-steps',
        '40',
        '--hidden',
        '16',
        '--draws',
        '16',
        '--noise-steps',
        '10',
      ],
      ...args,
    ],
    { cwd: folder },
  );

describe('biseq edit', () => {
  it('has help that ends with an example', async () => {
    const { code, stdout, stderr } = await runCli(['edit', '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot('golden/edit.txt');
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^ {2}biseq edit .*example:gb1/);
  });

  it('writes the folder of a design run, and prints the ladder', async () => {
    const { code, stdout, stderr } = await edit('best', 'edits', ['--target', '+2 sd', '--back', '0.6,1']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readdirSync(path.join(folder, 'edits')).sort()).toEqual([
      'designs.csv',
      'designs.fasta',
      'run.json',
      'timings.json',
    ]);
    expect(stdout).toMatch(/the way to noise and back at the lead's own score is off by \d\.\de-1\d at most/);
    const csv = readFileSync(path.join(folder, 'edits', 'designs.csv'), 'utf8').trimEnd();
    const { data, meta } = Papa.parse<Record<string, string>>(csv, { header: true });
    expect(meta.fields?.slice(0, 9)).toEqual([
      ...['rank', 'id', 'sequence', 'mutations', 'predicted_score', 'back', 'edit_distance'],
      ...['changes_from_lead', 'draws'],
    ]);
    expect(stdout).toContain(data[0].changes_from_lead);
    const refused = await edit('best', 'edits');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--force');
  });

  it('prints one JSON object with --json', async () => {
    const { stdout, stderr } = await edit('v1', 'json', ['--json', '--back', '1']);
    expect(stderr).toBe('');
    const { edits, run } = JSON.parse(stdout) as {
      edits: { sequence: string }[];
      run: { tool: string; lead: { name: string } };
    };
    expect(run).toEqual(JSON.parse(readFileSync(path.join(folder, 'json', 'run.json'), 'utf8')));
    expect([run.tool, run.lead.name, edits.length > 0]).toEqual(['biseq edit', 'v1', true]);
  });

  it.each([
    [['MKTAY'], 'another length than the sequences of the table; expected 16 letters, got 5'],
    [['best', '--target', 'better'], 'the target is not understood'],
    [['best', '--back', '0'], 'option back is wrong; expected numbers above 0 and at most 1'],
    [['best', '--back', 'far'], "option --back is wrong; expected a number, got 'far'"],
    [['best', '--g', '0.5'], 'option g is wrong; expected a number from 0.92 to 1'],
    [['best', '--fixed', '3,5,8,11'], 'no position is left to design'],
    [['best', '--model', 'table.csv'], 'table.csv'],
  ])('%j exits with 2', async ([lead, ...args], message) => {
    const { code, stdout, stderr } = await edit(lead, 'refused', [...args, '--quiet']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^biseq: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect(readdirSync(folder)).not.toContain('refused');
  });

  it('needs a table and a folder', async () => {
    expect((await runCli(['edit', 'best'])).stderr).toContain('no table is given; expected --table TABLE');
    expect((await runCli(['edit', 'best', '--table', 'x'])).stderr).toContain('no output folder is given');
  });
});
