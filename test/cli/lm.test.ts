import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawCurve } from '../../src/cli/curve.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { toyTexts } from '../lm/training/toy.js';
import { runCli } from './run-cli.js';

const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);
const fasta = (texts: readonly string[]) => texts.map((text, i) => `>s${i}\n${text}\n`).join('');

/** Rewrites a field of a copied model's config.json. */
function withConfig(name: string, change: object): void {
  cpSync(at('tiny'), at(name), { recursive: true });
  const config = JSON.parse(readFileSync(at('tiny', 'config.json'), 'utf8')) as object;
  writeFileSync(at(name, 'config.json'), JSON.stringify({ ...config, ...change }));
  writeFileSync(at(name, 'checksums.json'), '{}');
}

/** Overwrites bytes of a copied model's weights. */
function withWeights(name: string, change: (bytes: Buffer) => void): void {
  cpSync(at('tiny'), at(name), { recursive: true });
  const bytes = readFileSync(at('tiny', 'model.safetensors'));
  change(bytes);
  writeFileSync(at(name, 'model.safetensors'), bytes);
  writeFileSync(at(name, 'checksums.json'), '{}');
}

beforeAll(async () => {
  await writeTinyModel(at('tiny'));
  await writeTinyModel(at('dna'), 'dna');
  withConfig('misfit', { intermediate_size: 48 });
  withConfig('unknown', { model_type: 'mamba' });
  withWeights('huge-header', (bytes) => bytes.writeBigUInt64LE(2n ** 60n, 0));
  withWeights('nan', (bytes) => bytes.writeFloatLE(NaN, bytes.length - 4));
  writeFileSync(at('in.fasta'), fasta(['MKTAYIAKQR', 'MKTAYIAKQA']));
  writeFileSync(at('odd.fasta'), fasta(['MKTA', 'MKJA']));
  writeFileSync(at('toys.fasta'), fasta(toyTexts(60, 'cli')));
  writeFileSync(at('broken.json'), '{"training": {"stepz": 3}}');
});

const small = [
  '--layers',
  '1',
  '--width',
  '16',
  '--heads',
  '2',
  '--window',
  '40',
  '--tokens-per-step',
  '128',
];

const faults: [name: string, args: string[], says: string[]][] = [
  [
    'weights that do not fit',
    ['embed', 'in.fasta', '-o', 'x.npy', '--model', 'misfit'],
    ['esm.encoder.layer.0.intermediate.dense.weight', '[48, 16]', '[32, 16]'],
  ],
  ['an unknown architecture', ['score', 'in.fasta', '--model', 'unknown'], ['"mamba"', 'esm', 'gpt2']],
  [
    'a header of 2^60 bytes',
    ['embed', 'in.fasta', '-o', 'x.npy', '--model', 'huge-header'],
    ['model.safetensors'],
  ],
  ['NaN weights', ['lm', 'tune', 'toys.fasta', '-o', 'x', '--model', 'nan'], ['model.safetensors', 'NaN']],
  [
    'a letter that the model lacks',
    ['score', 'odd.fasta', '--model', 'tiny'],
    ["odd.fasta:3: letter 'J' at position 3"],
  ],
  [
    'a model of other letters',
    ['embed', 'in.fasta', '-o', 'x.npy', '--model', 'dna'],
    ['does not read what the file holds'],
  ],
  [
    'two ways to embed',
    ['embed', 'in.fasta', '-o', 'x.npy', '--per-residue', '--at', '3'],
    ['--per-residue and --at contradict'],
  ],
  [
    'a model that does not fit into memory',
    ['embed', 'in.fasta', '-o', 'x.npy', '--model', 'tiny', '--memory', '32'],
    ['tiny: model tiny does not fit into memory; expected at most 32 MiB', 'workers of', '--memory'],
  ],
  [
    'a site beyond the end',
    ['embed', 'in.fasta', '-o', 'x.npy', '--model', 'tiny', '--at', '11'],
    ['site 11 lies outside sequence s0; expected 1 to 10'],
  ],
  [
    'an unknown format',
    ['embed', 'in.fasta', '-o', 'x.txt', '--model', 'tiny'],
    ['.npy, .safetensors, .parquet'],
  ],
  [
    'a ratio without a wild type',
    ['score', 'in.fasta', '--model', 'tiny', '--method', 'llr'],
    ['--wild-type'],
  ],
  [
    'a score that the model cannot give',
    ['score', 'in.fasta', '--model', 'tiny', '--method', 'log-likelihood'],
    ['expected a causal model'],
  ],
  ['no such file', ['lm', 'train', 'none.fasta', '-o', 'x'], ['none.fasta: there is no such file']],
  [
    'a config with an unknown setting',
    ['lm', 'train', 'toys.fasta', '-o', 'x', '--config', 'broken.json'],
    ['broken.json', "'training.stepz'", "Did you mean 'steps'"],
  ],
  [
    'a learning rate below 0',
    ['lm', 'train', 'toys.fasta', '-o', 'x', '--learning-rate', '-1'],
    ['training.learningRate'],
  ],
  [
    'a width that heads do not divide',
    ['lm', 'train', 'toys.fasta', '-o', 'x', '--width', '20', '--heads', '3'],
    ['width 20, 3 heads'],
  ],
  [
    'a memory budget that is too small',
    ['lm', 'train', 'toys.fasta', '-o', 'x', ...small, '--memory', '1'],
    ['does not fit into memory; expected at most 1 MiB'],
  ],
  [
    'an output folder of something else',
    ['lm', 'train', 'toys.fasta', '-o', 'tiny'],
    ['holds something that is no training'],
  ],
  ['a missing output', ['embed', 'in.fasta'], ["required option '-o, --out <file>' not specified"]],
];

describe('bad input gets one clear message', () => {
  it.each(faults)('%s', async (_name, args, says) => {
    const before = readdirSync(folder);
    const { code, stderr, stdout } = await runCli(args, { cwd: folder });
    for (const part of says) expect(stderr).toContain(part);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^biseq: /);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+|internal:/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('embed and score', () => {
  it('write and print', async () => {
    const run = (...args: string[]) => runCli([...args, '--model', 'tiny'], { cwd: folder });
    const embedded = await run('embed', 'in.fasta', '-o', 'e.npy');
    expect(embedded).toEqual({
      code: 0,
      stdout: '2 x 16 float32 in e.npy, e.npy.index.csv\n',
      stderr: 'embedding 2 sequences with tiny\n',
    });
    const again = await run('embed', 'in.fasta', '-o', 'e.npy', '--force', '--json');
    expect(again.stderr).toBe('');
    expect(JSON.parse(again.stdout)).toMatchObject({ file: 'e.npy', sequences: 2, shape: [2, 16] });
    const printed = await run('score', 'in.fasta', '--quiet', '--wild-type', 'MKTAYIAKQR');
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(printed.stdout).toMatch(/^id,length,mutations,llr\ns0,10,0,0\ns1,10,1,-?[\d.]+\n$/);
    const written = await run('score', 'in.fasta', '-o', 's.csv', '--wild-type', 'MKTAYIAKQR');
    expect(written.stdout).toBe('llr of 2 sequences in s.csv\n');
    expect(readFileSync(at('s.csv'), 'utf8')).toBe(printed.stdout);
    const piped = await runCli(['score', '-', '--model', 'tiny', '--quiet'], {
      cwd: folder,
      input: ['>a\nMK', 'TA\n'],
    });
    expect(piped.stdout).toMatch(/^id,length,pseudo_log_likelihood,pseudo_perplexity\na,4,/);
  });
});

describe('lm train and lm tune', () => {
  const train = ['lm', 'train', 'toys.fasta', ...small, '--steps', '12', '--evaluate-every', '4'];

  it('killed at any time goes on to the same weights', async () => {
    const whole = await runCli([...train, '-o', 'whole'], { cwd: folder });
    expect(whole.code).toBe(0);
    expect(whole.stderr).toMatch(/^a new model \(ESM-2\)\n {2}train on +\d+ sequences/);
    expect(whole.stdout).toMatch(
      /perplexity: · training, o held out\n[^]*held-out perplexity [\d.]+ at step \d+ of 12[^]*model in whole\n$/,
    );
    const args = [...train, '-o', 'killed', '--checkpoint-every', '0', '--workers', '1'];
    const { spawn } = await import('node:child_process');
    const main = path.resolve('dist/cli/main.js');
    await new Promise<void>((resolve) => {
      const child = spawn(process.execPath, [main, ...args], { cwd: folder });
      child.stderr.on('data', (text: Buffer) => text.includes('step 4/12') && child.kill('SIGKILL'));
      child.on('close', () => resolve());
    });
    expect(existsSync(at('killed', 'training', 'record.json'))).toBe(false);
    const resumed = await runCli([...train, '-o', 'killed'], { cwd: folder });
    expect(resumed.stderr).toMatch(/going on from step \d+/);
    for (const file of [
      'model.safetensors',
      'config.json',
      'vocab.txt',
      path.join('training', 'record.json'),
    ])
      expect(readFileSync(at('killed', file)).equals(readFileSync(at('whole', file))), file).toBe(true);
  });

  it('tune from a trained model', async () => {
    const args = [
      'lm',
      'tune',
      'toys.fasta',
      '--model',
      'whole',
      '-o',
      'tuned',
      '--steps',
      '8',
      '--tokens-per-step',
      '128',
      '--json',
    ];
    const { code, stdout } = await runCli(args, { cwd: folder });
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as {
      best: { perplexity: number };
      basePerplexity: number;
      curve: unknown[];
    };
    expect(result.best.perplexity).toBeLessThanOrEqual(result.basePerplexity);
    expect(result.curve.length).toBe(9);
  });
});

describe('help', () => {
  it.each([['embed'], ['score'], ['lm'], ['lm', 'train'], ['lm', 'tune'], ['lm', 'distill']])(
    'of %s %s',
    async (...args) => {
      const { code, stdout } = await runCli([...args, '--help']);
      expect(code).toBe(0);
      await expect(stdout).toMatchFileSnapshot(`golden/${args.join('-')}.txt`);
    },
  );
});

describe('the drawn curve', () => {
  it('has steps along, perplexity up, and the ends labelled', () => {
    const curve = Array.from({ length: 20 }, (_, i) => ({
      step: i + 1,
      epoch: 0,
      tokens: 0,
      seconds: 0,
      trainLoss: Math.log(20 - i / 2),
      ...(i % 5 === 4 ? { heldOutLoss: Math.log(18) } : {}),
    }));
    expect(drawCurve(curve, { width: 24, height: 5 })).toMatchInlineSnapshot(`
      "perplexity: · training, o held out
      20.00 │ ····
            │      o···· o     o    o
            │            ·····
            │                  ····
      10.50 │                      ··
            └────────────────────────
             0                     20"
    `);
    expect(drawCurve([])).toBe('no step was taken');
  });
});
