import { CancelledError } from '../core/errors.js';
import { describeCircumstances } from './circumstances.js';
import { computeCell } from './compute-cell.js';
import type { CellJob, JobReport } from './job.js';

/** Longest reason that is recorded, in characters. */
const LONGEST_REASON = 2000;

/**
 * Computes a job in this process; whatever is thrown becomes a report of a failed cell.
 * @throws CancelledError when the signal fires
 */
export async function runJob(job: CellJob, signal?: AbortSignal): Promise<JobReport> {
  const began = performance.now();
  try {
    const { result, circumstances } = await computeCell(job, signal);
    return { job, outcome: { status: 'done', result }, circumstances };
  } catch (error) {
    if (signal?.aborted) throw new CancelledError();
    const circumstances = describeCircumstances({ total: (performance.now() - began) / 1000 }, null);
    return { job, outcome: { status: 'failed', reason: reasonOf(error) }, circumstances };
  }
}

/** What is recorded of an error, in one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s*[\r\n]+\s*/g, ' ').slice(0, LONGEST_REASON);
}
