import { vjp } from '../graph/autodiff.js';
import { type Graph, GraphBuilder } from '../graph/builder.js';
import { shareForward } from '../graph/share-forward.js';
import type { Value } from '../graph/types.js';
import { type Architecture, declareInputs } from './architecture/architecture.js';
import { constantParameters, type Parameters, type WeightSource } from './architecture/parameters.js';

/**
 * phi [B x SD]: S weighted means of the last hidden state over tokens, `pool` [B x S x T] holding the weights. By a
 * matrix product, not a sum: its bits do not depend on the other rows of the batch.
 */
function poolHidden(g: GraphBuilder, hidden: Value, size: number, means: number): Value {
  const pool = g.input('pool', 'float32', ['B', means, 'T']);
  return g.reshape(g.matMul(pool, hidden), ['B', means * size]);
}

function begin(
  architecture: Architecture,
  weights: WeightSource,
  padded: boolean,
): { g: GraphBuilder; parameters: Parameters; hidden: Value; lookup: Value } {
  const g = new GraphBuilder();
  const parameters = constantParameters(g, weights);
  const { hidden, lookup } = architecture.encode(g, parameters, declareInputs(g, padded));
  return { g, parameters, hidden, lookup };
}

/**
 * Outputs `phi` [B x SD].
 * @param means S, weighted means of the hidden state
 * @param padded whether rows may be shorter than T; attention without padding is faster
 */
export function featureGraph(
  architecture: Architecture,
  weights: WeightSource,
  means = 1,
  padded = true,
): Graph {
  const { g, hidden } = begin(architecture, weights, padded);
  return g.build({ phi: poolHidden(g, hidden, architecture.hiddenSize, means) });
}

/** Outputs `hidden` [B x T x D]. */
export function hiddenGraph(architecture: Architecture, weights: WeightSource): Graph {
  const { g, hidden } = begin(architecture, weights, true);
  return g.build({ hidden });
}

/** Outputs `logits` [B x T x V]. */
export function logitsGraph(architecture: Architecture, weights: WeightSource): Graph {
  const { g, parameters, hidden } = begin(architecture, weights, true);
  return g.build({ logits: architecture.logits(g, parameters, hidden) });
}

/**
 * d<cotangent, phi> pulled back to the embedding look-up. Input `cotangent` [KB x SD], copy-major: row k B + b is the
 * k-th cotangent of sequence b. Output `gradient`: [KB x T x columns] by the embeddings of the given vocabulary
 * entries, or [KB x T x D] at the look-up itself when `columns` is null.
 * @param copies K, cotangents a sequence that share one forward pass
 * @param means S, weighted means of the hidden state that phi holds
 * @param padded see `featureGraph`
 */
export function vjpGraph(
  architecture: Architecture,
  weights: WeightSource,
  columns: ArrayLike<number> | null,
  copies = 1,
  means = 1,
  padded = true,
): Graph {
  const { g, hidden, lookup } = begin(architecture, weights, padded);
  const D = architecture.hiddenSize;
  const phi = poolHidden(g, hidden, D, means);
  const cotangent = g.input('cotangent', 'float32', ['B', means * D]);
  let [gradient] = vjp(g, [{ output: phi, cotangent }], [lookup]);
  if (columns) {
    const embedding = weights.read(architecture.embeddingName, [architecture.vocabularySize, D]);
    const rows = Float32Array.from(
      { length: columns.length * D },
      (_, i) => embedding[columns[Math.floor(i / D)] * D + (i % D)],
    );
    gradient = g.fusedMatMul(gradient, g.constant(rows, [columns.length, D]), { transB: true });
  }
  return shareForward(g.build({ gradient }), cotangent, copies);
}
