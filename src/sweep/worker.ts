/**
 * A worker process of a sweep: computes one cell, reports, and ends. It is a process and not a thread so that a cell that
 * runs out of memory or crashes takes nothing with it, and so that its memory can be counted.
 */
import type { CellJob } from './job.js';
import { methodVersions } from './method-version.js';
import { findSweepMethod } from './methods.js';
import { runJob } from './run-job.js';
import type { WorkerReply, WorkerTask } from './worker-messages.js';

function reply(message: WorkerReply): void {
  process.send?.(message, () => process.exit(0));
}

/** The version of this program for the job. The one that planned it may know methods that this one does not. */
function codeOf({ cell: { method: name, settings } }: CellJob): string {
  const method = findSweepMethod(name);
  return method === null ? `one without the method ${name}` : methodVersions()(method, settings);
}

// the sweep was ended: what is computed here would reach nobody
process.on('disconnect', () => process.exit(1));
process.on('message', async ({ job }: WorkerTask) => {
  const code = codeOf(job);
  if (code !== job.code) return reply({ kind: 'other-code', code });
  const { outcome, circumstances } = await runJob(job);
  reply({ kind: 'report', outcome, circumstances });
});
