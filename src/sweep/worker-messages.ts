import type { CellJob } from './job.js';
import type { CellOutcome, Circumstances } from './record.js';

/** From a sweep to a worker process: the one job of its life. */
export interface WorkerTask {
  job: CellJob;
}

/**
 * From a worker process: what became of the job, or that it cannot begin because the program is not the one that the
 * sweep was planned with.
 */
export type WorkerReply =
  | { kind: 'report'; outcome: CellOutcome; circumstances: Circumstances }
  | { kind: 'other-code'; code: string };
