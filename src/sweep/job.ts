import type { Cell, CellOutcome, Circumstances } from './record.js';

/** Where the tables of tasks are looked for; see `DataOptions`. */
export interface DataPlaces {
  dataDir?: string;
  offline?: boolean;
}

/** A task as `loadTask` opens it: a name or the absolute path of a task file, and perhaps a table in place of its own. */
export interface TaskSource {
  task: string;
  /** Absolute path. */
  file?: string;
}

/** A cell ready to be computed, by any process on any machine that has the data. */
export interface CellJob {
  /** What it computes; all of its result depends on it, on the code and on the data. */
  cell: Cell;
  /** See `CellRecord`. */
  key: string;
  code: string;
  expected: Readonly<Record<string, string>>;
  /** Where to find what it needs. */
  source: TaskSource;
  data: DataPlaces;
  /** Estimate of the memory that it takes, in bytes. */
  memoryBytes: number;
}

/** What became of a job. */
export interface JobReport {
  job: CellJob;
  outcome: CellOutcome;
  circumstances: Circumstances;
}

/**
 * Computes jobs: in this process, in child processes, or by a queue. What comes out does not depend on which.
 */
export interface Executor {
  /**
   * Asks `next` for a job whenever there is room for one more, until it has none, and hands over every report in the
   * order in which jobs end. A job that fails is a report like any other.
   * @param done is awaited, one call at a time; if it throws, nothing more is started, and `execute` throws it
   * @throws CancelledError when the signal fires; jobs that were running are then given up without a report
   */
  execute(
    next: () => Promise<CellJob | null>,
    done: (report: JobReport) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void>;
}
