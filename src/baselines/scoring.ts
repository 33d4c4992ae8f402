import type { Sequence } from '../core/alphabet.js';
import { internal } from '../core/errors.js';
import { breathe } from '../design/breathe.js';
import { createVisitLog } from '../design/method.js';
import type { Exploration, MeasuredSet, MethodRun, Start, Visit } from '../design/method.js';
import { groupOf } from '../design/frontier.js';
import { sequenceKey } from '../design/sequence-key.js';

/** A sequence that a method wants scored, with the start that it belongs to. */
export interface Proposal {
  sequence: Sequence;
  start: Start;
}

/** Scores proposals and keeps the record of a run. */
export interface Scoring {
  /** Scores in one batch; every sequence enters the record. */
  score(proposals: readonly Proposal[]): Promise<Visit[]>;
  /** Whether a proposal is new: not measured, and not claimed before from a start that reaches the same space. */
  claim(proposal: Proposal): boolean;
  /** Reports a step, and stops a cancelled run. */
  step(step: number, steps: number): Promise<void>;
  /** Exact scores asked for so far. */
  readonly queries: number;
  /** The record. @param finals the method's last iterates or its own batch; default the record itself */
  finish(finals?: readonly Visit[], notes?: readonly string[]): Exploration;
}

/** The bookkeeping that black-box methods share. */
export function createScoring(run: MethodRun): Scoring {
  const log = createVisitLog();
  const claimed = new Set<string>();
  const group = groupOf(run.problem);
  let queries = 0;
  return {
    get queries() {
      return queries;
    },
    async score(proposals) {
      const evaluations = await run.objective.score(
        proposals.map(({ sequence }) => sequence),
        run.signal,
      );
      queries += proposals.length;
      const visits = proposals.map(({ sequence, start }, i) => ({
        sequence,
        start,
        evaluation: evaluations[i],
      }));
      visits.forEach(log.add);
      return visits;
    },
    claim({ sequence, start }) {
      if (run.problem.isMeasured(sequence)) return false;
      const name = group(start) + sequenceKey(sequence);
      if (claimed.has(name)) return false;
      claimed.add(name);
      return true;
    },
    async step(step, steps) {
      await breathe(run.signal);
      run.onProgress?.({ step, steps, visited: log.visits.length, passes: run.objective.passes() });
    },
    finish: (finals, notes = []) => ({ visits: log.visits, finals: [...(finals ?? log.visits)], notes }),
  };
}

/** The measured set of a run whose method needs it. */
export function requireMeasuredSet({ measured }: MethodRun): MeasuredSet {
  if (measured === undefined) throw internal('a method that looks at measured scores was run without them');
  return measured;
}
