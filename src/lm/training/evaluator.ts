import { GraphBuilder } from '../../graph/builder.js';
import { serialise } from '../../graph/serialise.js';
import type { Pool } from '../../runtime/pool.js';
import type { Feeds } from '../../runtime/session.js';
import type { Architecture } from '../architecture/architecture.js';
import { feedsFor } from './batch.js';
import type { HeldOut } from './data.js';
import { type LossGraph, lossGraph } from './loss-graph.js';
import type { Arrays } from './optimiser.js';

/** Parts into which held-out runs are dealt; the sums are added in order, whatever the number of workers. */
const SHARDS = 2;
/** Target values that are handed to the workers at once: 64 MiB. */
const VALUES_AT_ONCE = 2 ** 24;

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
  /** Mean loss in nats a scored token; its exponential is the perplexity. */
  loss(weights: Arrays, heldOut: HeldOut): Promise<number>;
  release(): Promise<void>;
}

/** Groups runs so that a group's targets, by far the largest feeds, stay within bounds. */
function* bounded(feeds: Iterable<Feeds>): Generator<Feeds[]> {
  let group: Feeds[] = [];
  let values = 0;
  for (const one of feeds) {
    group.push(one);
    values += one.targets.data.length;
    if (values < VALUES_AT_ONCE) continue;
    yield group;
    group = [];
    values = 0;
  }
  if (group.length > 0) yield group;
}

/** A session that measures held-out loss. */
export async function createEvaluator(pool: Pool, architecture: Architecture): Promise<Evaluator> {
  const { graph, parameters } = lossOnly(architecture);
  const session = await pool.create(serialise(graph));
  return {
    async loss(weights, heldOut) {
      await session.hold(weightFeeds(parameters, weights));
      let total = 0;
      for (const group of bounded(heldOut.feeds())) {
        const sums = await session.sum(
          group.map((one) => feedsFor(graph.inputs, one)),
          SHARDS,
        );
        total += Number(sums.loss.data[0]);
      }
      return total;
    },
    release: () => session.release(),
  };
}
