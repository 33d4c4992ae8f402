import { vjp } from '../../graph/autodiff.js';
import { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';
import { type Architecture, declareInputs } from '../architecture/architecture.js';
import { inputParameters } from '../architecture/parameters.js';
import { gradientName, type LossGraph } from '../training/loss-graph.js';
import type { DistillConfig } from './options.js';
import { sinkhornDistance } from './sinkhorn.js';

/** Entries of [B x T x V] at the places (b, t) of `scored` [S x 2]: [S x V]. */
export function atScored(g: GraphBuilder, values: Value, scored: Value): Value {
  return g.apply('GatherND', [values, scored], {})[0];
}

/** What the terms of a distillation compare, S samples of V categories. */
export interface Compared {
  /** Logits [S x V]. */
  student: Value;
  /** Logits [S x V]. */
  teacher: Value;
  /** Each sample's weight at its label, 0 elsewhere, [S x V]; rows of zeros where there is no label. */
  labels: Value;
  /** Weight of each sample, [S x 1]. */
  weights: Value;
  /** int64 [M], the samples that the Sinkhorn term compares. */
  samples: Value;
}

/** The terms of a distillation, and what is minimised. */
export interface DistillationTerms {
  /** CE = -sum labels log p. */
  loss: Value;
  /** KD = -sum_s weight_s sum_v q_sv log p_sv, both at the temperature. */
  soft: Value;
  /** L_SD times the sum of the weights; null where beta is 0. */
  sinkhorn: Value | null;
  /** (1 - alpha) CE + alpha KD + 0.001 beta L_SD. */
  total: Value;
}

/** Thousandths: beta's unit, as published. */
const BETA_UNIT = 1e-3;

/** Adds the terms of a distillation to a graph. */
export function distillationTerms(g: GraphBuilder, of: Compared, config: DistillConfig): DistillationTerms {
  const { student, labels, weights } = of;
  const loss = g.neg(g.reduceSum(g.mul(labels, g.logSoftmax(student)), [0, 1]));
  const soft = softCrossEntropy(g, of, config.temperature);
  const both = g.add(g.scale(loss, 1 - config.alpha), g.scale(soft, config.alpha));
  if (config.beta === 0) return { loss, soft, sinkhorn: null, total: both };
  const sinkhorn = g.mul(g.reduceSum(weights, [0, 1]), distanceOfSamples(g, of, config));
  return { loss, soft, sinkhorn, total: g.add(both, g.scale(sinkhorn, BETA_UNIT * config.beta)) };
}

function softCrossEntropy(
  g: GraphBuilder,
  { student, teacher, weights }: Compared,
  temperature: number,
): Value {
  const q = g.softmax(g.scale(teacher, 1 / temperature));
  const logP = g.logSoftmax(g.scale(student, 1 / temperature));
  return g.neg(g.reduceSum(g.mul(weights, g.mul(q, logP)), [0, 1]));
}

/** In float64: the kernel's entries span e^-20, and they are normalised forty times. */
function distanceOfSamples(
  g: GraphBuilder,
  { student, teacher, samples }: Compared,
  config: DistillConfig,
): Value {
  const chosen = (rows: Value) => g.cast(g.gather(rows, samples), 'float64');
  return g.cast(sinkhornDistance(g, chosen(student), chosen(teacher), config).loss, 'float32');
}

/**
 * The loss of a distillation of language models and its gradient in every weight of the student, see
 * `distillationTerms`: the samples are the S scored tokens of a run. Its output `loss` is the cross-entropy, as
 * `lossGraph` has it; the weights in `targets` sum to a run's share of its step, so that runs add up to a mean.
 *
 * Further inputs: `scored` int64 [S x 2], places (b, t); `teacher` [S x V] logits there; `samples` int64 [M], rows of both.
 */
export function distillationGraph(architecture: Architecture, config: DistillConfig): LossGraph {
  const V = architecture.vocabularySize;
  const g = new GraphBuilder();
  const parameters = inputParameters(g);
  const inputs = declareInputs(g);
  const targets = g.input('targets', 'float32', ['B', 'T', V]);
  const scored = g.input('scored', 'int64', ['S', 2]);
  const teacher = g.input('teacher', 'float32', ['S', V]);
  const samples = g.input('samples', 'int64', ['M']);
  const { hidden } = architecture.encode(g, parameters, inputs);
  const student = atScored(g, architecture.logits(g, parameters, hidden), scored);
  const labels = atScored(g, targets, scored);
  const weights = g.reduceSum(labels, [1], true);
  const terms = distillationTerms(g, { student, teacher, labels, weights, samples }, config);
  const { sinkhorn, total, ...always } = terms;
  const declared = [...parameters.declared];
  const gradients = vjp(
    g,
    [{ output: total, cotangent: g.scalar(1, total) }],
    declared.map(([, value]) => value),
  );
  const outputs = Object.fromEntries(declared.map(([name], i) => [gradientName(name), gradients[i]]));
  return {
    graph: g.build({ ...always, ...(sinkhorn ? { sinkhorn } : {}), total, ...outputs }),
    parameters: declared.map(([name, value]) => ({ name, shape: value.shape as number[] })),
  };
}
