import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
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
  /** Each candidate's last iterate. */
  finals: Visit[];
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

/** What a method works on. */
export interface MethodRun {
  problem: Problem;
  objective: Objective;
  /** One candidate starts at each. */
  starts: readonly Start[];
  random: Random;
  signal?: AbortSignal;
  onProgress?: (progress: MethodProgress) => void;
}

/**
 * What a method's designs are ranked by: `prediction`, the predicted score (large is good), or `backward`, the backward
 * loss (small is good), where the method does not look at the predicted score.
 */
export type Ranking = 'prediction' | 'backward';

/** An evaluation's worth under a ranking; larger is better. */
export function merit(ranking: Ranking, { prediction, backward }: Evaluation): number {
  return ranking === 'prediction' ? prediction : -backward;
}

/** Proposes sequences for a problem and an objective. */
export interface Method {
  readonly name: string;
  readonly ranking: Ranking;
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
