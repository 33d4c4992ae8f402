import type { Sequence } from '../core/alphabet.js';
import { BATCH_POOL } from '../design/batch-rules.js';
import type { BatchRule } from '../design/batch-selection.js';
import { selectBatch } from '../design/batch-selection.js';
import type { ScorePosterior } from '../design/posterior.js';
import type { SweepRun } from './method.js';

/** What a {@link Chooser} chooses among. */
export interface ChoiceRequest {
  run: SweepRun;
  /** The best that were found, best first, at least as many as the run asks for. */
  sequences: readonly Sequence[];
  /** Their worth by the method's ranking, larger is better. */
  merits: readonly number[];
  posterior: ScorePosterior | null;
}

/** How a run's designs are chosen from the best that its search found. */
export interface Chooser {
  /** How many of the best it would like to choose among. */
  readonly shortlist: number;
  /** @returns as many indices into the sequences as the run asks for, best first, and what is to be said of them */
  choose(request: ChoiceRequest): Promise<{ chosen: number[]; notes: readonly string[] }>;
}

/** Chooses by a rule for batches; the best by the ranking are taken as they are. */
export function batchChooser(rule: BatchRule['rule']): Chooser {
  return {
    shortlist: rule === 'mean' ? 0 : BATCH_POOL,
    async choose({ run, sequences, merits, posterior }) {
      const { count, random, signal } = run;
      const chosen = await selectBatch({
        ...{ sequences, merits, count, posterior, signal },
        rule: { rule },
        random: random.fork('batch'),
      });
      return { chosen, notes: [] };
    },
  };
}
