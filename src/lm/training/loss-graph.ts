import { vjp } from '../../graph/autodiff.js';
import { type Graph, GraphBuilder } from '../../graph/builder.js';
import type { Architecture } from '../architecture/architecture.js';
import { declareInputs } from '../architecture/architecture.js';
import { inputParameters } from '../architecture/parameters.js';

/** A graph of the loss and of its gradient in every weight, weights being inputs. */
export interface LossGraph {
  readonly graph: Graph;
  /** Weights in the order of declaration, with their shapes. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Name of the output that holds a weight's gradient. */
export const gradientName = (parameter: string) => `grad:${parameter}`;

/**
 * Cross-entropy over target tokens: loss = -sum_bt weight_bt log p(label_bt). `targets` [B x T x V] holds each scored
 * position's weight at its label and 0 elsewhere, so a mean is made by weights that sum to 1.
 */
export function lossGraph(architecture: Architecture): LossGraph {
  const g = new GraphBuilder();
  const parameters = inputParameters(g);
  const inputs = declareInputs(g);
  const targets = g.input('targets', 'float32', ['B', 'T', architecture.vocabularySize]);
  const { hidden } = architecture.encode(g, parameters, inputs);
  const logProbability = g.logSoftmax(architecture.logits(g, parameters, hidden));
  const loss = g.neg(g.reduceSum(g.mul(targets, logProbability), [0, 1, 2]));
  const declared = [...parameters.declared];
  const weights = declared.map(([, value]) => value);
  const gradients = vjp(g, [{ output: loss, cotangent: g.scalar(1, loss) }], weights);
  const outputs = declared.map(([name], i) => [gradientName(name), gradients[i]] as const);
  return {
    graph: g.build({ loss, ...Object.fromEntries(outputs) }),
    parameters: declared.map(([name, value]) => ({ name, shape: value.shape as number[] })),
  };
}
