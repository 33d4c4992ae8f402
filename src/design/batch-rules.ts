import type { Ranking } from './method.js';

/** Names of the rules by which a plate is taken; see `BatchRule`. */
export const BATCH_RULES = ['mean', 'lcb', 'ucb', 'thompson', 'distance', 'determinant'] as const;

/** See {@link BATCH_RULES}. */
export type BatchRuleName = (typeof BATCH_RULES)[number];

/**
 * The rule where none is given: `lcb` where the proxy knows how sure it is and its predictions rank, else `mean`. The best
 * predicted of many are those whose prediction errs upwards most, the more the less is known of them.
 */
export function defaultBatchRule(ranking: Ranking, isSure: boolean): 'mean' | 'lcb' {
  return isSure && ranking === 'prediction' ? 'lcb' : 'mean';
}

/** The best of what was found that a rule chooses among, or all of it where it is less. */
export const BATCH_POOL = 1000;

/** Whether a rule looks at how sure the proxy is. */
export function needsPosterior(rule: BatchRuleName): boolean {
  return rule === 'lcb' || rule === 'ucb' || rule === 'thompson';
}
