import type { FeatureMap } from '../core/feature-map.js';
import type { Random } from '../core/random.js';
import { createObjective, type Objective } from '../design/objective.js';
import { createMoments, rawFeatures, scaleRows, weightedBlocks } from '../proxy/blocks/block.js';
import { letterBlocks } from '../proxy/blocks/catalogue.js';
import { InputError } from '../core/errors.js';
import { fitAuxiliary } from '../proxy/auxiliary.js';
import { fitBibHead, PAPER_RIDGE } from '../proxy/bib-head.js';
import { createGramAccumulator } from '../proxy/gram.js';
import { standardise } from '../proxy/standardise.js';
import type { Task } from '../tasks/index.js';
import { nearest } from './nearest-name.js';
import { leaveOneOutPenalty } from './plain-ridge.js';

/** What {@link fitPlainRidge} works on. */
export interface PlainRidgeRequest {
  task: Task;
  /** Names of closed-form blocks, each with the same weight. */
  blocks: readonly string[];
  /** `loo`: chosen by leave-one-out among the rows; `weak`: 1e-6 times the mean squared norm of a row. */
  penalty: 'loo' | 'weak';
  random: Random;
  memoBytes?: number;
}

/**
 * The simple tool that every proxy must beat: ridge regression on given blocks, centred and equally weighted, as anyone
 * would set it up. Nothing is chosen but the penalty, and related rows are not looked after.
 * @throws InputError for a block that does not suit the table, with the nearest
 */
export async function fitPlainRidge(
  request: PlainRidgeRequest,
): Promise<{ objective: Objective; notes: string[] }> {
  const { task, penalty, random, memoBytes } = request;
  const { sequences, scores } = task.measured;
  const { y } = standardise(scores);
  const { featureMap, phi } = await blockFeatures(request);
  const share = penalty === 'loo' ? leaveOneOutPenalty(phi, y, random.fork('rows')) : null;
  const accumulator = createGramAccumulator(featureMap.width);
  accumulator.add(phi, y);
  // fitBibHead's ridge is relative to the mean squared norm of a row
  const relativeRidge = share === null ? PAPER_RIDGE : share * sequences.length;
  const head = fitBibHead(accumulator.finish(), {
    relativeRidge,
    backwardRidge: { relative: PAPER_RIDGE, absolute: relativeRidge },
  });
  const auxiliary = fitAuxiliary({ phi, width: featureMap.width, y }, random.fork('auxiliary'));
  return {
    objective: createObjective({ featureMap, head, auxiliary, memoBytes }),
    notes: [`ridge ${head.ridge.toPrecision(3)} (${penalty})`],
  };
}

async function blockFeatures({
  task,
  blocks: names,
  random,
}: PlainRidgeRequest): Promise<{ featureMap: FeatureMap; phi: Float64Array }> {
  const { alphabet, designable, length, measured } = task;
  const known = letterBlocks({
    alphabet,
    sequences: measured.sequences,
    positions: designable ?? Array.from({ length }, (_, position) => position),
    bothStrands: false,
    random: random.fork('blocks'),
  });
  const blocks = names.map((name) => {
    const block = known.find((candidate) => candidate.name === name);
    if (block) return block;
    const all = known.map((candidate) => candidate.name);
    throw new InputError({
      what: `the task ${task.name} has no block '${name}'${nearest(name, all)}`,
      expected: `some of ${all.join(', ')}`,
    });
  });
  const widths = blocks.map(({ map }) => map.width);
  const phi = await rawFeatures(blocks, measured.sequences);
  const moments = createMoments(widths);
  moments.add(phi);
  const found = moments.finish();
  scaleRows(phi, widths, found.mean, found.scales);
  return {
    featureMap: weightedBlocks(
      blocks,
      found,
      widths.map(() => 1),
    ),
    phi,
  };
}
