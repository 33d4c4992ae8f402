import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';

/** How the Sinkhorn distance of two batches is computed. */
export interface SinkhornOptions {
  /** tau of the softmax; default 2. */
  temperature?: number;
  /** Strength of the entropy: the kernel is exp(-cost / epsilon); default 0.1. */
  epsilon?: number;
  /** Normalisations of rows and of columns; default 20. */
  iterations?: number;
  /** What each iteration normalises first; default rows, as published. */
  first?: 'rows' | 'columns';
}

/** The Sinkhorn distance and what it is made of. */
export interface SinkhornDistance {
  /** sum_ij P_ij W_ij; a scalar between 0 and 2. */
  loss: Value;
  /** P [B x B], which sums to 1. */
  plan: Value;
  /** W [B x B]. */
  cost: Value;
}

/**
 * Adds to a graph the Sinkhorn distance between two batches of B categorical distributions, in the element type of the
 * logits (float64 where it matters: the kernel spans e^-20). Cost W_ij = |p_i - q_j|_1 of the softmaxes at `temperature`,
 * marginals 1/B, so that the loss does not grow with B. In logarithms, where normalising is a log-softmax along an axis;
 * differentiable through every iteration.
 *
 * Permuting the students of a batch does not change it, so it goes beside a loss of each sample, never in its place. With
 * one category it is 0.
 * @param student logits [B x V]
 * @param teacher logits [B x V]
 * @see Cui et al., "Sinkhorn distance minimization for knowledge distillation", arXiv 2402.17110
 */
export function sinkhornDistance(
  g: GraphBuilder,
  student: Value,
  teacher: Value,
  { temperature = 2, epsilon = 0.1, iterations = 20, first = 'rows' }: SinkhornOptions = {},
): SinkhornDistance {
  const cost = pairwiseL1(g, softened(g, student, temperature), softened(g, teacher, temperature));
  const axes = first === 'rows' ? [1, 0] : [0, 1];
  let log = g.scale(cost, -1 / epsilon);
  for (let i = 0; i < iterations; i++) for (const axis of axes) log = g.logSoftmax(log, axis);
  const plan = g.div(g.unary('Exp', log), rowCount(g, student));
  return { loss: g.reduceSum(g.mul(plan, cost), [0, 1]), plan, cost };
}

function softened(g: GraphBuilder, logits: Value, temperature: number): Value {
  return g.softmax(g.scale(logits, 1 / temperature));
}

/** |p_i - q_j|_1 for all pairs of rows of two [B x V]. */
function pairwiseL1(g: GraphBuilder, p: Value, q: Value): Value {
  const [B, V] = p.shape;
  const difference = g.sub(g.reshape(p, [B, 1, V]), g.reshape(q, [1, B, V]));
  return g.reduceSum(g.unary('Abs', difference), [2]);
}

/** B, which is known when the graph runs. */
function rowCount(g: GraphBuilder, logits: Value): Value {
  const [ones] = g.apply('ExpandLike', [g.scalar(1, logits), logits], {});
  return g.reduceSum(g.reduceMean(ones, [1]), [0]);
}
