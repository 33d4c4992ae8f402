import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixturePath } from '../helpers/fixtures.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { smallTable, WILD_TYPE } from '../run/small-table.js';
import { runCli } from './run-cli.js';

const kept = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../onnx/esm2_tiny.script-sdpa-14');
/** The model that the ONNX file was exported from. */
const original = fixturePath('lm/esm2_tiny');
const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);
const run = (...args: string[]) => runCli(args, { cwd: folder });

beforeAll(() => {
  mkdirSync(at('imported'));
  for (const ending of ['onnx', 'json']) cpSync(`${kept}.${ending}`, at('imported', `model.${ending}`));
  writeFileSync(at('in.fasta'), '>a\nMKTAYIAKQR\n>b\nMKTAYIAKQA\n>c\nGLYWWPMK\n');
  writeFileSync(at('table.csv'), smallTable());
});

const floats = (name: string) => {
  const bytes = readFileSync(at(name));
  const values = Uint8Array.from(bytes.subarray(10 + bytes.readUInt16LE(8)));
  return new Float32Array(values.buffer);
};
const column = (csv: string, index: number) =>
  csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[index]));

describe('an imported ONNX model', () => {
  it.skipIf(original === null)('embeds and scores as the model that it was exported from', async () => {
    for (const [out, model] of [
      ['imported.npy', 'imported'],
      ['file.npy', path.join('imported', 'model.onnx')],
      ['original.npy', original!],
    ]) {
      const { code, stderr } = await run('embed', 'in.fasta', '-o', out, '--model', model);
      expect(stderr).toMatch(/^embedding 3 sequences with \w+\n$/);
      expect(code).toBe(0);
    }
    expect(readFileSync(at('file.npy'))).toEqual(readFileSync(at('imported.npy')));
    const [imported, expected] = [floats('imported.npy'), floats('original.npy')];
    expect(imported.length).toBe(expected.length);
    imported.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
    const scores = await Promise.all(
      ['imported', original!].map((model) => run('score', 'in.fasta', '--quiet', '--model', model)),
    );
    expect(scores.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array(2).fill({ code: 0, stderr: '' }),
    );
    const [own, theirs] = scores.map(({ stdout }) => column(stdout, 2));
    own.forEach((value, i) => expect(value).toBeCloseTo(theirs[i], 3));
  });

  it('designs', async () => {
    const { code, stdout, stderr } = await run(
      ...['design', 'table.csv', '--wild-type', WILD_TYPE, '--model', 'imported', '--out', 'plate'],
      ...['--count', '6', '--starts', '3', '--steps', '3'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('model');
    expect(readdirSync(at('plate'))).toContain('designs.csv');
  });

  it('is not tuned: one message says what to do', async () => {
    const { code, stderr, stdout } = await run(
      'lm',
      'tune',
      'in.fasta',
      '-o',
      'tuned',
      '--model',
      'imported',
    );
    expect(stderr).toMatch(
      /^biseq: .*model.onnx: an imported ONNX model cannot be tuned; expected a folder with config.json .*\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(readdirSync(folder)).not.toContain('tuned');
  });

  it('says what is missing where nothing describes it', async () => {
    mkdirSync(at('bare'));
    cpSync(`${kept}.onnx`, at('bare', 'model.onnx'));
    const { code, stderr } = await run('embed', 'in.fasta', '-o', 'x.npy', '--model', 'bare');
    expect(stderr).toContain('the ONNX model is not described; expected');
    expect(stderr).toContain('"tokens": "letters"');
    expect(code).toBe(2);
  });
});
