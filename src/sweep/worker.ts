/**
 * A worker process of a sweep: computes one cell, reports, and ends. It is a process and not a thread so that a cell that
 * runs out of memory or crashes takes nothing with it, and so that its memory can be counted.
 */
import { codeVersion } from './code-version.js';
import { runJob } from './run-job.js';
import type { WorkerReply, WorkerTask } from './worker-messages.js';

function reply(message: WorkerReply): void {
  process.send?.(message, () => process.exit(0));
}

// the sweep was ended: what is computed here would reach nobody
process.on('disconnect', () => process.exit(1));
process.on('message', async ({ job }: WorkerTask) => {
  const code = codeVersion();
  if (code !== job.code) return reply({ kind: 'other-code', code });
  const { outcome, circumstances } = await runJob(job);
  reply({ kind: 'report', outcome, circumstances });
});
