import { z } from 'zod';
import { internal } from '../core/errors.js';
import { breathe } from '../design/breathe.js';
import type { MethodRun, ObjectiveData } from '../design/method.js';
import type { Objective } from '../design/objective.js';
import { BDI_RIDGE, bdiGradient, bdiHead, bdiScores, fitBdi } from './bdi-model.js';
import type { BdiModel } from './bdi-model.js';
import { descend } from './continuous.js';
import { defineMethod } from './definition.js';
import { modelObjective } from './model-objective.js';
import { logitEncoding } from './networks/encoding.js';
import { sampleRows } from './sample-rows.js';

const schema = z.strictObject({
  /** Which mapping drives the design: both, summed without weights, or one alone. */
  mode: z.enum(['both', 'forward', 'backward']).default('both'),
  /** Adam's step size; `adaptive` adds BIB's Adaptive-eta, from `eta0` on. The paper: 0.1. */
  eta: z.union([z.literal('adaptive'), z.number().positive().max(1000)]).default(0.1),
  /** Where an adaptive step size starts. */
  eta0: z.number().min(1e-4).max(0.5).default(0.1),
  /** Steps of each design. */
  steps: z.int().min(1).max(1_000_000).default(200),
  /** Measured rows in the kernel at most (ours: its cost grows with their cube); the best half, the rest at random. */
  rows: z.int().min(2).max(20_000).default(5000),
});
type BdiOptions = z.output<typeof schema>;

/**
 * BDI, BIB's predecessor: both mappings with the tangent kernel of an infinitely wide ReLU network (six dense layers) on
 * design-bench's standardised logits. Each start is moved on its own by Adam.
 */
export const bdi = defineMethod({
  name: 'bdi',
  module: import.meta.url,
  summary: 'BDI: bidirectional learning with the tangent kernel of an infinitely wide network',
  reference:
    'Chen et al., Bidirectional learning for offline infinite-width model-based optimization, NeurIPS 2022',
  schema,
  create: (options) => ({
    name: 'bdi',
    ranking: options.mode === 'backward' ? 'backward' : 'prediction',
    take: 'final',
    fitObjective: (data) => fitBdiObjective(data, options),
    design: (run) => runBdi(run, requireBdi(run.objective), options),
  }),
});

/** An objective that holds BDI's kernel machine. */
interface BdiObjective extends Objective {
  readonly bdi: BdiModel;
}

function requireBdi(objective: Objective): BdiModel {
  if ('bdi' in objective) return (objective as BdiObjective).bdi;
  throw internal('bdi was given an objective that is not its own');
}

async function fitBdiObjective(
  { problem, measured, random, signal }: ObjectiveData,
  { mode, rows }: BdiOptions,
): Promise<BdiObjective> {
  const encoding = logitEncoding(problem, measured.sequences);
  const learned = sampleRows(measured, rows, random.fork('rows'));
  const model = fitBdi(encoding, learned.sequences, learned.y, mode === 'backward' ? BDI_RIDGE : 0, signal);
  const objective = modelObjective({
    model: bdiScores(model, problem.length * problem.alphabet.size),
    head: bdiHead(model),
    auxiliary: Float64Array.of(1, 0, 0, 0),
  });
  return { ...objective, bdi: model };
}

function runBdi(run: MethodRun, model: BdiModel, { mode, eta, eta0, steps }: BdiOptions) {
  const { width } = model.encoding;
  const weights = { forward: mode === 'backward' ? 0 : 1, backward: mode === 'forward' ? 0 : 1 };
  const gradients = async (points: Float64Array) => {
    const out = new Float64Array(points.length);
    for (let at = 0; at < points.length; at += width) {
      await breathe(run.signal);
      out.set(bdiGradient(model, points.slice(at, at + width), weights), at);
    }
    return out;
  };
  return descend(run, model.encoding, gradients, {
    steps,
    eta: eta === 'adaptive' ? eta0 : eta,
    adaptive: eta === 'adaptive',
    optimiser: 'adam',
  });
}
