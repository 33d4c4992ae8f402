import { throwIfAborted } from '../../core/errors.js';
import { createRandom } from '../../core/random.js';
import { GraphBuilder } from '../../graph/builder.js';
import { serialise } from '../../graph/serialise.js';
import type { Pool, PooledSession } from '../../runtime/pool.js';
import type { Feeds } from '../../runtime/session.js';
import type { Architecture } from '../architecture/architecture.js';
import { feedsFor } from './batch.js';
import type { TrainingConfig } from './config.js';
import { type Corpus, heldOutFeeds, type Place, trainingSteps } from './data.js';
import { initialWeights } from './initialise.js';
import { gradientName, type LossGraph, lossGraph } from './loss-graph.js';
import { muon } from './muon.js';
import type { SpecialIds } from './objective.js';
import { adamW, type Arrays, clipGradients, learningRate, type Optimiser } from './optimiser.js';

/** One point of the loss curve; losses in nats a scored token. */
export interface CurvePoint {
  step: number;
  epoch: number;
  tokens: number;
  seconds: number;
  trainLoss: number;
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

/** What a training is made of. */
export interface TrainingTask {
  architecture: Architecture;
  special: SpecialIds;
  padId: number;
  config: TrainingConfig;
  train: Corpus;
  heldOut: Corpus;
  /** Weights to go on from (tuning); default: drawn from the seed. */
  start?: Arrays;
  /** State of an interrupted training. */
  resume?: TrainingState;
}

/** What the caller hears and decides while a training runs. */
export interface TrainingHooks {
  signal?: AbortSignal;
  /** After every step. */
  onStep?(point: CurvePoint, state: TrainingState): void | Promise<void>;
  /** When the held-out loss was measured; `improved` when it is the best so far. */
  onEvaluation?(point: CurvePoint, state: TrainingState, improved: boolean): void | Promise<void>;
}

function asFeeds(parameters: LossGraph['parameters'], weights: Arrays): Feeds {
  return Object.fromEntries(parameters.map(({ name, shape }) => [name, { data: weights.get(name)!, shape }]));
}

/** The loss alone, without gradients. */
function lossOnly(architecture: Architecture): LossGraph {
  const { graph, parameters } = lossGraph(architecture);
  const g = new GraphBuilder();
  g.inputs.push(...graph.inputs);
  g.nodes.push(...graph.nodes);
  for (const [name, constant] of graph.constants) g.constants.set(name, constant);
  const loss = graph.outputs.find(({ name }) => name === 'loss')!.value;
  return { graph: g.build({ loss }), parameters };
}

/** Mean held-out loss in nats a scored token; its exponential is the perplexity. */
export async function heldOutLoss(
  session: PooledSession,
  { graph, parameters }: LossGraph,
  weights: Arrays,
  feeds: readonly Feeds[],
): Promise<number> {
  await session.hold(asFeeds(parameters, weights));
  const { loss } = await session.sum(
    feeds.map((one) => feedsFor(graph.inputs, one)),
    2,
  );
  return Number(loss.data[0]);
}

/** A session that measures held-out loss. */
export async function createEvaluator(pool: Pool, architecture: Architecture) {
  const graph = lossOnly(architecture);
  const session = await pool.create(serialise(graph.graph));
  return {
    loss: (weights: Arrays, feeds: readonly Feeds[]) => heldOutLoss(session, graph, weights, feeds),
    release: () => session.release(),
  };
}

const isHidden = (name: string) => !/embeddings|lm_head|wte|wpe/.test(name);

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

/**
 * Trains a language model: gradients by the engine in a pool of workers, the optimiser here.
 * The result depends on the task alone, not on the number of workers nor on where it was interrupted.
 * @returns the state after the last step (or at early stopping)
 */
export async function train(
  pool: Pool,
  task: TrainingTask,
  hooks: TrainingHooks = {},
): Promise<TrainingState> {
  const { architecture, config, resume } = task;
  const loss = lossGraph(architecture);
  const session = await pool.create(serialise(loss.graph));
  const evaluator = await createEvaluator(pool, architecture);
  const heldOut = heldOutFeeds(task.heldOut, task, config.evaluateWindows);
  const start = resume?.weights ?? task.start;
  const weights = initialWeights(loss.parameters, createRandom(`${config.seed}/weights`));
  for (const [name, weight] of weights) weight.set(start?.get(name) ?? weight);
  const optimiser = await createOptimiser(config, loss.parameters, weights, resume?.moments ?? new Map());
  const state: TrainingState = {
    step: resume?.step ?? 0,
    place: resume?.place ?? { epoch: 0, batch: 0 },
    tokens: resume?.tokens ?? 0,
    seconds: resume?.seconds ?? 0,
    weights,
    moments: optimiser.state,
    curve: [...(resume?.curve ?? [])],
    best: resume?.best ?? null,
  };
  const steps = trainingSteps(task.train, task, state.place);
  let clock = performance.now();
  while (state.step < config.steps) {
    throwIfAborted(hooks.signal);
    const { feeds, tokens, next } = steps.next().value;
    await session.hold(asFeeds(loss.parameters, weights));
    const sums = await session.sum(
      feeds.map((one) => feedsFor(loss.graph.inputs, one)),
      config.shards,
    );
    const gradients = new Map(
      loss.parameters.map(({ name }) => [name, sums[gradientName(name)].data as Float32Array]),
    );
    clipGradients(gradients, config.clipNorm);
    const step = state.step + 1;
    await optimiser.step(
      weights,
      gradients,
      step,
      learningRate(step, config.steps, config.learningRate, config.warmupSteps),
    );
    const now = performance.now();
    state.seconds += (now - clock) / 1000;
    clock = now;
    Object.assign(state, { step, place: next, tokens: state.tokens + tokens });
    const point: CurvePoint = {
      step,
      epoch: next.epoch,
      tokens: state.tokens,
      seconds: state.seconds,
      trainLoss: Number(sums.loss.data[0]),
    };
    state.curve.push(point);
    if (step % config.evaluateEvery === 0 || step === config.steps) {
      point.heldOutLoss = await evaluator.loss(weights, heldOut.feeds);
      const improved = !state.best || point.heldOutLoss < state.best.heldOutLoss;
      if (improved) state.best = { step, heldOutLoss: point.heldOutLoss };
      await hooks.onEvaluation?.(point, state, improved);
      clock = performance.now();
      if (config.patience > 0 && step - state.best!.step >= config.patience * config.evaluateEvery) break;
    }
    await hooks.onStep?.(point, state);
  }
  await Promise.all([session.release(), evaluator.release()]);
  return state;
}
