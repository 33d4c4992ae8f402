import { throwIfAborted } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { standardised } from '../evidence/choose.js';
import type { Trial } from '../evidence/choose.js';
import { forEachBlock, maximiseEvidence } from '../evidence/evidence.js';
import type { CollapsedRows } from '../evidence/groups.js';
import { rowProducts } from '../evidence/row-products.js';
import { spectralEvidence } from '../evidence/spectral-evidence.js';
import { dot } from '../linear-algebra.js';
import { rawFeatures, scaleRows } from './block.js';
import type { BlockMoments } from './block.js';
import type { RowSample } from './bootstrap.js';
import { sampleRows } from './choose-model.js';
import type { ChosenModel } from './choose-model.js';
import { measuredByRows, measuredBySums, perFeature } from './learner.js';
import type { Measured } from './learner.js';
import { blockVariances, createRawSums, scaleSums } from './sums.js';

/** What {@link learn} works on. */
export interface LearnRequest {
  model: ChosenModel;
  rows: CollapsedRows;
  random: Random;
  signal?: AbortSignal;
  onProgress?: (rows: number, total: number) => void;
}

/** Everything learned, in the coordinates of the weighted blocks; target 0 is the working scale. */
export interface Learned {
  moments: BlockMoments;
  /** a_b of each used block. */
  blockWeights: Float64Array;
  measured: Measured;
  /** [D] */
  weights: Float64Array;
  yy: number;
  /** s_n^2 */
  noise: number;
  sample: RowSample;
  signal: { block: string; share: number }[];
}

/** Rows per batch of features. */
const BATCH = 1024;
/** Rows of the samples for the noise and for the bootstraps. */
const EVIDENCE_ROWS = 500;
const BOOTSTRAP_ROWS = 2000;
/** Where features outnumber the bootstraps' rows: a head costs the rows' number cubed. */
const WIDE_BOOTSTRAP_ROWS = 1000;
/** With more features than this the rows are sampled and the fit goes through them. */
const WIDEST_SUMS = 3200;
const DUAL_ROWS = 1500;

/**
 * Fits the chosen candidates to all rows (streamed; a seeded sample where there are too many features for their sums) and
 * averages them: each head divided by the spread of its own predictions, their mean scaled to the working scale by the
 * regression of the scores on the mean of the out-of-fold predictions.
 */
export async function learn(request: LearnRequest): Promise<Learned> {
  const { model, rows, random } = request;
  const widths = model.used.map((block) => block.map.width);
  const D = widths.reduce((sum, width) => sum + width, 0);
  const order = [model.working, ...model.transforms.map((_, t) => t).filter((t) => t !== model.working)];
  const targets = order.map((t) => standardised(rows.scores, model.transforms[t]));
  const fitted =
    D <= 0.8 * rows.sequences.length && D <= WIDEST_SUMS
      ? await bySums(request, widths, targets)
      : await byRows(request, widths, targets);
  const standard = fitted.measured;
  const heads = model.members.map((member) => ({
    member,
    weights: memberWeights(standard, widths, member, order.indexOf(member.transform)),
  }));
  const spreads = heads.map(({ weights }) =>
    Math.sqrt(dot(weights, standard.times(weights)) / standard.rows),
  );
  const averaged = new Float64Array(D);
  heads.forEach(({ weights }, h) =>
    weights.forEach((w, j) => (averaged[j] += w / spreads[h] / heads.length)),
  );
  const slope = calibration(model, spreads, targets[0]);

  const shares = blockShares(model.members, widths.length);
  const sampled = await sampleFeatures(
    request,
    widths,
    fitted.moments,
    targets[0],
    EVIDENCE_ROWS,
    random.fork('evidence'),
  );
  const { signal: scale, noise } = scaleByEvidence(sampled, widths, shares);
  const blockWeights = shares.map((share) => share * scale);
  const roots = blockWeights.map(Math.sqrt);
  const factor = perFeature(widths, roots);
  const weights = averaged.map((w, j) => (slope * w) / factor[j]);
  const sample = await sampleFeatures(
    request,
    widths,
    fitted.moments,
    targets[0],
    D < BOOTSTRAP_ROWS ? BOOTSTRAP_ROWS : WIDE_BOOTSTRAP_ROWS,
    random.fork('bootstrap'),
  );
  scaleColumns(sample.phi, factor);
  return {
    moments: fitted.moments,
    blockWeights,
    measured: standard.scaled(roots),
    weights,
    yy: fitted.yy,
    noise,
    sample,
    signal: signalShares(model, widths, standard, averaged),
  };
}

interface Fitted {
  moments: BlockMoments;
  /** Standardised, unweighted features. */
  measured: Measured;
  /** y^T y on the working scale. */
  yy: number;
}

async function bySums(
  { model, rows, signal, onProgress }: LearnRequest,
  widths: number[],
  targets: Float64Array[],
): Promise<Fitted> {
  const D = widths.reduce((sum, width) => sum + width, 0);
  const sums = createRawSums(D, targets.length);
  const n = rows.sequences.length;
  for (let from = 0; from < n; from += BATCH) {
    throwIfAborted(signal);
    const to = Math.min(n, from + BATCH);
    const phi = await rawFeatures(model.used, rows.sequences.slice(from, to), signal);
    sums.add(
      phi,
      targets.map((y) => y.subarray(from, to)),
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
    yy: dot(targets[0], targets[0]),
  };
}

async function byRows(
  { model, rows, random, signal, onProgress }: LearnRequest,
  widths: number[],
  targets: Float64Array[],
): Promise<Fitted> {
  const use = sampleRows(rows.scores, DUAL_ROWS, random.fork('rows'));
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

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** Ridge weights of one candidate, zero at the blocks that it does not use. */
function memberWeights(
  measured: Measured,
  widths: readonly number[],
  { blocks, ridge }: Trial,
  target: number,
): Float64Array {
  const use = widths.map((_, b) => (blocks.includes(b) ? 1 : 0));
  return measured
    .scaled(use)
    .solver(ridge * blocks.length)
    .weights(target);
}

/** Slope of the working scores on the mean of the members' out-of-fold predictions; kept positive. */
function calibration(model: ChosenModel, spreads: readonly number[], working: Float64Array): number {
  const y = centred(Float64Array.from(model.triedRows, (row) => working[row]));
  const mean = new Float64Array(y.length);
  model.members.forEach(({ outOfFold }, m) =>
    outOfFold.forEach((value, i) => (mean[i] += value / spreads[m] / spreads.length)),
  );
  const x = centred(mean);
  const slope = dot(x, y) / dot(x, x);
  return Number.isFinite(slope) ? Math.max(slope, 0.05) : 0.05;
}

/** Prior weight of each block: the mean over members of 1 / (number of its blocks) where it is used. */
function blockShares(members: readonly Trial[], blocks: number): Float64Array {
  const shares = new Float64Array(blocks);
  for (const member of members)
    for (const b of member.blocks) shares[b] += 1 / member.blocks.length / members.length;
  return shares;
}

async function sampleFeatures(
  { model, rows, signal }: LearnRequest,
  widths: readonly number[],
  moments: BlockMoments,
  y: Float64Array,
  size: number,
  random: Random,
): Promise<RowSample> {
  const use = sampleRows(rows.scores, size, random);
  const phi = await rawFeatures(
    model.used,
    Array.from(use, (row) => rows.sequences[row]),
    signal,
  );
  scaleRows(phi, widths, moments.mean, moments.scales);
  return { phi, y: Float64Array.from(use, (row) => y[row]) };
}

/** The overall scale of the prior and the noise, by the evidence of a sample with the blocks' shares as they are. */
function scaleByEvidence({ phi, y }: RowSample, widths: readonly number[], shares: Float64Array) {
  const n = y.length;
  const D = phi.length / n;
  const weighted = phi.slice();
  scaleColumns(weighted, perFeature(widths, shares.map(Math.sqrt)));
  const K = rowProducts(weighted, n, D);
  const { weights, noise } = maximiseEvidence(spectralEvidence(K, centred(y)));
  return { signal: weights[0], noise };
}

/** In place: each column by its factor. */
function scaleColumns(phi: Float64Array, factor: Float64Array): void {
  const D = factor.length;
  for (let at = 0; at < phi.length; at += D) for (let j = 0; j < D; j++) phi[at + j] *= factor[j];
}

/** `cov(prediction of block b, prediction) / var(prediction)` over the measured rows. */
function signalShares(
  model: ChosenModel,
  widths: readonly number[],
  measured: Measured,
  weights: Float64Array,
) {
  const fit = measured.times(weights);
  const total = dot(weights, fit);
  const shares: { block: string; share: number }[] = [];
  forEachBlock(widths, (b, from, to) => {
    let share = 0;
    for (let j = from; j < to; j++) share += (weights[j] * fit[j]) / total;
    shares.push({ block: model.used[b].name, share });
  });
  return shares;
}
