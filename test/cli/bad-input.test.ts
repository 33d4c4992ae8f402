import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { smallTable, WILD_TYPE } from '../run/small-table.js';
import { faultCases, sequences } from './fault-cases.js';
import { runCli } from './run-cli.js';

const folder = temporaryFolder();
const inside = (...parts: string[]) => path.join(folder, ...parts);

const rows = smallTable();

beforeAll(async () => {
  await writeTinyModel(inside('tiny'));
  await writeTinyModel(inside('tiny-dna'), 'dna');
  for (const name of ['truncated', 'corrupt', 'checksum', 'misfit'])
    cpSync(inside('tiny'), inside(name), { recursive: true });
  mkdirSync(inside('empty'));
  // without checksums the reader itself must notice
  for (const name of ['truncated', 'corrupt', 'misfit']) writeFileSync(inside(name, 'checksums.json'), '{}');
  truncateSync(inside('truncated', 'model.safetensors'), 2000);
  const weights = readFileSync(inside('tiny', 'model.safetensors'));
  weights.write('!!!!!!!!', 20, 'latin1');
  writeFileSync(inside('corrupt', 'model.safetensors'), weights);
  const flipped = readFileSync(inside('tiny', 'model.safetensors'));
  flipped[flipped.length - 5] ^= 1;
  writeFileSync(inside('checksum', 'model.safetensors'), flipped);
  const config = JSON.parse(readFileSync(inside('tiny', 'config.json'), 'utf8')) as object;
  writeFileSync(inside('misfit', 'config.json'), JSON.stringify({ ...config, intermediate_size: 48 }));
});

/** One line on standard error, exit code 2, no stack trace, no file. */
async function expectRefusal(cwd: string, args: readonly string[], says: readonly string[]): Promise<void> {
  const before = readdirSync(cwd);
  const { code, stderr } = await runCli(['design', ...args], { cwd });
  for (const part of says) expect(stderr).toContain(part);
  expect(stderr).toMatch(/^biseq: [^\n]+\n$/);
  expect(stderr).not.toMatch(/\n\s+at |internal:/);
  expect(code).toBe(2);
  expect(readdirSync(cwd)).toEqual(before);
}

describe.concurrent('bad input gets one clear message', () => {
  it.each(faultCases)('$name', async ({ name, table = rows, args = ['table.csv'], plain, says }) => {
    const cwd = inside('cases', name.replaceAll(' ', '-'));
    mkdirSync(cwd, { recursive: true });
    writeFileSync(path.join(cwd, 'table.csv'), table);
    for (const model of ['tiny', 'tiny-dna', 'truncated', 'corrupt', 'checksum', 'misfit', 'empty']) {
      if (args.includes(model)) cpSync(inside(model), path.join(cwd, model), { recursive: true });
    }
    const model = args.includes('--model') ? [] : ['--model', inside('tiny')];
    const wildType = plain ? [] : ['--wild-type', WILD_TYPE];
    await expectRefusal(
      cwd,
      [...args, ...wildType, ...model, '--out', 'plate', '--count', '4', ...countOf(args)],
      says,
    );
  });

  it('BISEQ_DEBUG=1 adds the stack', async () => {
    const { stderr } = await runCli(['check', 'none.csv'], { env: { BISEQ_DEBUG: '1' } });
    expect(stderr).toMatch(/^biseq: none.csv: there is no such file.*\n.*\n\s+at /);
  });
});

/** The case's own count, which must come last to be heard. */
function countOf(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--count');
  return at < 0 ? [] : args.slice(at, at + 2);
}

describe('input that is accepted', () => {
  const check = async (table: string | Uint8Array, ...args: string[]) => {
    const file = inside('accepted.csv');
    writeFileSync(file, table);
    const { code, stdout, stderr } = await runCli(['check', file, '--json', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as { rows: number; setAside: Record<string, number>; notes: string[] };
  };

  it('CRLF, a byte-order mark and gzip', async () => {
    const table = `\uFEFF${rows.replaceAll('\n', '\r\n')}`;
    expect((await check(table, '--wild-type', WILD_TYPE)).rows).toBe(31);
    expect((await check(gzipSync(table), '--wild-type', WILD_TYPE)).rows).toBe(31);
  });

  it('contradictory duplicates, which are reported', async () => {
    const { rows: merged, notes } = await check(sequences('MKTAY,1', 'MKTAF,2', 'MKTAY,5'));
    expect(merged).toBe(2);
    expect(notes.join('\n')).toContain('lines 2 and 4: 1 and 5');
  });

  it('stops, which are set aside and counted', async () => {
    expect((await check(sequences('MKTAY,1', 'MK*AY,2', 'MKTA*,2'))).setAside).toEqual({ stop: 2 });
  });
});

describe('200 MB in one field', () => {
  it('are refused, and memory stays small', async () => {
    const report = inside('memory.txt');
    const preload = inside('memory.mjs');
    writeFileSync(
      preload,
      `import { writeFileSync } from 'node:fs';
       process.on('exit', () => writeFileSync(${JSON.stringify(report)}, String(process.resourceUsage().maxRSS)));`,
    );
    const piece = 'A'.repeat(2 ** 20);
    function* field() {
      yield 'sequence,score\n';
      for (let i = 0; i < 200; i++) yield piece;
      yield ',1\n';
    }
    const { code, stderr } = await runCli(['check', '-'], {
      input: field(),
      env: { NODE_OPTIONS: `--import=${preload}` },
    });
    expect(stderr).toMatch(/^biseq: stdin:2: a field or row is too long[^\n]*\n$/);
    expect(code).toBe(2);
    expect(Number(readFileSync(report, 'utf8')) / 1024).toBeLessThan(250);
    expect(existsSync(inside('plate'))).toBe(false);
  });
});
