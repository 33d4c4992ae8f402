import { existsSync } from 'node:fs';
import path from 'node:path';
import { CancelledError, ModelError } from '../../core/errors.js';
import type { Pool } from '../../runtime/pool.js';
import { openSafetensors } from '../io/safetensors.js';
import { type Corpus, heldOutFeeds, specialTokens } from './data.js';
import { createEvaluator } from './evaluator.js';
import { lossGraph, type LossGraph } from './loss-graph.js';
import { checkMemory, trainingMemory } from './memory.js';
import type { Arrays } from './optimiser.js';
import { loadState, type ModelFiles, saveState, writeModelFolder } from './store.js';
import { isExhausted, train, type TrainingHooks, type TrainingState, type TrainingTask } from './trainer.js';

/** A training that lives in a folder: it can be killed at any time and goes on from its last checkpoint. */
export interface TrainingRun {
  task: Omit<TrainingTask, 'resume'>;
  /** Identifies config and data: a state of another key is refused. */
  key: string;
  /** Holds the state (`state.safetensors`) and the loss curve (`curve.csv`). */
  folder: string;
  /** Folder that the model is written to. */
  modelFolder: string;
  files: ModelFiles;
  /** Which weights the model gets: those of the lowest held-out loss, or the last. */
  keep: 'best' | 'last';
  /** Scored once, at the end. */
  test?: Corpus;
  /** Default 120. */
  secondsBetweenCheckpoints?: number;
  /** Bytes that the training may take; default: half of the free memory. */
  memoryBudget?: number;
}

/** What the caller hears. */
export interface RunHooks extends TrainingHooks {
  /** Once before the first step: the step it goes on from, 0 for a new training. */
  onStart?(step: number): void;
}

/** A finished training. */
export interface TrainingOutcome {
  state: TrainingState;
  stopped: 'at the last step' | 'early';
  /** Mean loss in nats over the test set's scored tokens, of the weights that were kept; null without a test set. */
  test: { loss: number; scored: number } | null;
}

/**
 * Trains in a folder. The model is written whenever it is to be kept, the state every few minutes and when the signal
 * fires; run again with the same key it goes on from there, to the same weights, byte for byte.
 * @throws ModelError when the folder holds another training
 * @throws InputError as `train`, and when the training does not fit into memory
 * @throws CancelledError when the signal fires; the state is saved before
 */
export async function runTraining(
  pool: Pool,
  run: TrainingRun,
  hooks: RunHooks = {},
): Promise<TrainingOutcome> {
  const { folder, key, keep, modelFolder, files, task } = run;
  const { graph, memory: more } = task.loss ?? { graph: lossGraph(task.architecture) };
  const memory = trainingMemory(graph, task.config, specialTokens(task.special), pool.workers, more);
  checkMemory(memory, pool.workers, run.memoryBudget);
  const resume = loadState(folder, key) ?? undefined;
  checkKeptModel(run, resume);
  hooks.onStart?.(resume?.step ?? 0);
  const write = (state: TrainingState) =>
    writeModelFolder(modelFolder, files, graph.parameters, state.weights);
  let saved = performance.now();
  const save = (state: TrainingState) => {
    saveState(folder, state, key);
    if (keep === 'last') write(state);
    saved = performance.now();
  };
  let latest = resume;
  const interval = (run.secondsBetweenCheckpoints ?? 120) * 1000;
  try {
    const state = await train(
      pool,
      { ...task, resume },
      {
        signal: hooks.signal,
        async onStep(point, current) {
          latest = current;
          await hooks.onStep?.(point, current);
          if (performance.now() - saved > interval) save(current);
        },
        async onEvaluation(point, current, improved) {
          if (improved && keep === 'best') write(current);
          await hooks.onEvaluation?.(point, current, improved);
        },
      },
    );
    save(state);
    const stopped = isExhausted(state, task.config) ? 'early' : 'at the last step';
    return { state, stopped, test: await testLoss(pool, run, graph, state) };
  } catch (error) {
    if (error instanceof CancelledError && latest && latest.step > (resume?.step ?? 0)) save(latest);
    throw error;
  }
}

const weightsFile = (folder: string) => path.join(folder, 'model.safetensors');

/** The best weights are in the model's folder alone. */
function checkKeptModel({ keep, modelFolder, folder }: TrainingRun, resume?: TrainingState): void {
  if (keep === 'last' || !resume?.best || existsSync(weightsFile(modelFolder))) return;
  throw new ModelError({
    what: 'the best model of the interrupted training is missing',
    file: weightsFile(modelFolder),
    expected: `the weights of step ${resume.best.step}`,
    fix: `Delete ${folder} to start again.`,
  });
}

/** The weights that were kept: the last ones, or what was written. */
function keptWeights(
  { keep, modelFolder }: TrainingRun,
  { parameters }: LossGraph,
  state: TrainingState,
): Arrays {
  if (keep === 'last') return state.weights;
  const stored = openSafetensors(weightsFile(modelFolder));
  return new Map(parameters.map(({ name }) => [name, Float32Array.from(stored.readTensor(name).data)]));
}

async function testLoss(
  pool: Pool,
  run: TrainingRun,
  graph: LossGraph,
  state: TrainingState,
): Promise<TrainingOutcome['test']> {
  if (!run.test?.length) return null;
  const heldOut = heldOutFeeds(run.test, run.task);
  const evaluator = await createEvaluator(pool, run.task.architecture);
  try {
    const loss = await evaluator.loss(keptWeights(run, graph, state), heldOut);
    return { loss, scored: heldOut.scored };
  } finally {
    await evaluator.release();
  }
}
