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

/** Thousandths: beta's unit, as published. */
const BETA_UNIT = 1e-3;

/**
 * The loss of a distillation and its gradient in every weight of the student:
 * `total` = (1 - alpha) CE + alpha KD + 0.001 beta L_SD, with
 * - CE (output `loss`) as `lossGraph` has it, weights in `targets`;
 * - KD (`soft`) = -sum_s weight_s sum_v q_sv log p_sv at temperature tau, q the teacher's, over the S scored tokens;
 * - L_SD (`sinkhorn`), see `sinkhornDistance`, between the students and the teachers of the M tokens in `samples`, times
 *   the run's share of the step's weight, so that runs add up to a mean.
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
  const { hidden } = architecture.encode(g, parameters, inputs);
  const student = atScored(g, architecture.logits(g, parameters, hidden), scored);
  const labels = atScored(g, targets, scored);
  const weights = g.reduceSum(labels, [1], true);
  const loss = g.neg(g.reduceSum(g.mul(labels, g.logSoftmax(student)), [0, 1]));
  const soft = softCrossEntropy(g, student, teacher, weights, config.temperature);
  const terms = [g.scale(loss, 1 - config.alpha), g.scale(soft, config.alpha)];
  const named: Record<string, Value> = { loss, soft };
  if (config.beta > 0) {
    const distance = g.mul(g.reduceSum(weights, [0, 1]), distanceOfSamples(g, student, teacher, config));
    terms.push(g.scale(distance, BETA_UNIT * config.beta));
    named.sinkhorn = distance;
  }
  const total = terms.reduce((sum, term) => g.add(sum, term));
  const declared = [...parameters.declared];
  const gradients = vjp(
    g,
    [{ output: total, cotangent: g.scalar(1, total) }],
    declared.map(([, value]) => value),
  );
  const outputs = Object.fromEntries(declared.map(([name], i) => [gradientName(name), gradients[i]]));
  return {
    graph: g.build({ ...named, total, ...outputs }),
    parameters: declared.map(([name, value]) => ({ name, shape: value.shape as number[] })),
  };
}

/** -sum_s w_s sum_v q_sv log p_sv, both at the temperature. */
function softCrossEntropy(
  g: GraphBuilder,
  student: Value,
  teacher: Value,
  weights: Value,
  temperature: number,
): Value {
  const q = g.softmax(g.scale(teacher, 1 / temperature));
  const logP = g.logSoftmax(g.scale(student, 1 / temperature));
  return g.neg(g.reduceSum(g.mul(weights, g.mul(q, logP)), [0, 1]));
}

/** In float64: the kernel's entries span e^-20, and the iterations are normalised forty times. */
function distanceOfSamples(g: GraphBuilder, student: Value, teacher: Value, config: DistillConfig): Value {
  const samples = g.input('samples', 'int64', ['M']);
  const chosen = (rows: Value) => g.cast(g.gather(rows, samples), 'float64');
  return g.cast(sinkhornDistance(g, chosen(student), chosen(teacher), config).loss, 'float32');
}
