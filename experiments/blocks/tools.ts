import type { Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { chooseHyperparameters, fitGaussianProcess } from '../../src/baselines/gaussian-process.js';
import { BATCH_POOL } from '../../src/design/batch-rules.js';
import { CAUTION, selectBatch } from '../../src/design/batch-selection.js';
import { beliefOf } from '../../src/design/blocks-learner.js';
import { featurePosterior } from '../../src/design/feature-posterior.js';
import { rawFeatures, scaleRows } from '../../src/proxy/blocks/block.js';
import type { Block, BlockMoments } from '../../src/proxy/blocks/block.js';
import { letterBlocks } from '../../src/proxy/blocks/catalogue.js';
import type { BlocksFit } from '../../src/proxy/blocks/fit-blocks.js';
import { fitBlocks, varyingPositions } from '../../src/proxy/blocks/fit-blocks.js';
import { measuredByRows, measuredBySums, perFeature } from '../../src/proxy/blocks/learner.js';
import { createPredictor } from '../../src/proxy/blocks/predict.js';
import { blockVariances, createRawSums, scaleSums } from '../../src/proxy/blocks/sums.js';
import { standardise } from '../../src/proxy/standardise.js';
import { leaveOneOutPenalty } from '../../src/sweep/plain-ridge.js';
import type { Landscape } from './data.js';

/** Scores sequences; only the order matters. */
export type Predict = (sequences: readonly Sequence[]) => Promise<Float64Array>;

const CHUNK = 1024;

/** A Gaussian process on the Hamming distance, as the method `bo` fits it, by its mean. */
export function gaussianProcess({ measured: { sequences, scores } }: Landscape): Predict {
  const { y } = standardise(scores);
  const process = fitGaussianProcess(sequences, y, chooseHyperparameters(sequences, y));
  return async (asked) => {
    const out = new Float64Array(asked.length);
    for (let at = 0; at < asked.length; at += CHUNK) out.set(process.means(asked.slice(at, at + CHUNK)), at);
    return out;
  };
}

/**
 * The designs that `biseq design` would take of sequences with these predictions: by lower bounds.
 * @param kappa how many standard deviations are taken off
 * @returns indices, best first
 */
export async function byLowerBounds(
  fit: BlocksFit,
  { measured, pool: { sequences }, designs: count }: Landscape,
  predicted: Float64Array,
  kappa = CAUTION,
): Promise<number[]> {
  const pool = best(predicted, BATCH_POOL);
  const chosen = await selectBatch({
    sequences: pool.map((i) => sequences[i]),
    merits: pool.map((i) => predicted[i]),
    count,
    rule: { rule: 'lcb', kappa },
    posterior: featurePosterior(fit.featureMap, beliefOf(fit, measured.scores)),
    random: createRandom(0),
  });
  return chosen.map((i) => pool[i]);
}

/** Indices of the largest values, best first; the earlier of equal ones. */
export function best(values: Float64Array, count: number): number[] {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  return Array.from(order.subarray(0, count));
}

/** The default proxy on a task's measured rows, seed 0. */
export function fitDefault({ alphabet, measured, positions }: Landscape): Promise<BlocksFit> {
  return fitBlocks({ alphabet, ...measured, positions, random: createRandom(0) });
}

/** Predictions of a fit by the default proxy. */
export function predictByFit({ predict }: BlocksFit): Predict {
  return (sequences) => predict(sequences);
}

/**
 * Plain ridge regression on equally weighted blocks, all measured rows, scores as they are: the penalty by leave-one-out
 * (on at most 800 rows, as `sweep` does) or the paper's weak one, 1e-6 of the mean squared norm.
 */
export async function plainRidge(
  task: Landscape,
  names: readonly string[],
  penalty: 'loo' | 'weak',
): Promise<Predict> {
  const { sequences, scores } = task.measured;
  const blocks = letterBlocks({
    alphabet: task.alphabet,
    sequences,
    positions: task.positions ?? varyingPositions(sequences),
    bothStrands: false,
    random: createRandom('tools'),
  }).filter(({ name }) => names.includes(name));
  const widths = blocks.map(({ map }) => map.width);
  const D = widths.reduce((sum, width) => sum + width, 0);
  const { y } = standardise(scores);
  const N = sequences.length;
  const sums = createRawSums(D, 1);
  for (let from = 0; from < N; from += CHUNK)
    sums.add(await rawFeatures(blocks, sequences.slice(from, from + CHUNK)), [
      y.subarray(from, from + CHUNK),
    ]);
  const raw = sums.finish();
  const moments = {
    mean: raw.sum.map((value) => value / N),
    scales: blockVariances(raw, widths).map((variance) => (variance > 0 ? 1 / Math.sqrt(variance) : 0)),
  };
  const share = penalty === 'loo' ? await chosenPenalty(blocks, moments, sequences, y) : 1e-6 / N;
  const ridge = share * N * blocks.length;
  const measured =
    D <= N
      ? measuredBySums({ ...scaleSums(raw, perFeature(widths, moments.scales), [0]), widths })
      : measuredByRows({ phi: await scaled(blocks, moments, sequences), y: [y], widths });
  const weights = measured.solver(ridge).weights(0);
  return createPredictor({ blocks, moments, blockWeights: blocks.map(() => 1), weights });
}

async function scaled(blocks: readonly Block[], moments: BlockMoments, sequences: readonly Sequence[]) {
  const phi = await rawFeatures(blocks, sequences);
  scaleRows(
    phi,
    blocks.map(({ map }) => map.width),
    moments.mean,
    moments.scales,
  );
  return phi;
}

/** Penalty over the trace of the kernel. */
async function chosenPenalty(
  blocks: readonly Block[],
  moments: BlockMoments,
  sequences: readonly Sequence[],
  y: Float64Array,
): Promise<number> {
  const random = createRandom('penalty');
  const rows = random.shuffle(sequences.map((_, i) => i)).slice(0, 800);
  const phi = await scaled(
    blocks,
    moments,
    rows.map((row) => sequences[row]),
  );
  return leaveOneOutPenalty(
    phi,
    Float64Array.from(rows, (row) => y[row]),
    random,
  );
}
