import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, InputError, ModelError } from '../../../src/core/errors.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { distillModel, type Pupil } from '../../../src/run/lm/distill-model.js';
import {
  checkDistillSettings,
  type DistillSettings,
  parseStudent,
} from '../../../src/run/lm/distill-options.js';
import { trainModel } from '../../../src/run/lm/train-model.js';
import { fixturePath } from '../../helpers/fixtures.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';
import { toyTexts } from '../../lm/training/toy.js';

const root = temporaryFolder();
const at = (...parts: string[]) => path.join(root, ...parts);
const fasta = at('in.fasta');
const training = {
  ...{ steps: 12, window: 40, tokensPerStep: 256, tokensPerRun: 128, lengthMultiple: 8 },
  ...{ evaluateEvery: 4, warmupSteps: 2 },
};
const settings: DistillSettings = { test: 0.1, training };
const bytes = (folder: string, file = 'model.safetensors') => readFileSync(at(folder, file));

beforeAll(async () => {
  const lines = toyTexts(80, 'fasta').map((text, i) => `>s${i}\n${text}\n`);
  writeFileSync(fasta, lines.join(''));
  await writeTinyModel(at('teacher'));
  await writeTinyModel(at('dna'), 'dna');
});

describe('distilling from FASTA', () => {
  it('gives a student with the tokens of its teacher; interrupted, the same weights', async () => {
    const pupil: Pupil = { teacher: at('teacher'), student: { layers: 1, width: 8, heads: 2 } };
    const whole = await distillModel(fasta, { out: at('whole') }, pupil, settings);
    expect(whole).toMatchObject({ steps: 12, basePerplexity: null });
    expect(whole.teacherPerplexity).toBeGreaterThan(1);
    const [student, teacher] = await Promise.all(
      ['whole', 'teacher'].map((name) => openLanguageModel(at(name))),
    );
    expect(student.tokenizer.vocabulary).toEqual(teacher.tokenizer.vocabulary);
    expect(student.architecture).toMatchObject({ family: 'ESM-2', hiddenSize: 8 });
    const record = JSON.parse(bytes('whole', 'training/record.json').toString()) as object;
    expect(record).toMatchObject({
      tool: 'biseq lm distill',
      base: null,
      distillation: {
        teacher: { name: 'teacher', sha256: teacher.sha256 },
        alpha: 0.9,
        beta: 0.8,
        temperature: 2,
      },
    });

    const controller = new AbortController();
    const onStep = ({ step }: { step: number }) => (step === 5 ? controller.abort() : undefined);
    const hooks = { signal: controller.signal, onStep };
    await expect(distillModel(fasta, { out: at('cut') }, pupil, settings, hooks)).rejects.toThrow(
      CancelledError,
    );
    const steps: number[] = [];
    const place = { out: at('cut'), workers: 1 };
    await distillModel(fasta, place, pupil, settings, { onStart: (step) => steps.push(step) });
    expect(steps).toEqual([5]);
    expect(bytes('cut').equals(bytes('whole'))).toBe(true);
    expect(bytes('cut', 'training/record.json').equals(bytes('whole', 'training/record.json'))).toBe(true);
    const other = { ...settings, distill: { beta: 0 } };
    await expect(distillModel(fasta, { out: at('cut') }, pupil, other)).rejects.toThrow(/another config/);
    const without = await trainModel(
      fasta,
      { out: at('alone') },
      { ...settings, model: { layers: 1, width: 8, heads: 2 } },
    );
    expect(without.teacherPerplexity).toBe(null);
    expect(bytes('alone').equals(bytes('whole'))).toBe(false);
  });

  it('goes on from a student that exists', async () => {
    const pupil = { teacher: at('teacher'), student: at('teacher') };
    const { basePerplexity, teacherPerplexity } = await distillModel(
      fasta,
      { out: at('on') },
      pupil,
      settings,
    );
    expect(basePerplexity).toBeCloseTo(teacherPerplexity!, 3);
  });

  const fixtures = fixturePath('lm');
  it.skipIf(!fixtures || !existsSync(path.join(fixtures, 'gpt2_tiny')))(
    'makes students of every family',
    async () => {
      const family = { bert: 'protbert_tiny', gpt2: 'gpt2_tiny', esmc: 'esmc_tiny', esm1: 'esm1b_sharded' };
      for (const [name, folder] of Object.entries(family)) {
        const short = { ...settings, float32: true, training: { ...training, steps: 2, window: 20 } };
        const teacher = path.join(fixtures!, folder);
        await distillModel(fasta, { out: at(name) }, { teacher, student: '1x16' }, short);
        const model = await openLanguageModel(at(name));
        expect(model.architecture.family).toBe((await openLanguageModel(teacher)).architecture.family);
        expect(model.architecture.hiddenSize).toBe(16);
      }
    },
  );
});

describe('refusals before any work', () => {
  it.each<[string, Partial<Pupil>, DistillSettings, RegExp, typeof InputError | typeof ModelError]>([
    [
      'another vocabulary',
      { student: 'dna' },
      {},
      /different vocabularies; expected that of teacher: 33 tokens/,
      ModelError,
    ],
    ['an unknown student', { student: 'smal' }, {}, /there is no model/, ModelError],
    [
      'heads that do not divide',
      { student: { layers: 1, width: 10, heads: 3 } },
      {},
      /shared out among its heads/,
      InputError,
    ],
    ['a teacher of other letters', { teacher: 'dna' }, {}, /does not read what the file holds/, InputError],
    [
      'the other direction',
      {},
      { training: { ...training, order: 'reverse' } },
      /trained to read otherwise/,
      InputError,
    ],
    [
      'a window that the teacher cannot read',
      {},
      { training: { ...training, window: 63 } },
      /too long for the teacher/,
      InputError,
    ],
    [
      'nothing to learn',
      {},
      { distill: { alpha: 0, beta: 0 } },
      /nothing to learn from a teacher/,
      InputError,
    ],
    ['a share above 1', {}, { distill: { alpha: 2 } }, /setting distill\.alpha is wrong/, InputError],
    ['an unknown setting', {}, { distill: { betta: 1 } as object }, /Did you mean 'beta'/, InputError],
  ])('%s', async (_name, pupil, more, message, kind) => {
    const named = (name: unknown) => (name === 'dna' || name === 'teacher' ? at(name) : name) as string;
    const whole = { teacher: named(pupil.teacher ?? 'teacher'), student: named(pupil.student ?? '1x8') };
    const run = distillModel(fasta, { out: at('refused') }, whole, { ...settings, ...more });
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toThrow(kind);
    expect(existsSync(at('refused'))).toBe(false);
  });

  it('too little memory for student and teacher', async () => {
    const place = { out: at('little'), memoryBudget: 2 ** 20 };
    const pupil = { teacher: at('teacher'), student: '1x8' };
    await expect(distillModel(fasta, place, pupil, settings)).rejects.toThrow(/does not fit into memory/);
    expect(existsSync(at('little'))).toBe(false);
  });

  it('a student by size, file or name', () => {
    expect(parseStudent('2x96')).toEqual({ layers: 2, width: 96 });
    expect(parseStudent('some/folder')).toBe('some/folder');
    writeFileSync(at('student.json'), '{"layers": 3, "width": 64, "heads": 4}');
    expect(parseStudent(at('student.json'))).toEqual({ layers: 3, width: 64, heads: 4 });
    writeFileSync(at('wrong.json'), '{"layers": 3}');
    expect(() => parseStudent(at('wrong.json'))).toThrow(
      /wrong\.json: the size of the student is wrong: width/,
    );
    expect(() => parseStudent('0x96')).toThrow(InputError);
    expect(() => checkDistillSettings({ model: { layers: 2 } })).toThrow(/by --student/);
  });
});
