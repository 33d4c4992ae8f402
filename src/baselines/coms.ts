import { z } from 'zod';
import { throwIfAborted } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { ObjectiveData } from '../design/method.js';
import { adam } from '../design/optimisers.js';
import { vjp } from '../graph/autodiff.js';
import { GraphBuilder } from '../graph/builder.js';
import { serialise } from '../graph/serialise.js';
import type { Value } from '../graph/types.js';
import { inputParameters } from '../lm/architecture/parameters.js';
import { createSession } from '../runtime/session.js';
import type { Feeds, Session } from '../runtime/session.js';
import { defineMethod } from './definition.js';
import { climb } from './gradient-ascent.js';
import { mlp } from './networks/architecture.js';
import type { Architecture, InputShape } from './networks/architecture.js';
import { logitEncoding } from './networks/encoding.js';
import type { Encoding } from './networks/encoding.js';
import { compileEnsemble } from './networks/ensemble.js';
import { ensembleObjective, requireEnsemble } from './networks/network-objective.js';
import type { NetworkObjective } from './networks/network-objective.js';
import { createTrainer } from './networks/trainer.js';
import type { Weights } from './networks/trainer.js';

const schema = z.strictObject({
  /** Step size of the ascent, in training and in design, times the square root of the number of coordinates. */
  particleRate: z.number().positive().max(1000).default(2),
  /** Ascent steps that look for overestimated points in training. */
  innerSteps: z.int().min(1).max(500).default(50),
  /** Ascent steps of each design. */
  steps: z.int().min(1).max(100_000).default(50),
  /** alpha at the start: the weight of the conservative term. */
  alpha: z.number().positive().default(0.1),
  /** Step size of alpha's dual ascent. */
  alphaRate: z.number().positive().max(1).default(0.01),
  /** tau: how much overestimation is tolerated, in standardised units. */
  overestimation: z.number().default(2),
  /** Width of the two dense layers. The publication: 2048, on a GPU. */
  hidden: z.int().min(1).max(4096).default(256),
  epochs: z.int().min(1).max(10_000).default(50),
  /** Optimiser steps at least and at most (ours; the publication's tables have 10^4 rows). */
  minSteps: z.int().min(1).max(1_000_000).default(500),
  maxSteps: z.int().min(1).max(1_000_000).default(2000),
  batch: z.int().min(1).max(100_000).default(128),
  learningRate: z.number().positive().max(1).default(3e-4),
  /** Step size of the design: fixed (as published) or BIB's Adaptive-eta, which starts at `eta0`. */
  eta: z.enum(['fixed', 'adaptive']).default('fixed'),
  eta0: z.number().min(1e-4).max(0.5).default(0.1),
});
type ComsOptions = z.output<typeof schema>;

/** Conservative objective models: a network that is pushed down where gradient ascent would exploit it. */
export const coms = defineMethod({
  name: 'coms',
  module: import.meta.url,
  summary:
    'conservative objective models: gradient ascent on a network trained to underestimate where it climbs',
  reference:
    'Trabucco et al., Conservative objective models for effective offline model-based optimization, ICML 2021; its settings for discrete tasks',
  schema,
  create: (options) => ({
    name: 'coms',
    ranking: 'prediction',
    take: 'final',
    fitObjective: (data) => fitComs(data, options),
    design: (run) =>
      climb(run, requireEnsemble(run.objective, 'coms'), 'mean', {
        steps: options.steps,
        eta: options.eta === 'adaptive' ? options.eta0 : options.particleRate,
        adaptive: options.eta === 'adaptive',
      }),
  }),
});

async function fitComs(data: ObjectiveData, options: ComsOptions): Promise<NetworkObjective> {
  const { problem, measured } = data;
  const encoding = logitEncoding(problem, measured.sequences);
  const input = { positions: encoding.positions.length, channels: encoding.channels };
  const architecture = mlp([options.hidden, options.hidden]);
  const weights = await trainConservatively(architecture, data, encoding, input, options);
  const ensemble = await compileEnsemble(architecture, weights, 1, input);
  return ensembleObjective(data, ensemble, encoding, { aggregate: 'mean' });
}

/**
 * Minimises `mean (f(x) - y)^2 + alpha (f(x') - f(x))`, x' being x after the ascent steps (held fixed), while log alpha
 * climbs `alpha (f(x') - f(x) - tau)`.
 */
async function trainConservatively(
  architecture: Architecture,
  { measured, random, signal, onProgress }: ObjectiveData,
  encoding: Encoding,
  input: InputShape,
  options: ComsOptions,
): Promise<Weights> {
  const { width } = encoding;
  const trainer = await createTrainer(
    (g, parameters) => {
      const [x, adversarial] = ['x', 'adversarial'].map((name) => g.input(name, 'float32', [1, 'B', width]));
      const y = g.input('y', 'float32', [1, 'B']);
      const alpha = g.input('alpha', 'float32', []);
      const value = architecture.build(g, parameters, x, 1, input);
      const over = g.reduceMean(
        g.sub(architecture.build(g, parameters, adversarial, 1, input), value),
        [0, 1],
      );
      const error = g.sub(value, y);
      const loss = g.add(g.reduceMean(g.mul(error, error), [0, 1]), g.mul(alpha, over));
      return { loss, outputs: { over } };
    },
    random.fork('weights'),
    { learningRate: options.learningRate },
  );
  const ascent = await ascentSession(architecture, input, options);
  const x = encoding.encode(measured.sequences);
  const dual = createDual(options);
  const next = batches(measured.y.length, options.batch, random.fork('rows'));
  const perEpoch = Math.ceil(measured.y.length / options.batch);
  const steps = Math.min(options.maxSteps, Math.max(options.minSteps, options.epochs * perEpoch));
  for (let step = 0; step < steps; step++) {
    throwIfAborted(signal);
    const rows = next();
    const batch = {
      data: Float32Array.from(rows.flatMap((row) => [...x.subarray(row * width, (row + 1) * width)])),
      shape: [1, rows.length, width],
    };
    const adversarial = await climbed(ascent, trainer.weights, batch);
    const { over } = await trainer.step({
      x: batch,
      adversarial,
      y: { data: Float32Array.from(rows, (row) => measured.y[row]), shape: [1, rows.length] },
      alpha: { data: Float32Array.of(dual.alpha()), shape: [] },
    });
    dual.ascend(Number(over.data[0]));
    onProgress?.(step + 1, steps);
  }
  await Promise.all([trainer.release(), ascent.session.release()]);
  return trainer.weights;
}

/** alpha by Adam on its logarithm. */
function createDual({ alpha, alphaRate, overestimation }: ComsOptions) {
  const optimiser = adam();
  let logAlpha = Math.log(alpha);
  let state = optimiser.init(1);
  return {
    alpha: () => Math.exp(logAlpha),
    ascend(over: number): void {
      // gradient in log alpha of alpha tau - alpha over, which is descended
      const slope = Math.exp(logAlpha) * (overestimation - over);
      const step = optimiser.update(Float64Array.of(slope), state);
      state = step.state;
      logAlpha -= alphaRate * step.direction[0];
    },
  };
}

/** Shuffled batches without end. */
function batches(rows: number, batch: number, random: Random): () => number[] {
  const order = Array.from({ length: rows }, (_, i) => i);
  let at = rows;
  return () => {
    if (at >= rows) {
      random.shuffle(order);
      at = 0;
    }
    at += batch;
    return order.slice(at - batch, at);
  };
}

/** The ascent as one graph with its steps unrolled, weights being inputs. */
interface Ascent {
  session: Session;
  shapes: ReadonlyMap<string, readonly number[]>;
}

async function ascentSession(
  architecture: Architecture,
  input: InputShape,
  { innerSteps, particleRate }: ComsOptions,
): Promise<Ascent> {
  const width = input.positions * input.channels;
  const g = new GraphBuilder();
  const parameters = inputParameters(g);
  let x: Value = g.input('x', 'float32', [1, 'B', width]);
  for (let step = 0; step < innerSteps; step++) {
    const value = architecture.build(g, parameters, x, 1, input);
    const ones = g.apply('ExpandLike', [g.scalar(1, value), value], {})[0];
    const [slope] = vjp(g, [{ output: value, cotangent: ones }], [x]);
    x = g.add(x, g.scale(slope, particleRate * Math.sqrt(width)));
  }
  const shapes = new Map([...parameters.declared].map(([name, { shape }]) => [name, shape as number[]]));
  return { session: await createSession(serialise(g.build({ x_climbed: x }))), shapes };
}

async function climbed({ session, shapes }: Ascent, weights: Weights, x: Feeds[string]) {
  const held = [...weights].map(([name, data]) => [name, { data, shape: shapes.get(name) ?? [] }]);
  const { x_climbed: result } = await session.run({ x, ...(Object.fromEntries(held) as Feeds) });
  return { data: result.data, shape: x.shape };
}
