import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Alphabet, DNA, PROTEIN } from '../../core/alphabet.js';
import { InputError } from '../../core/errors.js';
import type { DistillationLoss } from '../../lm/distill/distillation-loss.js';
import type { DistillConfig } from '../../lm/distill/options.js';
import { atomicWrite } from '../../lm/io/atomic.js';
import { resolveModel } from '../../lm/registry.js';
import { type BaseModel, openBaseModel } from '../../lm/training/base-model.js';
import { type TrainingConfig, trainingSchema } from '../../lm/training/config.js';
import { heldOutFeeds, specialTokens } from '../../lm/training/data.js';
import { newModel, type TrainableModel } from '../../lm/training/new-model.js';
import { type RunHooks, runTraining, type TrainingOutcome, type TrainingRun } from '../../lm/training/run.js';
import { jsonText } from '../../lm/training/store.js';
import { createPool, type Pool } from '../../runtime/pool.js';
import { versions } from '../record.js';
import { fastaAlphabet, readCorpus, type ReadCorpus } from './corpus.js';
import { foldsByHash, foldsByTable } from './folds.js';
import { TRAIN_DEFAULTS, TUNE_DEFAULTS } from './training-defaults.js';
import { checkSettings, type CheckedSettings, type TrainingSettings } from './training-options.js';
import { workKey } from './work-key.js';
import { asWriteFault } from './write-fault.js';

/** Where a training's model and state go, and how the machine is used; none of it changes the weights. */
export interface TrainingPlace {
  /** Folder of the model; what is needed to go on and the loss curve are in `training/` in it. */
  out: string;
  /** Start again in a folder that holds a training. */
  force?: boolean;
  workers?: number;
  /** Default 120. */
  secondsBetweenCheckpoints?: number;
  /** Bytes; default half of the free memory. */
  memoryBudget?: number;
}

/** What a caller hears. */
export interface TrainModelHooks extends RunHooks {
  /** When everything has been read and checked. */
  onReady?(summary: TrainingSummary): void;
}

/** What is going to be trained. */
export interface TrainingSummary {
  corpus: Omit<ReadCorpus, 'corpora'>;
  config: TrainingConfig;
  alphabet: Alphabet['name'];
  family: string;
  /** Null for a new model. */
  base: { name: string; sha256: string } | null;
  /** Whom a student learns from, and how; null for a training without a teacher. */
  distillation: Distillation['identity'] | null;
}

/** A finished training; perplexities are e to the mean loss a scored token. */
export interface TrainModelResult {
  model: string;
  steps: number;
  stopped: TrainingOutcome['stopped'];
  /** Held-out perplexity of the model that was kept, and after how many steps; step 0 is the base model. */
  best: { step: number; perplexity: number };
  /** Held-out perplexity of the model that tuning started from; null for a new model. */
  basePerplexity: number | null;
  testPerplexity: number | null;
  /** Held-out perplexity of the teacher; null without one. */
  teacherPerplexity: number | null;
  curve: TrainingOutcome['state']['curve'];
}

/**
 * Trains a new model from FASTA: ESM-2's architecture (masked) or GPT-2's (causal). Run again with the same input and
 * settings it goes on where it stopped.
 * @throws InputError for settings or sequences that are wrong, an output folder that holds something else, too little
 *   memory, or a training that diverges
 * @throws CancelledError when the signal fires; the state is saved
 */
export async function trainModel(
  fasta: string,
  place: TrainingPlace,
  settings: TrainingSettings = {},
  hooks: TrainModelHooks = {},
): Promise<TrainModelResult> {
  const checked = checkSettings(settings);
  const config = trainingSchema.parse({ ...TRAIN_DEFAULTS, ...checked.training });
  const alphabet = await alphabetOf(fasta, checked);
  const { objective, order, window } = config;
  const model = newModel({ ...checked.model, alphabet, objective, order, window });
  const tool = 'biseq lm train';
  return trainPlan(fasta, place, { tool, checked, config, model, base: null }, hooks);
}

/**
 * Goes on training a model on a family of its own ("evotuning"). The base model's held-out loss is measured first, and
 * where nothing gets better the base model is what comes out.
 * @param nameOrFolder of the base model; default: the embedded one
 * @throws as `trainModel`
 * @throws ModelError for a base model that cannot be used
 * @see Alley et al., Nature Methods 2019
 */
export async function tuneModel(
  fasta: string,
  place: TrainingPlace,
  nameOrFolder?: string,
  settings: TrainingSettings = {},
  hooks: TrainModelHooks = {},
): Promise<TrainModelResult> {
  const checked = checkSettings(settings);
  const { folder } = resolveModel(nameOrFolder, await alphabetOf(fasta, checked));
  const base = await openBaseModel(folder, { order: checked.training.order, signal: hooks.signal });
  const window = Math.min(254, base.architecture.maxTokens - specialTokens(base.special));
  const { objective, order } = base;
  const config = trainingSchema.parse({ ...TUNE_DEFAULTS, window, objective, order, ...checked.training });
  const tool = 'biseq lm tune';
  return trainPlan(fasta, place, { tool, checked, config, model: base, base }, hooks);
}

/** A teacher for a training. */
export interface Distillation {
  /** All that decides what the student learns from it. */
  identity: DistillConfig & { teacher: { name: string; sha256: string } };
  loss(pool: Pool, config: TrainingConfig): DistillationLoss;
}

/** A training that is settled but for its sequences. */
export interface TrainingPlan {
  /** The command, for the record. */
  tool: string;
  checked: CheckedSettings;
  config: TrainingConfig;
  model: TrainableModel;
  base: BaseModel | null;
  distillation?: Distillation;
}

/** What the letters of a training are: as the settings say, or told by the file. */
export async function alphabetOf(fasta: string, { alphabet }: CheckedSettings): Promise<Alphabet> {
  if (alphabet === 'auto') return fastaAlphabet(fasta);
  return alphabet === 'dna' ? DNA : PROTEIN;
}

/**
 * Reads the sequences and trains in the output folder.
 * @throws as `trainModel`
 */
export async function trainPlan(
  fasta: string,
  place: TrainingPlace,
  plan: TrainingPlan,
  hooks: TrainModelHooks,
): Promise<TrainModelResult> {
  const { checked, config, model, base, distillation } = plan;
  checkFolder(place);
  const { corpora, ...corpus } = await readCorpus({
    fasta,
    alphabet: model.alphabet,
    foldOf: checked.folds ? await foldsByTable(checked.folds) : foldsByHash(checked.heldOut, checked.test),
    encode: model.encode,
    bothStrands: checked.bothStrands,
    signal: hooks.signal,
  });
  const identity = base && { name: base.model.name, sha256: base.model.sha256 };
  const { name: alphabet } = model.alphabet;
  const summary = {
    ...{ corpus, config, alphabet, family: model.architecture.family, base: identity },
    distillation: distillation?.identity ?? null,
  };
  hooks.onReady?.(summary);
  const { architecture, special, padId, start, files } = model;
  const training: TrainingRun = {
    task: { architecture, special, padId, config, train: corpora.train, heldOut: corpora.valid, start },
    key: workKey(corpus.sha256, {
      config,
      model: files.config,
      base: identity?.sha256,
      float32: checked.float32,
      distillation: distillation?.identity,
    })!,
    folder: path.join(place.out, STATE),
    modelFolder: place.out,
    files: { ...files, dtype: checked.float32 ? 'F32' : 'F16' },
    keep: 'best',
    test: corpora.test,
    secondsBetweenCheckpoints: place.secondsBetweenCheckpoints,
    memoryBudget: place.memoryBudget,
  };
  const outcome = await inFolder(place, hooks, training, distillation);
  const result = resultOf(outcome, place.out);
  writeRecord(place.out, fasta, plan, summary, result);
  return result;
}

/** Folder of the state and the curve, in the model's own. */
const STATE = 'training';

type Outcome = TrainingOutcome & { teacherLoss: number | null };

async function inFolder(
  place: TrainingPlace,
  hooks: RunHooks,
  training: TrainingRun,
  distillation?: Distillation,
): Promise<Outcome> {
  const pool = createPool(place.workers);
  try {
    if (place.force) rmSync(training.folder, { recursive: true, force: true });
    const onStart = (step: number) => {
      mkdirSync(place.out, { recursive: true });
      hooks.onStart?.(step);
    };
    const { task } = training;
    const loss = distillation?.loss(pool, task.config);
    const outcome = await runTraining(pool, { ...training, task: { ...task, loss } }, { ...hooks, onStart });
    const heldOut = loss && heldOutFeeds(task.heldOut, task, task.config.evaluateWindows);
    return { ...outcome, teacherLoss: heldOut ? await loss.teacherLoss(heldOut) : null };
  } catch (error) {
    throw asWriteFault(place.out, error);
  } finally {
    await pool.close();
  }
}

/** @throws InputError for a folder that holds something else than a training */
function checkFolder({ out }: TrainingPlace): void {
  const stats = statSync(out, { throwIfNoEntry: false });
  if (!stats) return;
  if (!stats.isDirectory())
    throw new InputError({ what: 'exists and is no folder', file: out, fix: 'Name another by --out.' });
  if (readdirSync(out).length === 0 || existsSync(path.join(out, STATE))) return;
  throw new InputError({
    what: 'the output folder holds something that is no training',
    file: out,
    expected: 'a new folder, or one to go on in',
    fix: 'Name another by --out.',
  });
}

function resultOf({ state, stopped, test, teacherLoss }: Outcome, model: string): TrainModelResult {
  const best = state.best!;
  const base = state.curve.find(({ step }) => step === 0)?.heldOutLoss;
  return {
    model,
    steps: state.step,
    stopped,
    best: { step: best.step, perplexity: Math.exp(best.heldOutLoss) },
    basePerplexity: base === undefined ? null : Math.exp(base),
    testPerplexity: test && Math.exp(test.loss),
    teacherPerplexity: teacherLoss === null ? null : Math.exp(teacherLoss),
    curve: state.curve,
  };
}

/** What the weights came from: no times, so the same training gives the same bytes. */
function writeRecord(
  out: string,
  fasta: string,
  { tool, checked: { folds, heldOut, test, bothStrands, float32 } }: TrainingPlan,
  { corpus, config, alphabet, family, base, distillation }: TrainingSummary,
  { curve: _curve, model: _model, ...result }: TrainModelResult,
): void {
  const record = {
    tool,
    versions: versions(),
    fasta: path.basename(fasta),
    ...{ alphabet, family, base, distillation, corpus },
    folds: folds === undefined ? { by: 'hash of the id', heldOut, test } : { by: path.basename(folds) },
    ...{ bothStrands, float32, config, result },
  };
  atomicWrite(path.join(out, STATE, 'record.json'), [jsonText(record)]);
}
