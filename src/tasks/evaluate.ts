import type { Sequence } from '../core/alphabet.js';
import { internal } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { sequenceKey } from '../design/sequence-key.js';
import { lowerMedian, mean, median } from '../stats/descriptive.js';
import { descendingOrder } from '../stats/ranks.js';
import { drawRows } from './split.js';
import type { Landscape, ScoredRows, Task } from './task.js';

/** Scores of designs in one unit. */
export interface ScoreSummary {
  /** The 100th percentile. */
  max: number;
  /** The 50th percentile: middle value, or mean of the two middle ones. */
  median: number;
  /** The lower of the two middle ones, as torch's `median` and BIB's code take it. */
  lowerMedian: number;
  mean: number;
}

/** What designs are worth by the ground truth. */
export interface Evaluation {
  /** Number of designs. */
  count: number;
  /** Number of different sequences among them. */
  distinct: number;
  /** Designs without a score: infeasible, or not in the table. */
  unscored: number;
  /** Designs that were measured already. */
  measured: number;
  /** In the source's unit; null where no design has a score. Unscored designs count as `task.unscoredAs`, or not at all. */
  scores: ScoreSummary | null;
  /** `scores` normalised over the whole task. */
  normalised: ScoreSummary | null;
  /** Distinct designs among the truly best sequences of the whole task; null for a formula. */
  top: { hits: number; of: number; share: number } | null;
}

/** How many of the best sequences of a table count as its top. */
export const TOP = 100;

/**
 * Scores designs by the task's ground truth.
 * @throws an internal error in mode `choose` for a design that is not among the candidates
 */
export function evaluateDesigns(task: Task, designs: readonly Sequence[]): Evaluation {
  const keys = designs.map(sequenceKey);
  const measured = new Set(task.measured.sequences.map(sequenceKey));
  if (task.mode === 'choose') requireCandidates(task, designs);
  const found = designs.map((design) => task.score(design));
  const scores = found.map((score) => score ?? task.unscoredAs).filter((score) => score !== null);
  return {
    count: designs.length,
    distinct: new Set(keys).size,
    unscored: found.filter((score) => score === null).length,
    measured: keys.filter((key) => measured.has(key)).length,
    scores: summarise(scores),
    normalised: summarise(scores.map(task.normalise)),
    top: hitsOf(task, designs),
  };
}

function requireCandidates(task: Task, designs: readonly Sequence[]): void {
  const candidates = new Set(task.candidates!.map(sequenceKey));
  if (designs.some((design) => !candidates.has(sequenceKey(design)))) {
    throw internal(`${task.name}: a design is not among the candidates to choose from`);
  }
}

function summarise(scores: readonly number[]): ScoreSummary | null {
  if (scores.length === 0) return null;
  const max = scores.reduce((largest, score) => Math.max(largest, score));
  return {
    max,
    median: median(scores),
    lowerMedian: lowerMedian(scores),
    mean: mean(scores),
  };
}

function hitsOf(task: Task, designs: readonly Sequence[]): Evaluation['top'] {
  if (task.rows === null) return null;
  const best = new Set(topSequences(task, TOP).sequences.map(sequenceKey));
  const hits = new Set(designs.map(sequenceKey).filter((key) => best.has(key))).size;
  return { hits, of: best.size, share: hits / best.size };
}

/**
 * The n distinct sequences of a table with the largest scores, best first, and those tied with the last of them.
 * @throws an internal error for a formula
 */
export function topSequences({ rows }: Landscape, n: number): ScoredRows {
  if (rows === null) throw internal('a formula has no table');
  const seen = new Set<string>();
  const chosen: number[] = [];
  for (const row of descendingOrder(rows.scores)) {
    if (chosen.length >= n && rows.scores[row] < rows.scores[chosen[chosen.length - 1]]) break;
    const key = sequenceKey(rows.sequences[row]);
    if (seen.has(key)) continue;
    seen.add(key);
    chosen.push(row);
  }
  return {
    sequences: chosen.map((row) => rows.sequences[row]),
    scores: Float64Array.from(chosen, (row) => rows.scores[row]),
  };
}

/** The best that could be asked of a method: the task's `count` best candidates (for a formula its optimum alone). */
export function bestDesigns(task: Task): Sequence[] {
  if (task.candidates === null) return task.optimum ? [task.optimum] : [];
  const scores = task.candidates.map((sequence) => task.score(sequence)!);
  return Array.from(descendingOrder(scores).subarray(0, task.count), (i) => task.candidates![i]);
}

/**
 * The row that every table of results must have: as many candidates drawn at random (for a formula, sequences of its own
 * distribution).
 */
export function randomDesigns(task: Task, random: Random): Sequence[] {
  const { candidates, count } = task;
  if (candidates === null) return Array.from({ length: count }, () => task.sample!(random));
  return Array.from(
    drawRows(candidates.length, Math.min(count, candidates.length), random),
    (i) => candidates[i],
  );
}
