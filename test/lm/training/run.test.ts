import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CancelledError, InputError, ModelError } from '../../../src/core/errors.js';
import { openSafetensors } from '../../../src/lm/io/safetensors.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { readingOrder } from '../../../src/lm/reading-order.js';
import { openBaseModel } from '../../../src/lm/training/base-model.js';
import type { TrainingOptions } from '../../../src/lm/training/config.js';
import { heldOutFeeds } from '../../../src/lm/training/data.js';
import { createEvaluator } from '../../../src/lm/training/evaluator.js';
import { type RunHooks, runTraining, type TrainingRun } from '../../../src/lm/training/run.js';
import { createPool } from '../../../src/runtime/pool.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { toyTask, toyTexts } from './toy.js';

const [one, two] = [createPool(1), createPool(2)];
afterAll(() => Promise.all([one.close(), two.close()]));
const root = temporaryFolder();
let folders = 0;

function toyRun(options: Partial<TrainingOptions> = {}, more: Partial<TrainingRun> = {}): TrainingRun {
  const task = toyTask(options);
  const folder = path.join(root, `run-${folders++}`);
  return {
    task,
    key: 'key',
    folder,
    modelFolder: path.join(folder, 'model'),
    files: task.model.files,
    keep: 'best',
    ...more,
  };
}

const modelBytes = ({ modelFolder }: TrainingRun) =>
  readFileSync(path.join(modelFolder, 'model.safetensors'));

/** Everything of a state but its times. */
function stateOf({ folder }: TrainingRun) {
  const file = openSafetensors(path.join(folder, 'state.safetensors'));
  const progress = JSON.parse(file.metadata.progress) as { seconds: number; curve: { seconds: number }[] };
  progress.seconds = 0;
  for (const point of progress.curve) point.seconds = 0;
  const tensors = [...file.tensors.keys()].sort().map((name) => {
    const { data } = file.readTensor(name);
    return [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')];
  });
  return { progress, tensors };
}

const stopAfter = (step: number): RunHooks => {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onStep: (point) => (point.step === step ? controller.abort() : undefined),
  };
};

const kinds: Partial<TrainingOptions>[] = [
  { objective: 'masked', optimiser: 'muon' },
  { objective: 'causal', optimiser: 'adamw', order: 'reverse' },
];

describe.each(kinds)('a training, %o', (kind) => {
  it('gives the same weights interrupted, killed, and with one worker or two', async () => {
    const whole = toyRun(kind);
    await runTraining(two, whole);
    const single = toyRun(kind);
    await runTraining(one, single);

    const interrupted = toyRun(kind);
    await expect(runTraining(two, interrupted, stopAfter(5))).rejects.toThrow(CancelledError);
    const started: number[] = [];
    await runTraining(one, interrupted, { onStart: (step) => started.push(step) });
    expect(started).toEqual([5]);

    // As if killed in step 8, after an evaluation and with the last checkpoint two steps before.
    const killed = toyRun(kind, { secondsBetweenCheckpoints: 0 });
    const power = () => {
      throw new Error('power cut');
    };
    await expect(
      runTraining(two, killed, { onStep: ({ step }) => (step === 7 ? power() : undefined) }),
    ).rejects.toThrow('power cut');
    const steps: number[] = [];
    const onEvaluation: RunHooks['onEvaluation'] = ({ step }) => (step === 8 ? power() : undefined);
    const cut = { ...killed, secondsBetweenCheckpoints: 1e6 };
    await expect(
      runTraining(two, cut, { onStart: (step) => steps.push(step), onEvaluation }),
    ).rejects.toThrow('power cut');
    await runTraining(two, killed, { onStart: (step) => steps.push(step) });
    expect(steps).toEqual([6, 6]);

    for (const run of [single, interrupted, killed]) {
      expect(stateOf(run)).toEqual(stateOf(whole));
      expect(modelBytes(run).equals(modelBytes(whole))).toBe(true);
    }
  });

  it('lowers the held-out loss; the folder is a model that gives the loss that was reported', async () => {
    const run = toyRun(
      { ...kind, steps: 40, evaluateEvery: 5 },
      { files: { ...toyTask(kind).model.files, dtype: 'F32' } },
    );
    const { state, stopped, test } = await runTraining(two, { ...run, test: run.task.heldOut });
    const losses = state.curve.flatMap(({ heldOutLoss }) => heldOutLoss ?? []);
    expect(losses.at(-1)!).toBeLessThan(losses[0] - 0.2);
    expect(stopped).toBe('at the last step');
    expect(test!.loss).toBeCloseTo(Math.min(...losses), 5);
    const model = await openLanguageModel(run.modelFolder);
    expect(readingOrder(model)).toBe(kind.order ?? 'forward');
    const { encode, start } = await openBaseModel(run.modelFolder);
    const texts = toyTexts(10, 'held-out');
    expect(texts.map((text) => [...encode(text)])).toEqual(run.task.heldOut.map((ids) => [...ids]));
    const evaluator = await createEvaluator(two, model.architecture);
    expect(await evaluator.loss(start!, heldOutFeeds(run.task.heldOut, run.task))).toBeCloseTo(test!.loss, 5);
    await evaluator.release();
  });
});

describe('early stopping and tuning', () => {
  it('stops when the held-out loss no longer falls, keeps the best weights, and has nothing left to do', async () => {
    const run = toyRun({
      steps: 1000,
      evaluateEvery: 1,
      patience: 3,
      learningRate: 0.3,
      warmupSteps: 0,
      optimiser: 'adamw',
    });
    const { state, stopped } = await runTraining(two, { ...run, test: run.task.heldOut });
    expect(stopped).toBe('early');
    expect(state.step).toBe(state.best!.step + 3);
    const before = modelBytes(run);
    let steps = 0;
    const again = await runTraining(two, { ...run, test: run.task.heldOut }, { onStep: () => void steps++ });
    expect(steps).toBe(0);
    expect(again.stopped).toBe('early');
    expect(again.test!.loss).toBeCloseTo(state.best!.heldOutLoss, 2);
    expect(modelBytes(run).equals(before)).toBe(true);
  });

  it('measures the base model first, and gives it back where tuning makes nothing better', async () => {
    const base = toyRun({ steps: 30 });
    await runTraining(two, base);
    const { start, files, ...model } = await openBaseModel(base.modelFolder);
    const task = {
      ...toyTask({ steps: 4, evaluateEvery: 2, learningRate: 1, warmupSteps: 0, optimiser: 'adamw' }),
      ...model,
      start,
    };
    const spoiled = toyRun({}, { task, files });
    const { state } = await runTraining(two, spoiled);
    expect(state.curve.map(({ step, heldOutLoss }) => [step, heldOutLoss !== undefined])).toEqual([
      [0, true],
      [1, false],
      [2, true],
      [3, false],
      [4, true],
    ]);
    expect(state.best!.step).toBe(0);
    expect(modelBytes(spoiled).equals(modelBytes(base))).toBe(true);

    const { config } = toyTask({ steps: 40, evaluateEvery: 10 });
    const careful = toyRun({}, { files, task: { ...task, config } });
    const better = await runTraining(two, careful);
    expect(better.state.best!.heldOutLoss).toBeLessThan(state.best!.heldOutLoss);
  });
});

describe('refusals', () => {
  it('another training in the folder, or a best model that is gone', async () => {
    const run = toyRun();
    await expect(runTraining(two, run, stopAfter(4))).rejects.toThrow(CancelledError);
    await expect(runTraining(two, { ...run, key: 'other' })).rejects.toThrow(ModelError);
    rmSync(run.modelFolder, { recursive: true });
    await expect(runTraining(two, run)).rejects.toThrow(/best model of the interrupted training is missing/);
  });

  it("too little memory, windows that are too long, empty sets, an objective that is not the model's", async () => {
    const refuse = async (run: TrainingRun, message: RegExp) => {
      await expect(runTraining(two, run)).rejects.toThrow(InputError);
      await expect(runTraining(two, run)).rejects.toThrow(message);
    };
    await refuse(toyRun({}, { memoryBudget: 2 ** 20 }), /does not fit into memory; expected at most 1 MiB/);
    const { task } = toyRun();
    await refuse(
      toyRun({}, { task: { ...task, config: { ...task.config, window: 2000 } } }),
      /window is too long/,
    );
    await refuse(toyRun({}, { task: { ...task, train: [] } }), /training set is empty/);
    await refuse(toyRun({}, { task: { ...task, heldOut: [new Int32Array(0)] } }), /held-out set is empty/);
    await refuse(
      toyRun({}, { task: { ...task, config: { ...task.config, objective: 'causal' } } }),
      /bidirectional model cannot/,
    );
  });

  it('a loss that is no longer a number', async () => {
    const run = toyRun({ optimiser: 'adamw', learningRate: 1e30, warmupSteps: 0, evaluateEvery: 100 });
    await expect(runTraining(two, run)).rejects.toThrow(/diverged/);
  });
});
