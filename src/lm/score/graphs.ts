import { GraphBuilder, type Graph } from '../../graph/builder.js';
import { declareInputs } from '../architecture/architecture.js';
import { constantParameters } from '../architecture/parameters.js';
import type { LanguageModel } from '../language-model.js';

/** Outputs `log_probability` [B x T x V]: log p of every token at every place. */
export function tokenProbabilityGraph({ architecture, weights }: LanguageModel): Graph {
  const g = new GraphBuilder();
  const parameters = constantParameters(g, weights);
  const { hidden } = architecture.encode(g, parameters, declareInputs(g));
  return g.build({ log_probability: g.logSoftmax(architecture.logits(g, parameters, hidden)) });
}

/**
 * Outputs `log_probability` [B x 1 x V] at one token a row, which `pool` [B x 1 x T] marks by a 1: the head runs there
 * alone, except that of an imported model, which cannot be taken apart from its body.
 */
export function markedProbabilityGraph({ architecture, weights, importedFrom }: LanguageModel): Graph {
  const g = new GraphBuilder();
  const parameters = constantParameters(g, weights);
  const { hidden } = architecture.encode(g, parameters, declareInputs(g));
  const pool = g.input('pool', 'float32', ['B', 1, 'T']);
  const logits =
    importedFrom === undefined
      ? architecture.logits(g, parameters, g.matMul(pool, hidden))
      : g.matMul(pool, architecture.logits(g, parameters, hidden));
  return g.build({ log_probability: g.logSoftmax(logits) });
}
