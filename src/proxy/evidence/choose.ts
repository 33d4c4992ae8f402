import { throwIfAborted } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { averageRanks, pearson, spearman } from '../../stats/index.js';
import { divideRows } from './parts.js';
import type { Part } from './parts.js';
import type { ScoreTransform } from './transforms.js';
import { createTrials } from './trials.js';

/** A way to learn: which blocks, which scale of the scores, how strong a ridge. */
export interface Candidate {
  /** Indices of the blocks, ascending. */
  blocks: readonly number[];
  /** Index of the transform. */
  transform: number;
  /** Ridge relative to the mean squared norm: ratio of noise to signal. */
  ridge: number;
}

/** How a candidate fared on the table's own rows. */
export interface Trial extends Candidate {
  /** Grouped folds: correlation of the out-of-fold predictions with the scores. */
  within: number;
  /** Low to high: rank correlation among the upper rows, by a fit to the lower ones. */
  beyond: number;
  /** Low to high: mean score of the best tenth as predicted among the upper rows, in their standard deviations from their mean. */
  picks: number;
  /** Rank of `within` among all candidates, 1 being the best; where the table was cut off the sum of all three ranks. */
  rank: number;
  /** [N] out-of-fold predictions, in standardised units of the transformed scores. */
  outOfFold: Float64Array;
}

/** What {@link tryCandidates} examines. */
export interface ChoiceData {
  /** [N x D] standardised features. */
  phi: Float64Array;
  widths: readonly number[];
  /** [N] scores in the user's units. */
  scores: Float64Array;
  transforms: readonly ScoreTransform[];
  /** Sets of blocks to try. */
  sets: readonly (readonly number[])[];
  ridges: readonly number[];
  /** Whether the table was cut off at a score; see `isCutOff`. Default false. */
  cutOff?: boolean;
  /**
   * The ridge that all sets are tried with first; the other ridges are tried with the best few sets only. Undefined: all
   * sets with all ridges.
   */
  firstRidge?: number;
  /** [N] groups that folds never divide. */
  groups: Uint32Array;
  random: Random;
  signal?: AbortSignal;
  onProgress?: (tried: number, total: number) => void;
}

/**
 * Tries every set of blocks with every transform and ridge, by grouped folds and from low to high, and ranks them by the
 * correlation within folds. A table that was cut off asks for what lies above it: there the sum of the ranks in three
 * criteria counts, the other two being the rank correlation beyond the training range and the score of the picks there; of
 * other tables these say little but how the luck fell. Correlations are with the scores in the user's units, so that rows
 * which all measure nothing weigh little.
 */
export async function tryCandidates(data: ChoiceData): Promise<Trial[]> {
  const { sets, ridges, firstRidge } = data;
  const examination = examine(data);
  const criteria = data.cutOff === true ? CUT_OFF_CRITERIA : CRITERIA;
  const ranked = (trials: readonly Trial[]) => rankBy(criteria, trials);
  if (firstRidge === undefined) return ranked(await trySets(data, examination, sets, ridges));
  const found = await trySets(data, examination, sets, [firstRidge]);
  const finalists = [...new Set(ranked(found).map((trial) => trial.blocks))].slice(0, FINALISTS);
  const others = ridges.filter((ridge) => ridge !== firstRidge);
  return ranked([...found, ...(await trySets(data, examination, finalists, others))]);
}

/** Sets whose ridge is chosen too where ridges are tried one after the other. */
const FINALISTS = 8;

function examine(data: ChoiceData) {
  const { folds, beyond } = divideRows(data.scores, data.groups, data.random.fork('folds'));
  const parts = [...folds, beyond];
  const targets = data.transforms.map((transform) => standardised(data.scores, transform));
  return { parts, trials: createTrials({ phi: data.phi, widths: data.widths, targets, parts }) };
}

async function trySets(
  { scores, transforms, signal, onProgress }: ChoiceData,
  { parts, trials }: ReturnType<typeof examine>,
  sets: readonly (readonly number[])[],
  ridges: readonly number[],
): Promise<Trial[]> {
  const found: Trial[] = [];
  for (const [done, blocks] of sets.entries()) {
    throwIfAborted(signal);
    // a long loop of arithmetic; let timers and signals through
    await new Promise((resolve) => setImmediate(resolve));
    for (const ridge of ridges) {
      const predictions = trials.predict(blocks, ridge);
      transforms.forEach((_, transform) => {
        const byPart = predictions.map((part) => part[transform]);
        found.push({ blocks, transform, ridge, rank: 0, ...judge(scores, parts, byPart) });
      });
    }
    onProgress?.(done + 1, sets.length);
  }
  return found;
}

/** Transformed scores with mean 0 and unbiased standard deviation 1. */
export function standardised(scores: ArrayLike<number>, transform: ScoreTransform): Float64Array {
  const values = Float64Array.from(scores, (score) => transform.apply(score));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(square / (values.length - 1));
  return values.map((value) => (value - mean) / deviation);
}

/** @param predictions of each part's test rows; the last part is the one from low to high */
function judge(scores: Float64Array, parts: readonly Part[], predictions: readonly Float64Array[]) {
  const outOfFold = new Float64Array(scores.length);
  const last = parts.length - 1;
  parts
    .slice(0, last)
    .forEach(({ test }, p) => test.forEach((row, i) => (outOfFold[row] = predictions[p][i])));
  const upper = Float64Array.from(parts[last].test, (row) => scores[row]);
  return {
    outOfFold,
    within: finite(pearson(outOfFold, scores)),
    beyond: finite(spearman(predictions[last], upper)),
    picks: finite(pickedScore(predictions[last], upper)),
  };
}

/** A constant side has no correlation. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function pickedScore(predicted: Float64Array, scores: Float64Array): number {
  const n = scores.length;
  const count = Math.min(n, Math.max(3, Math.round(n / 10)));
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => predicted[b] - predicted[a] || a - b,
  );
  const mean = scores.reduce((sum, score) => sum + score, 0) / n;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / n);
  const picked = order.subarray(0, count).reduce((sum, row) => sum + scores[row], 0) / count;
  return (picked - mean) / deviation;
}

type Criterion = 'within' | 'beyond' | 'picks';
const CRITERIA: readonly Criterion[] = ['within'];
const CUT_OFF_CRITERIA: readonly Criterion[] = ['within', 'beyond', 'picks'];

/** By the sum of the ranks in some criteria, best first. */
function rankBy(criteria: readonly Criterion[], trials: readonly Trial[]): Trial[] {
  const ranks = criteria.map((criterion) => averageRanks(trials.map((trial) => -trial[criterion])));
  return trials
    .map((trial, i) => ({ ...trial, rank: ranks.reduce((sum, own) => sum + own[i], 0) }))
    .sort((a, b) => a.rank - b.rank);
}
