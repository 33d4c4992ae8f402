import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { toyTexts } from '../lm/training/toy.js';
import { runCli } from './run-cli.js';

const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);
const distill = ['lm', 'distill', 'toys.fasta', '--teacher', 'teacher', '--window', '40'];

beforeAll(async () => {
  await writeTinyModel(at('teacher'));
  await writeTinyModel(at('dna'), 'dna');
  const texts = toyTexts(60, 'cli').map((text, i) => `>s${i}\n${text}\n`);
  writeFileSync(at('toys.fasta'), texts.join(''));
  writeFileSync(at('student.json'), '{"layers": 1, "width": 8, "haeds": 2}');
  writeFileSync(at('sizes.json'), '{"model": {"layers": 1}}');
  writeFileSync(at('beta.json'), '{"distill": {"betta": 1}}');
});

const faults: [name: string, args: string[], says: string[]][] = [
  ['no student', [], ["required option '--student <size|file|model>' not specified"]],
  [
    'a student of another vocabulary',
    ['--student', 'dna'],
    ['dna: teacher and student have different vocabularies', '33 tokens', 'such as 2x96'],
  ],
  ['a student that is none', ['--student', '2*96'], ["there is no model '2*96'"]],
  ['a size file with an unknown field', ['--student', 'student.json'], ['student.json', 'haeds']],
  ['a size of no layers', ['--student', '0x96'], ['the size of the student is wrong: layers']],
  [
    'an unknown teacher',
    ['--student', '1x8', '--teacher', 'protein-smal'],
    ["Did you mean 'protein-small'?"],
  ],
  [
    'a teacher of other letters',
    ['--student', '1x8', '--teacher', 'dna'],
    ['the teacher dna does not read what the file holds'],
  ],
  ['a weight above 1', ['--student', '1x8', '--alpha', '1.5'], ['setting distill.alpha is wrong']],
  ['a beta below 0', ['--student', '1x8', '--beta', '-1'], ['setting distill.beta is wrong']],
  ['a setting of no distillation', ['--student', '1x8', '--config', 'beta.json'], ["Did you mean 'beta'?"]],
  ['sizes in the config', ['--student', '1x8', '--config', 'sizes.json'], ['sizes.json', 'by --student']],
];

describe('bad input gets one clear message', () => {
  it.each(faults)('%s', async (_name, args, says) => {
    const before = readdirSync(folder);
    const { code, stderr, stdout } = await runCli([...distill, '-o', 'x', ...args], { cwd: folder });
    for (const part of says) expect(stderr).toContain(part);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^biseq: /);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+|internal:/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('lm distill', () => {
  it('tells whom the student learns from, and ends with both perplexities', async () => {
    const args = ['--student', '1x8', '-o', 'student', '--steps', '6', '--tokens-per-step', '128'];
    const { code, stderr, stdout } = await runCli([...distill, ...args, '--evaluate-every', '3'], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^a new model \(ESM-2\)\n {2}teacher {3}teacher\n {2}train on/);
    expect(stdout).toMatch(
      /held-out perplexity [\d.]+ at step \d of 6[^]*the teacher's is [\d.]+\nmodel in student\n$/,
    );
    const scored = await runCli(['score', 'toys.fasta', '--model', 'student', '--quiet'], { cwd: folder });
    expect(scored.code).toBe(0);
  });
});
