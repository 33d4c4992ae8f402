import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import { mixedLoss } from './losses.js';
import type { Evaluation, Objective, PassCounts } from './objective.js';
import type { Problem } from './problem.js';
import { sequenceKey } from './sequence-key.js';

/** Where a candidate starts: a measured sequence. */
export interface Start {
  /** Index of the measured row. */
  row: number;
  sequence: Sequence;
}

/** A sequence that a method looked at, feasible for its start (though perhaps measured). */
export interface Visit {
  readonly sequence: Sequence;
  readonly start: Start;
  readonly evaluation: Evaluation;
}

/** All that a method found. */
export interface Exploration {
  /** Distinct sequences in the order of their first visit. */
  visits: Visit[];
  /** Each candidate's last iterate; where the method chose a batch itself, that batch, best first. */
  finals: Visit[];
  /** What the method decided by itself, in words, for the record of the run. */
  notes?: readonly string[];
}

/** What a method tells about itself after each step. */
export interface MethodProgress {
  /** Steps done. */
  step: number;
  steps: number;
  /** Distinct sequences visited so far. */
  visited: number;
  passes: PassCounts;
}

/** The measured set as methods see it. */
export interface MeasuredSet {
  sequences: readonly Sequence[];
  /** [N] standardised scores. */
  y: Float64Array;
}

/** What a method works on. */
export interface MethodRun {
  problem: Problem;
  /** The run's objective, or the one that the method's own `fitObjective` made. */
  objective: Objective;
  /** One candidate starts at each. */
  starts: readonly Start[];
  /** Needed by methods that look at measured scores again. */
  measured?: MeasuredSet;
  /** How many designs will be selected; lets a method look far enough. */
  count?: number;
  random: Random;
  signal?: AbortSignal;
  onProgress?: (progress: MethodProgress) => void;
}

/**
 * What a method's designs are ranked by: `prediction`, the predicted score (large is good); `backward`, the backward
 * loss (small is good), where the method does not look at the predicted score; or the mixed loss
 * `gamma L_f + (1 - gamma) L_b` (small is good) at a fixed gamma.
 */
export type Ranking = 'prediction' | 'backward' | { readonly gamma: number };

/** An evaluation's worth under a ranking; larger is better. */
export function merit(ranking: Ranking, { prediction, forward, backward }: Evaluation): number {
  if (ranking === 'prediction') return prediction;
  return ranking === 'backward' ? -backward : -mixedLoss(ranking.gamma, forward, backward);
}

/** What a method that brings its own model learns from. */
export interface ObjectiveData {
  problem: Problem;
  measured: MeasuredSet;
  random: Random;
  signal?: AbortSignal;
  /** Told how far the training is. */
  onProgress?: (step: number, steps: number) => void;
}

/** Proposes sequences for a problem and an objective. */
export interface Method {
  readonly name: string;
  readonly ranking: Ranking;
  /** Where its designs are taken from unless the caller says otherwise; see `selectDesigns`. Default `visited`. */
  readonly take?: 'visited' | 'final';
  /** The objective that it searches, for a method that learns its own model. Absent: the run's objective. */
  fitObjective?(data: ObjectiveData): Promise<Objective>;
  /**
   * @throws CancelledError when the signal fires, at the latest after the step it fires in
   */
  design(run: MethodRun): Promise<Exploration>;
}

/** Keeps the first visit of every sequence. */
export interface VisitLog {
  add(visit: Visit): void;
  has(sequence: Sequence): boolean;
  readonly visits: Visit[];
}

/** An empty {@link VisitLog}. */
export function createVisitLog(): VisitLog {
  const seen = new Set<string>();
  const visits: Visit[] = [];
  return {
    visits,
    has: (sequence) => seen.has(sequenceKey(sequence)),
    add(visit) {
      const key = sequenceKey(visit.sequence);
      if (seen.has(key)) return;
      seen.add(key);
      visits.push(visit);
    },
  };
}
