import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CancelledError, InputError, ModelError } from '../../../src/core/errors.js';
import { openCheckpoint } from '../../../src/lm/io/checkpoint.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { trainModel, tuneModel } from '../../../src/run/lm/train-model.js';
import { checkSettings, readSettings } from '../../../src/run/lm/training-options.js';
import { scoreTo } from '../../../src/run/lm/score-file.js';
import { fixturePath } from '../../helpers/fixtures.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';
import { toyTexts } from '../../lm/training/toy.js';

const root = temporaryFolder();
const at = (name: string) => path.join(root, name);
const fasta = at('in.fasta');
writeFileSync(
  fasta,
  toyTexts(80, 'fasta')
    .map((text, i) => `>s${i}\n${text}\n`)
    .join(''),
);
const settings = {
  model: { layers: 1, width: 16, heads: 2 },
  test: 0.1,
  training: {
    steps: 12,
    window: 40,
    tokensPerStep: 256,
    tokensPerRun: 128,
    lengthMultiple: 8,
    evaluateEvery: 4,
    warmupSteps: 2,
  },
};
const bytes = (folder: string, file = 'model.safetensors') => readFileSync(path.join(at(folder), file));

describe('training from FASTA', () => {
  it('gives a model folder, a curve and a record; interrupted, the same weights', async () => {
    const whole = await trainModel(fasta, { out: at('whole') }, settings);
    expect(whole.steps).toBe(12);
    expect(whole.testPerplexity).toBeGreaterThan(1);
    const model = await openLanguageModel(at('whole'));
    expect(model.architecture.family).toBe('ESM-2');
    const curve = bytes('whole', 'training/curve.csv').toString().trim().split('\n');
    expect(curve[0]).toBe('step,epoch,tokens,seconds,train_loss,held_out_loss');
    expect(curve.length).toBe(13);
    const record = JSON.parse(bytes('whole', 'training/record.json').toString()) as Record<string, unknown>;
    expect(record).toMatchObject({
      tool: 'biseq lm train',
      base: null,
      config: { steps: 12 },
      result: { steps: 12 },
    });

    const controller = new AbortController();
    const hooks = {
      signal: controller.signal,
      onStep: ({ step }: { step: number }) => (step === 5 ? controller.abort() : undefined),
    };
    await expect(trainModel(fasta, { out: at('cut') }, settings, hooks)).rejects.toThrow(CancelledError);
    const steps: number[] = [];
    await trainModel(fasta, { out: at('cut'), workers: 1 }, settings, {
      onStart: (step) => steps.push(step),
    });
    expect(steps).toEqual([5]);
    expect(bytes('cut').equals(bytes('whole'))).toBe(true);
    expect(bytes('cut', 'training/record.json').equals(bytes('whole', 'training/record.json'))).toBe(true);
    await expect(trainModel(fasta, { out: at('cut') }, { ...settings, test: 0 })).rejects.toThrow(
      /another config or other data/,
    );
    const forced = await trainModel(fasta, { out: at('cut'), force: true }, { ...settings, test: 0 });
    expect(forced.testPerplexity).toBe(null);
  });

  it('of a causal model that reads from the other end, which then scores so', async () => {
    const training = { ...settings.training, objective: 'causal', order: 'reverse' } as const;
    await trainModel(fasta, { out: at('causal') }, { ...settings, float32: true, training });
    const short = at('short.fasta');
    writeFileSync(short, '>a\nACDEFG\n');
    let text = '';
    await scoreTo(short, async (piece) => void (text += piece), { model: at('causal') });
    expect(text).toMatch(/^id,length,log_likelihood,perplexity\na,6,-[\d.]+,[\d.]+\n$/);
  });
});

describe('tuning', () => {
  it('goes on from a model and is never worse on what is held out', async () => {
    await writeTinyModel(at('base'));
    const result = await tuneModel(fasta, { out: at('tuned') }, at('base'), {
      training: { steps: 20, tokensPerStep: 256, evaluateEvery: 10, learningRate: 0.005 },
    });
    expect(result.best.perplexity).toBeLessThan(result.basePerplexity!);
    expect((await openLanguageModel(at('tuned'))).tokenizer.vocabulary).toEqual(
      (await openLanguageModel(at('base'))).tokenizer.vocabulary,
    );
  });

  const reference = fixturePath('lm');
  it.skipIf(!reference)('keeps what training leaves alone: stored rotary frequencies', async () => {
    const training = { steps: 1, tokensPerStep: 64, window: 20, learningRate: 1e-12 };
    const base = path.join(reference!, 'esm2_published_layout');
    await tuneModel(fasta, { out: at('published') }, base, { float32: true, training });
    const after = await openLanguageModel(at('published'));
    const name = 'esm.encoder.layer.1.attention.self.rotary_embeddings.inv_freq';
    const stored = async (folder: string) => {
      return [...(await openCheckpoint(folder)).tensor(name).data];
    };
    expect(await stored(at('published'))).toEqual(await stored(base));
    await expect(
      tuneModel(fasta, { out: at('x') }, path.join(reference!, 'dnabert3_tiny'), { alphabet: 'dna' }),
    ).rejects.toThrow(/overlapping k-mers/);
    await expect(tuneModel(fasta, { out: at('x') }, path.join(reference!, 'esm2_body_odd'))).rejects.toThrow(
      ModelError,
    );
    expect(after.architecture.family).toBe('ESM-2');
  });
});

describe('settings and folders', () => {
  it('are checked before any work', async () => {
    const refuse = async (more: object, message: RegExp) => {
      const run = trainModel(fasta, { out: at('refused') }, { ...settings, ...more });
      await expect(run).rejects.toThrow(InputError);
      await expect(run).rejects.toThrow(message);
      expect(existsSync(at('refused'))).toBe(false);
    };
    await refuse({ training: { steps: 0 } }, /setting training\.steps is wrong/);
    await refuse({ training: { step: 5 } }, /no setting 'training\.step'.*Did you mean 'steps'/);
    await refuse({ model: { width: 20, heads: 3 } }, /cannot be shared out among its heads/);
    await refuse({ modle: {} }, /Did you mean 'model'/);
    mkdirSync(at('other'));
    writeFileSync(path.join(at('other'), 'notes.txt'), 'mine');
    await expect(trainModel(fasta, { out: at('other') }, settings)).rejects.toThrow(
      /holds something that is no training/,
    );
    await expect(trainModel(fasta, { out: at('little'), memoryBudget: 1000 }, settings)).rejects.toThrow(
      /does not fit into memory/,
    );
  });

  it('say only what was said, so that each command has its own defaults', () => {
    expect(checkSettings({ training: { patience: 3 } }).training).toEqual({ patience: 3 });
    writeFileSync(at('c.json'), '{"training": {"steps": 7}}');
    expect(readSettings(at('c.json'))).toEqual({ training: { steps: 7 } });
    writeFileSync(at('bad.json'), '{');
    expect(() => readSettings(at('bad.json'))).toThrow(/bad\.json: the config file is no JSON/);
    expect(() => readSettings(at('none.json'))).toThrow(/cannot be read/);
  });
});
