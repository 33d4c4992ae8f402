import Table from 'cli-table3';
import { printable } from '../run/printable.js';
import type { CellJob } from '../sweep/job.js';
import type { SweepPlan } from '../sweep/plan.js';
import { runsOn } from '../sweep/plan-methods.js';
import { countStates, type FoundCell, type StateCounts } from '../sweep/results.js';
import type { SweepOutcome } from '../sweep/run.js';
import type { Store } from '../sweep/store.js';

/** Lines that are named one by one. */
const SHOWN = 10;

const lines = (list: readonly string[]): string => list.map((line) => `${printable(line)}\n`).join('');

/** A note for each line of the store that was not understood; nothing where there is none. */
export function describeDamage({ damaged, file }: Pick<Store, 'damaged' | 'file'>): string {
  const more = damaged.length > SHOWN ? [`biseq: note: and ${damaged.length - SHOWN} more`] : [];
  const notes = damaged
    .slice(0, SHOWN)
    .map(({ line, why }) => `biseq: note: ${file}:${line}: the line does not count, because ${why}`);
  return lines([...notes, ...more]);
}

/** `tfbind8-r | bib gamma=0 | seed 3` */
export function nameOfJob(plan: SweepPlan, key: string): string {
  const cell = plan.cells.find(({ job }) => job.key === key);
  if (cell === undefined) return key;
  const { task, method, repeat } = cell;
  const { seed, plate } = task.repeats[repeat];
  return `${task.label} | ${method.label} | ${task.over === 'seeds' ? `seed ${seed}` : `plate ${plate}`}`;
}

/** What a run did, in words. */
export function describeOutcome({ store }: SweepPlan, outcome: SweepOutcome): string {
  const { total, before, computed, failed } = outcome;
  const cells = `${total} cells: ${before} were done before, ${computed} were computed, ${failed.length} failed`;
  return `${printable(`${cells}; ${store}`)}`;
}

/** What a run did, for programs. */
export function outcomeRecord(plan: SweepPlan, { failed, ...counts }: SweepOutcome) {
  const named = failed.map(({ job, reason }) => ({ cell: nameOfJob(plan, job.key), key: job.key, reason }));
  return { store: plan.store, code: Object.fromEntries(plan.code), ...counts, failed: named };
}

/** Which cells failed, and why. */
export function describeFailures(plan: SweepPlan, { failed }: Pick<SweepOutcome, 'failed'>): string {
  const shown = failed
    .slice(0, SHOWN)
    .map(({ job, reason }: { job: CellJob; reason: string }) => `  ${nameOfJob(plan, job.key)}: ${reason}`);
  const more = failed.length > SHOWN ? [`  and ${failed.length - SHOWN} more (biseq sweep status)`] : [];
  return lines([`biseq: ${failed.length} cells failed`, ...shown, ...more]);
}

/** What is said when a sweep was interrupted. */
export function describeInterruption({ store }: SweepPlan): string {
  return lines([`biseq: what is done is in ${store}; run again to go on`]);
}

/** Where a sweep stands: a line for each task and method, and the reasons of failures. */
export function describeStatus(plan: SweepPlan, cells: readonly FoundCell[]): string {
  const view = new Table({
    head: ['task', 'method', 'done', 'failed', 'outdated', 'missing'],
    style: { head: [], border: [], compact: true },
  });
  for (const { task, method, counts } of byTaskAndMethod(plan, cells)) {
    const { done, failed, outdated, missing } = counts;
    view.push(
      [task, method, ...[done, failed, outdated, missing].map((n) => (n === 0 ? '' : String(n)))].map(
        printable,
      ),
    );
  }
  const { done, failed, outdated, missing } = countStates(cells);
  const reasons = cells
    .filter(({ found }) => found.state === 'failed')
    .map(({ cell, found }) => {
      const reason = found.state === 'failed' ? found.reason : '';
      return `  ${nameOfJob(plan, cell.job.key)}: ${reason}`;
    });
  return [
    view.toString(),
    `${done} of ${cells.length} cells are done, ${failed} failed, ${missing} are missing` +
      (outdated > 0 ? `, ${outdated} have a result of another version of the code or data only` : ''),
    ...(reasons.length === 0 ? [] : [lines(reasons.slice(0, SHOWN)).trimEnd()]),
    printable(`store: ${plan.store}`),
  ].join('\n');
}

/** Where a sweep stands, for programs. */
export function statusRecord(plan: SweepPlan, cells: readonly FoundCell[]) {
  return {
    store: plan.store,
    code: Object.fromEntries(plan.code),
    ...countStates(cells),
    groups: byTaskAndMethod(plan, cells).map(({ task, method, counts }) => ({ task, method, ...counts })),
    failures: cells.flatMap(({ cell, found }) =>
      found.state === 'failed'
        ? [{ cell: nameOfJob(plan, cell.job.key), key: cell.job.key, reason: found.reason }]
        : [],
    ),
  };
}

function byTaskAndMethod(
  plan: SweepPlan,
  cells: readonly FoundCell[],
): { task: string; method: string; counts: StateCounts }[] {
  return plan.tasks.flatMap((task) =>
    plan.methods
      .filter((method) => runsOn(method, task.label))
      .map((method) => ({
        task: task.label,
        method: method.label,
        counts: countStates(cells.filter(({ cell }) => cell.task === task && cell.method === method)),
      })),
  );
}
