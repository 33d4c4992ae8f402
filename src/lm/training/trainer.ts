import { InputError, throwIfAborted } from '../../core/errors.js';
import { createRandom } from '../../core/random.js';
import { serialise } from '../../graph/serialise.js';
import type { Pool, PooledSession } from '../../runtime/pool.js';
import type { Feeds } from '../../runtime/session.js';
import type { Architecture } from '../architecture/architecture.js';
import { feedsFor } from './batch.js';
import { checkTask } from './check-task.js';
import type { TrainingConfig } from './config.js';
import { type Corpus, heldOutFeeds, type Place, type TrainingStep, trainingSteps } from './data.js';
import { createEvaluator, weightFeeds } from './evaluator.js';
import { initialWeights } from './initialise.js';
import { gradientName, type LossGraph, lossGraph } from './loss-graph.js';
import type { LossMemory } from './memory.js';
import { muon } from './muon.js';
import type { SpecialIds } from './objective.js';
import { adamW, type Arrays, clipGradients, learningRate, type Optimiser } from './optimiser.js';

/** One point of the loss curve; losses in nats a scored token. */
export interface CurvePoint {
  /** Optimiser steps done; 0 is the model that tuning starts from. */
  step: number;
  epoch: number;
  tokens: number;
  seconds: number;
  /** Loss of the step's own batch before its update; absent at step 0. */
  trainLoss?: number;
  heldOutLoss?: number;
}

/** Everything needed to go on exactly where a training stopped. */
export interface TrainingState {
  step: number;
  place: Place;
  tokens: number;
  seconds: number;
  weights: Arrays;
  moments: Arrays;
  curve: CurvePoint[];
  best: { step: number; heldOutLoss: number } | null;
}

/** What a training minimises. */
export interface TrainingLoss {
  /** Its output `loss` is the cross-entropy, which the curve shows; the gradients are those of what is minimised. */
  readonly graph: LossGraph;
  /** Feeds that the graph takes beside those of a step's runs (a teacher's predictions); a function of the runs alone. */
  prepare?(feeds: readonly Feeds[]): Promise<Feeds[]>;
  /** What a run needs in memory beside the graph's own sizes. */
  readonly memory?: LossMemory;
}

/** What a training is made of. */
export interface TrainingTask {
  architecture: Architecture;
  special: SpecialIds;
  padId: number;
  config: TrainingConfig;
  train: Corpus;
  /** Number of the family of each sequence of `train`; with it, `perFamily` holds. */
  families?: readonly number[];
  heldOut: Corpus;
  /** Weights to go on from (tuning); default: drawn from the seed. Its held-out loss is then measured first. */
  start?: Arrays;
  /** Default: the cross-entropy. */
  loss?: TrainingLoss;
  /** State of an interrupted training. */
  resume?: TrainingState;
}

/** What the caller hears and decides while a training runs. */
export interface TrainingHooks {
  /** Looked at between steps; the state is then that after the last step. */
  signal?: AbortSignal;
  /** After every step. */
  onStep?(point: CurvePoint, state: TrainingState): void | Promise<void>;
  /** When the held-out loss was measured; `improved` when it is the best so far. */
  onEvaluation?(point: CurvePoint, state: TrainingState, improved: boolean): void | Promise<void>;
}

/** Neither embeddings nor heads: Muon's own. */
const isHidden = (name: string) => !/embed|lm_head|wte|wpe|^cls\./.test(name);

async function createOptimiser(
  config: TrainingConfig,
  parameters: LossGraph['parameters'],
  weights: Arrays,
  moments: Arrays,
): Promise<Optimiser> {
  const options = { weightDecay: config.weightDecay };
  if (config.optimiser === 'adamw') return adamW(weights, options, moments);
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  return muon(weights, shapes, isHidden, options, moments);
}

/** Whether the held-out loss has not improved for so long that training stops early. */
export function isExhausted({ step, best }: TrainingState, config: TrainingConfig): boolean {
  const { patience, evaluateEvery } = config;
  return patience > 0 && best !== null && step - best.step >= patience * evaluateEvery;
}

function startingState(task: TrainingTask, parameters: LossGraph['parameters']): TrainingState {
  const { config, resume } = task;
  const start = resume?.weights ?? task.start;
  const weights = initialWeights(parameters, createRandom(`${config.seed}/weights`));
  for (const [name, weight] of weights) weight.set(start?.get(name) ?? weight);
  return {
    step: resume?.step ?? 0,
    place: resume?.place ?? { epoch: 0, batch: 0 },
    tokens: resume?.tokens ?? 0,
    seconds: resume?.seconds ?? 0,
    weights,
    moments: resume?.moments ?? new Map(),
    curve: [...(resume?.curve ?? [])],
    best: resume?.best ?? null,
  };
}

/** Gradients of a step's mean loss, and the loss. */
async function gradientsOf(
  session: PooledSession,
  { graph: { graph, parameters }, prepare }: TrainingLoss,
  weights: Arrays,
  { feeds }: TrainingStep,
  shards: number,
): Promise<{ gradients: Arrays; loss: number }> {
  await session.hold(weightFeeds(parameters, weights));
  const prepared = prepare ? await prepare(feeds) : feeds;
  const sums = await session.sum(
    prepared.map((one) => feedsFor(graph.inputs, one)),
    shards,
  );
  const gradients = new Map(
    parameters.map(({ name }) => [name, sums[gradientName(name)].data as Float32Array]),
  );
  return { gradients, loss: Number(sums.loss.data[0]) };
}

function checkFiniteLoss(loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  throw new InputError({
    what: `the loss is no longer a number at step ${step}: the training has diverged`,
    got: `${loss}`,
    fix: 'Lower the learning rate, or lengthen the warm-up.',
  });
}

/**
 * Trains a language model: gradients by the engine in a pool of workers, the optimiser here.
 * The result depends on the task alone, not on the number of workers nor on where it was interrupted.
 * @returns the state after the last step (or at early stopping)
 * @throws InputError for a task that cannot be trained, and when the loss diverges
 * @throws CancelledError when the signal fires
 */
export async function train(
  pool: Pool,
  task: TrainingTask,
  hooks: TrainingHooks = {},
): Promise<TrainingState> {
  checkTask(task);
  const { architecture, config } = task;
  const loss = task.loss ?? { graph: lossGraph(architecture) };
  const { graph, parameters } = loss.graph;
  const state = startingState(task, parameters);
  const optimiser = await createOptimiser(config, parameters, state.weights, state.moments);
  state.moments = optimiser.state;
  const session = await pool.create(serialise(graph));
  const evaluator = await createEvaluator(pool, architecture);
  try {
    const heldOut = heldOutFeeds(task.heldOut, task, config.evaluateWindows);
    const evaluate = async (point: CurvePoint) => {
      point.heldOutLoss = await evaluator.loss(state.weights, heldOut);
      checkFiniteLoss(point.heldOutLoss, point.step);
      const improved = !state.best || point.heldOutLoss < state.best.heldOutLoss;
      if (improved) state.best = { step: point.step, heldOutLoss: point.heldOutLoss };
      await hooks.onEvaluation?.(point, state, improved);
    };
    if (task.start && !task.resume) {
      const point = { step: 0, epoch: 0, tokens: 0, seconds: 0 };
      state.curve.push(point);
      await evaluate(point);
    }
    await takeSteps({ task, hooks, state, loss, session, optimiser, evaluate });
  } finally {
    await Promise.all([session.release(), evaluator.release(), optimiser.release?.()]);
  }
  return state;
}

interface Running {
  task: TrainingTask;
  hooks: TrainingHooks;
  state: TrainingState;
  loss: TrainingLoss;
  session: PooledSession;
  optimiser: Optimiser;
  evaluate(point: CurvePoint): Promise<void>;
}

async function takeSteps({ task, hooks, state, loss, session, optimiser, evaluate }: Running): Promise<void> {
  const { config } = task;
  const steps = trainingSteps(task.train, task, state.place);
  let clock = performance.now();
  while (state.step < config.steps && !isExhausted(state, config)) {
    throwIfAborted(hooks.signal);
    const batch = steps.next().value;
    const { gradients, loss: trainLoss } = await gradientsOf(
      session,
      loss,
      state.weights,
      batch,
      config.shards,
    );
    const step = state.step + 1;
    checkFiniteLoss(trainLoss, step);
    clipGradients(gradients, config.clipNorm);
    const rate = learningRate(step, config.steps, config.learningRate, config.warmupSteps);
    await optimiser.step(state.weights, gradients, step, rate);
    const now = performance.now();
    state.seconds += (now - clock) / 1000;
    clock = now;
    Object.assign(state, { step, place: batch.next, tokens: state.tokens + batch.tokens });
    const { tokens, seconds } = state;
    const point: CurvePoint = { step, epoch: batch.next.epoch, tokens, seconds, trainLoss };
    state.curve.push(point);
    if (step % config.evaluateEvery === 0 || step === config.steps) {
      await evaluate(point);
      clock = performance.now();
    }
    await hooks.onStep?.(point, state);
  }
}
