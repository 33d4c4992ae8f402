import type { Random } from '../core/random.js';
import { selectBatch } from './batch-selection.js';
import type { BatchRule } from './batch-selection.js';
import { merit } from './method.js';
import type { Visit } from './method.js';
import type { ScorePosterior } from './posterior.js';
import { selectDesigns } from './selection.js';
import type { Selection, SelectionRequest } from './selection.js';
import { sequenceKey } from './sequence-key.js';

/** What a batch of designs is chosen from, and how. */
export interface BatchDesignRequest extends SelectionRequest {
  rule: BatchRule;
  /** Needed by `lcb`, `ucb` and `thompson`. */
  posterior?: ScorePosterior | null;
  /** The best of the exploration that the rule chooses among. Default 1,000, at least `count`. */
  pool?: number;
  random: Random;
}

/** The best of an exploration, for a rule to choose among. */
export interface Shortlist {
  /** Distinct, feasible and unmeasured, best first. */
  designs: Visit[];
  /** Whether no candidate visited it: a neighbour, one letter away, of what was visited. */
  isFilled(design: Visit): boolean;
}

/**
 * The best `pool` of an exploration, or all where it has fewer; at least `count`, for which it is filled up as by
 * `selectDesigns`.
 */
export async function shortlistDesigns(request: SelectionRequest & { pool: number }): Promise<Shortlist> {
  const { problem, exploration, count, pool } = request;
  const known = new Set(
    [...exploration.visits, ...exploration.finals]
      .filter(
        ({ sequence, start }) => problem.allows(sequence, start.sequence) && !problem.isMeasured(sequence),
      )
      .map(({ sequence }) => sequenceKey(sequence)),
  );
  const size = Math.max(count, Math.min(pool, known.size));
  const { designs } = await selectDesigns({ ...request, count: size });
  return { designs, isFilled: ({ sequence }) => !known.has(sequenceKey(sequence)) };
}

/**
 * Exactly `count` distinct, feasible, unmeasured designs, chosen together by a rule from the best of an exploration; in the
 * order in which the rule chose them.
 * @throws InputError where the rule needs a posterior that is not there
 */
export async function selectBatchDesigns(request: BatchDesignRequest): Promise<Selection> {
  const { ranking, count, rule, posterior, random, signal } = request;
  const { designs, isFilled } = await shortlistDesigns({ ...request, pool: request.pool ?? 1000 });
  const chosen = await selectBatch({
    sequences: designs.map(({ sequence }) => sequence),
    merits: designs.map(({ evaluation }) => merit(ranking, evaluation)),
    count,
    rule,
    posterior,
    random,
    signal,
  });
  const batch = chosen.map((i) => designs[i]);
  return { designs: batch, filled: batch.filter(isFilled).length };
}
