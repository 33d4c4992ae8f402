import type { Random } from '../core/random.js';
import { BATCH_POOL } from './batch-rules.js';
import { ruleThatHolds, selectBatch } from './batch-selection.js';
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
  /** The best of the exploration that the rule chooses among. Default {@link BATCH_POOL}, at least `count`. */
  pool?: number;
  random: Random;
}

/** Designs chosen together, in the order in which the rule chose them. */
export interface BatchOfDesigns extends Selection {
  /** The rule that they were taken by; `mean` also where `lcb` gave way to it. */
  rule: BatchRule['rule'];
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
export async function selectBatchDesigns(request: BatchDesignRequest): Promise<BatchOfDesigns> {
  const { ranking, count, rule, posterior, random, signal } = request;
  const { designs, isFilled } = await shortlistDesigns({ ...request, pool: request.pool ?? BATCH_POOL });
  const sequences = designs.map(({ sequence }) => sequence);
  const merits = designs.map(({ evaluation }) => merit(ranking, evaluation));
  const chosen = await selectBatch({ sequences, merits, count, rule, posterior, random, signal });
  const batch = chosen.map((i) => designs[i]);
  const held = ruleThatHolds({ merits, count, posterior, rule }).rule;
  return { designs: batch, filled: batch.filter(isFilled).length, rule: held };
}
