import { throwIfAborted } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { forEachBlock } from '../evidence/evidence.js';
import { dot } from '../linear-algebra.js';
import { rawFeatures, scaleRows } from './block.js';
import type { BlockMoments } from './block.js';
import { sampleRows } from './choose-model.js';
import type { LearnRequest } from './learn.js';
import { measuredByRows, measuredBySums, perFeature } from './learner.js';
import type { Measured } from './learner.js';
import { blockVariances, createRawSums, scaleSums } from './sums.js';

/** With more features than this the fit goes through rows, of which it takes a sample of at most so many. */
export const WIDEST_SUMS = 3200;
export const DUAL_ROWS = 1500;
/** Rows times features squared that the sums may take: minutes. Beyond it a seeded sample of the rows is enough. */
const MOST_SUM_WORK = 1e12;
/** Rows per batch of features. */
const BATCH = 1024;

/** Measured rows, ready for ridge regressions. */
export interface FittedRows {
  moments: BlockMoments;
  /** Standardised, unweighted features. */
  measured: Measured;
  /** y^T y on the working scale. */
  yy: number;
}

/**
 * Rows as streamed sums, all but the spared ones; a seeded sample where there are too many.
 * @param targets [targets][N] scores on each scale, the working one first
 */
export async function bySums(
  { model, rows, random, signal, onProgress }: LearnRequest,
  widths: number[],
  targets: Float64Array[],
  spared: Uint32Array,
): Promise<FittedRows> {
  const D = widths.reduce((sum, width) => sum + width, 0);
  const sums = createRawSums(D, targets.length);
  const use = sampleWithout(spared, rows.scores, Math.ceil(MOST_SUM_WORK / D ** 2), random.fork('rows'));
  const n = use.length;
  const y = targets.map((target) => centred(Float64Array.from(use, (row) => target[row])));
  for (let from = 0; from < n; from += BATCH) {
    throwIfAborted(signal);
    const to = Math.min(n, from + BATCH);
    const batch = Array.from(use.subarray(from, to), (row) => rows.sequences[row]);
    const phi = await rawFeatures(model.used, batch, signal);
    sums.add(
      phi,
      y.map((target) => target.subarray(from, to)),
    );
    onProgress?.(to, n);
  }
  const raw = sums.finish();
  const scales = blockVariances(raw, widths).map((variance) => (variance > 0 ? 1 / Math.sqrt(variance) : 0));
  const factor = perFeature(widths, scales);
  const { G, targets: products } = scaleSums(
    raw,
    factor,
    targets.map(() => 0),
  );
  return {
    moments: { mean: raw.sum.map((value) => value / n), scales },
    measured: measuredBySums({ G, targets: products, rows: n, widths }),
    yy: dot(y[0], y[0]),
  };
}

/** The rows themselves, of more than 1,500 a seeded sample; see {@link bySums}. */
export async function byRows(
  { model, rows, random, signal, onProgress }: LearnRequest,
  widths: number[],
  targets: Float64Array[],
  spared: Uint32Array,
): Promise<FittedRows> {
  const use = sampleWithout(spared, rows.scores, DUAL_ROWS, random.fork('rows'));
  const phi = await rawFeatures(
    model.used,
    Array.from(use, (row) => rows.sequences[row]),
    signal,
  );
  const moments = momentsOf(phi, widths);
  scaleRows(phi, widths, moments.mean, moments.scales);
  onProgress?.(use.length, use.length);
  const y = targets.map((target) => centred(Float64Array.from(use, (row) => target[row])));
  return { moments, measured: measuredByRows({ phi, y, widths }), yy: dot(y[0], y[0]) };
}

function sampleWithout(spared: Uint32Array, scores: Float64Array, size: number, random: Random): Uint32Array {
  const left = new Set(spared);
  return sampleRows(scores, size, random).filter((row) => !left.has(row));
}

function momentsOf(phi: Float64Array, widths: readonly number[]): BlockMoments {
  const D = widths.reduce((sum, width) => sum + width, 0);
  const n = phi.length / D;
  const mean = new Float64Array(D);
  for (let i = 0; i < n; i++) for (let j = 0; j < D; j++) mean[j] += phi[i * D + j] / n;
  const variance = new Float64Array(widths.length);
  forEachBlock(widths, (b, from, to) => {
    for (let i = 0; i < n; i++)
      for (let j = from; j < to; j++) variance[b] += (phi[i * D + j] - mean[j]) ** 2 / n;
  });
  return { mean, scales: Array.from(variance, (value) => (value > 0 ? 1 / Math.sqrt(value) : 0)) };
}

/** Values less their mean. */
export function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
