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
import { confirmHeads, sparedRows } from './confirm-members.js';
import { byRows, bySums, centred, WIDEST_SUMS } from './fit-rows.js';
import { perFeature } from './learner.js';
import type { Measured } from './learner.js';

/** What {@link learn} works on. */
export interface LearnRequest {
  model: ChosenModel;
  rows: CollapsedRows;
  /** Near-duplicate group of each row. */
  groups: Uint32Array;
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
  /** Correlation of each candidate with the rows that a large table spares; null where none are spared. */
  spared: (number | null)[];
  /** Indices of the candidates that are averaged. */
  kept: number[];
}

/** Rows of the samples for the noise and for the bootstraps. */
const EVIDENCE_ROWS = 500;
const BOOTSTRAP_ROWS = 2000;
/** Where features outnumber the bootstraps' rows: a head costs the rows' number cubed. */
const WIDE_BOOTSTRAP_ROWS = 1000;

/**
 * Fits the chosen candidates to all rows (streamed; a seeded sample where there are too many of them or of features) and
 * averages those that spared rows confirm: each head divided by the spread of its own predictions, their mean scaled to the working scale by the
 * regression of the scores on the mean of the out-of-fold predictions.
 */
export async function learn(request: LearnRequest): Promise<Learned> {
  const { rows, random } = request;
  const widths = request.model.used.map((block) => block.map.width);
  const D = widths.reduce((sum, width) => sum + width, 0);
  const { working, transforms } = request.model;
  const order = [working, ...transforms.map((_, t) => t).filter((t) => t !== working)];
  const targets = order.map((t) => standardised(rows.scores, transforms[t]));
  const sums = D <= 0.8 * rows.sequences.length && D <= WIDEST_SUMS;
  const { triedRows } = request.model;
  const spared = sparedRows(rows, triedRows.length, request.groups, random.fork('spared'));
  const fitted = await (sums ? bySums : byRows)(request, widths, targets, spared);
  const standard = fitted.measured;
  const tried = request.model.members.map((member) => ({
    member,
    weights: memberWeights(standard, widths, member, order.indexOf(member.transform)),
  }));
  const { kept, correlations } = await confirm(request, widths, fitted.moments, tried, spared);
  const heads = kept.map((h) => tried[h]);
  const model = { ...request.model, members: heads.map(({ member }) => member) };
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
  // a block that no confirmed candidate uses has no weight to divide by
  const weights = averaged.map((w, j) => (factor[j] > 0 ? (slope * w) / factor[j] : 0));
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
    spared: correlations,
    kept,
  };
}

/** Which candidates the spared rows confirm; all where there are none. */
async function confirm(
  request: LearnRequest,
  widths: readonly number[],
  moments: BlockMoments,
  heads: readonly { weights: Float64Array }[],
  spared: Uint32Array,
): Promise<{ kept: number[]; correlations: (number | null)[] }> {
  if (spared.length === 0) return { kept: heads.map((_, h) => h), correlations: heads.map(() => null) };
  const phi = await standardFeatures(request, widths, moments, spared);
  const scores = Float64Array.from(spared, (row) => request.rows.scores[row]);
  return confirmHeads(
    heads.map(({ weights }) => weights),
    { phi, scores },
  );
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
  request: LearnRequest,
  widths: readonly number[],
  moments: BlockMoments,
  y: Float64Array,
  size: number,
  random: Random,
): Promise<RowSample> {
  const use = sampleRows(request.rows.scores, size, random);
  const phi = await standardFeatures(request, widths, moments, use);
  return { phi, y: Float64Array.from(use, (row) => y[row]) };
}

/** Standardised features of some rows, [n x D]. */
async function standardFeatures(
  { model, rows, signal }: LearnRequest,
  widths: readonly number[],
  moments: BlockMoments,
  use: Uint32Array,
): Promise<Float64Array> {
  const phi = await rawFeatures(
    model.used,
    Array.from(use, (row) => rows.sequences[row]),
    signal,
  );
  scaleRows(phi, widths, moments.mean, moments.scales);
  return phi;
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
