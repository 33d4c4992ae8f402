import { GraphBuilder } from '../../graph/builder.js';
import { serialise } from '../../graph/serialise.js';
import type { Pool } from '../../runtime/pool.js';
import type { Feeds } from '../../runtime/session.js';
import type { Architecture } from '../architecture/architecture.js';
import { feedsFor } from './batch.js';
import { type LossGraph, lossGraph } from './loss-graph.js';
import type { Arrays } from './optimiser.js';

/** Parts into which held-out runs are dealt; the sums are added in order, whatever the number of workers. */
const SHARDS = 2;

/** Weights as the feeds that a loss graph takes. */
export function weightFeeds(parameters: LossGraph['parameters'], weights: Arrays): Feeds {
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

/** Measures losses of one architecture under any weights. */
export interface Evaluator {
  /** Mean loss in nats a scored token over what `heldOutFeeds` made; its exponential is the perplexity. */
  loss(weights: Arrays, feeds: readonly Feeds[]): Promise<number>;
  release(): Promise<void>;
}

/** A session that measures held-out loss. */
export async function createEvaluator(pool: Pool, architecture: Architecture): Promise<Evaluator> {
  const { graph, parameters } = lossOnly(architecture);
  const session = await pool.create(serialise(graph));
  return {
    async loss(weights, feeds) {
      await session.hold(weightFeeds(parameters, weights));
      const sums = await session.sum(
        feeds.map((one) => feedsFor(graph.inputs, one)),
        SHARDS,
      );
      return Number(sums.loss.data[0]);
    },
    release: () => session.release(),
  };
}
