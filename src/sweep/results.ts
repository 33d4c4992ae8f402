import { canonicalJson } from './canonical-json.js';
import type { PlannedCell, SweepPlan } from './plan.js';
import type { Cell, CellRecord } from './record.js';
import type { Store } from './store.js';

/** Where a cell of a sweep stands. */
export type CellState =
  | { state: 'done'; record: CellRecord }
  | { state: 'failed'; record: CellRecord; reason: string }
  /** A result of another version of the code, or of other data. */
  | { state: 'outdated'; record: CellRecord }
  | { state: 'missing' };

/** A cell with where it stands. */
export interface FoundCell {
  cell: PlannedCell;
  found: CellState;
}

/**
 * Looks every cell of a sweep up in the store.
 * @param anyVersion take the latest result of any version of the code and data where there is none of the current ones
 */
export function findCells(plan: SweepPlan, store: Store, anyVersion = false): FoundCell[] {
  const latest = latestResults(store);
  return plan.cells.map((cell) => {
    const { key } = cell.job;
    const record = store.get(key);
    const other = latest.get(canonicalJson(cell.job.cell));
    if (record?.outcome.status === 'done') return { cell, found: { state: 'done', record } };
    if (other !== undefined) {
      return { cell, found: { state: anyVersion ? 'done' : 'outdated', record: other } };
    }
    if (record?.outcome.status === 'failed')
      return { cell, found: { state: 'failed', record, reason: record.outcome.reason } };
    return { cell, found: { state: 'missing' } };
  });
}

function latestResults(store: Store): Map<string, CellRecord> {
  const latest = new Map<string, CellRecord>();
  for (const record of store.records()) {
    if (record.outcome.status !== 'done') continue;
    const cell = canonicalJson(record.cell satisfies Cell);
    const known = latest.get(cell);
    if (known === undefined || known.circumstances.finishedAt <= record.circumstances.finishedAt)
      latest.set(cell, record);
  }
  return latest;
}

/** How many cells are in which state. */
export type StateCounts = Record<CellState['state'], number>;

/** Counts states. */
export function countStates(cells: readonly FoundCell[]): StateCounts {
  const counts: StateCounts = { done: 0, failed: 0, outdated: 0, missing: 0 };
  for (const { found } of cells) counts[found.state]++;
  return counts;
}
