import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, InputError, throwIfAborted } from '../core/errors.js';
import { openTask } from '../tasks/index.js';
import { type Claims, openClaims } from './claims.js';
import { FaultLog } from './fault-log.js';
import type { CellJob, Executor, JobReport } from './job.js';
import type { SweepPlan } from './plan.js';
import { findCells } from './results.js';
import { type CellRecord, FORMAT } from './record.js';
import type { Store } from './store.js';

/** How a sweep is run, and what it tells about itself. */
export interface SweepRunOptions {
  /** Leave out cells that have a result of any version of the code and data. Default false: of the current ones. */
  anyVersion?: boolean;
  signal?: AbortSignal;
  /** Cells that are done, of how many, after every report; `report` is null at the beginning. */
  onProgress?: (progress: { done: number; failed: number; total: number; report: JobReport | null }) => void;
}

/** A cell without a result, and why. */
export interface FailedCell {
  job: CellJob;
  reason: string;
}

/** What a run of a sweep did. */
export interface SweepOutcome {
  /** Distinct cells of the sweep. */
  total: number;
  /** Of them were done before. */
  before: number;
  /** Were computed now, here or by another process at the same time. */
  computed: number;
  /** Have no result, because they failed. */
  failed: FailedCell[];
}

/**
 * Computes what is missing of a sweep: cells without a result, failed ones included. Everything that can be checked is
 * checked before the first. A cell that fails is recorded with its reason, and the rest goes on.
 * @throws InputError listing every task that cannot be opened, before anything is computed; or where the store cannot be
 *   written
 * @throws CancelledError when the signal fires; what is done is in the store
 */
export async function runSweep(
  plan: SweepPlan,
  store: Store,
  executor: Executor,
  { anyVersion = false, signal, onProgress }: SweepRunOptions = {},
): Promise<SweepOutcome> {
  const jobs = new Map(plan.cells.map(({ job }) => [job.key, job]));
  const accepted = new Set(anyVersion ? keysWithResult(plan, store) : []);
  const isDone = (key: string) => accepted.has(key) || store.get(key)?.outcome.status === 'done';
  const missing = [...jobs.values()].filter(({ key }) => !isDone(key));
  const total = jobs.size;
  const before = total - missing.length;
  if (missing.length === 0) return { total, before, computed: 0, failed: [] };
  await checkTasks(plan, missing, signal);

  const countDone = () => [...jobs.keys()].filter(isDone).length;
  let failures = 0;
  const tell = (report: JobReport | null) =>
    onProgress?.({ done: countDone(), failed: failures, total, report });
  tell(null);
  const claims = claimsOf(plan.store);
  try {
    const queue = new Queue(missing.map(withKnownMemory(store)), store, claims, signal);
    const done = async (report: JobReport) => {
      await store.append(recordOf(report));
      claims.release(report.job.key);
      if (report.outcome.status === 'failed') failures++;
      tell(report);
    };
    await executor.execute(() => queue.next(), done, signal);
  } finally {
    claims.close();
  }
  store.refresh();
  return { total, before, computed: countDone() - before, failed: failedCells(missing, store) };
}

/** Cells with a result of any version. */
function keysWithResult(plan: SweepPlan, store: Store): string[] {
  const found = findCells(plan, store, true).filter(({ found: { state } }) => state === 'done');
  return found.map(({ cell }) => cell.job.key);
}

function failedCells(jobs: readonly CellJob[], store: Store): FailedCell[] {
  return jobs.flatMap((job) => {
    const outcome = store.get(job.key)?.outcome;
    return outcome?.status === 'failed' ? [{ job, reason: outcome.reason }] : [];
  });
}

function claimsOf(store: string): Claims {
  try {
    mkdirSync(path.dirname(store), { recursive: true });
    return openClaims(store);
  } catch (cause) {
    throw new InputError(
      {
        what: 'the store cannot be written',
        file: store,
        got: (cause as Error).message,
        fix: 'Name another by --store.',
      },
      { cause },
    );
  }
}

/** Opens every task that a missing cell needs, one after the other, so that what is wrong is said at once. */
async function checkTasks(plan: SweepPlan, missing: readonly CellJob[], signal?: AbortSignal): Promise<void> {
  const faults = new FaultLog(plan.config.file);
  const needed = new Set(missing.map(({ source }) => source));
  for (const { at, source, repeats, count } of plan.tasks) {
    if (!needed.has(source)) continue;
    throwIfAborted(signal);
    const { data } = missing[0];
    await faults.attempt(at, async () => {
      const opened = await openTask(source.task, { file: source.file, ...data, signal });
      const { candidates } = opened.draw(repeats[0]);
      if (candidates !== null && candidates.length < count)
        faults.add(at, `expected at most ${candidates.length} designs, got ${count}`);
    });
  }
  throwIfAborted(signal);
  faults.throwIfAny();
}

/** Milliseconds between two looks at cells that other processes compute. */
const PAUSE = 500;

/**
 * The missing cells, in order. Those that another process computes are looked at again later, and left out when it has
 * recorded them, as done or as failed.
 */
class Queue {
  private waiting: { job: CellJob; earlier: CellRecord | undefined }[];

  constructor(
    jobs: readonly CellJob[],
    private readonly store: Store,
    private readonly claims: Claims,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.waiting = jobs.map((job) => ({ job, earlier: store.get(job.key) }));
  }

  async next(): Promise<CellJob | null> {
    for (;;) {
      throwIfAborted(this.signal);
      const job = this.take();
      if (job !== null || this.waiting.length === 0) return job;
      await sleep(PAUSE, undefined, { signal: this.signal }).catch(() => {
        throw new CancelledError();
      });
    }
  }

  private take(): CellJob | null {
    for (const entry of this.dropRecorded()) {
      const { job, earlier } = entry;
      if (!this.claims.claim(job.key)) continue;
      this.waiting = this.waiting.filter((other) => other !== entry);
      // another process may have recorded it between the look at the store and the claim
      this.store.refresh();
      if (this.store.get(job.key) === earlier) return job;
      this.claims.release(job.key);
    }
    return null;
  }

  private dropRecorded() {
    this.store.refresh();
    this.waiting = this.waiting.filter(({ job, earlier }) => this.store.get(job.key) === earlier);
    return this.waiting;
  }
}

/** What was seen is worth more than an estimate: the largest peak of cells that differ in seed or plate only, and a fifth. */
function withKnownMemory(store: Store): (job: CellJob) => CellJob {
  const kindOf = (cell: CellJob['cell']) =>
    JSON.stringify([cell.task, cell.method, cell.settings, cell.count]);
  const peaks = new Map<string, number>();
  for (const { cell, circumstances, outcome } of store.records()) {
    if (outcome.status !== 'done' || circumstances.peakMemoryBytes === null) continue;
    const kind = kindOf(cell);
    peaks.set(kind, Math.max(peaks.get(kind) ?? 0, circumstances.peakMemoryBytes));
  }
  return (job) => {
    const peak = peaks.get(kindOf(job.cell));
    return peak === undefined ? job : { ...job, memoryBytes: Math.ceil(1.2 * peak) };
  };
}

function recordOf({ job, outcome, circumstances }: JobReport) {
  const { key, cell, code, expected: data } = job;
  return { format: FORMAT, key, cell, code, data, outcome, circumstances } as const;
}
