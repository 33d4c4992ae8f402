import { throwIfAborted } from '../core/errors.js';
import type { Executor } from './job.js';
import { runJob } from './run-job.js';

/** Computes jobs in this process, one after the other. */
export function createLocalExecutor(): Executor {
  return {
    async execute(next, done, signal) {
      for (;;) {
        throwIfAborted(signal);
        const job = await next();
        if (job === null) return;
        await done(await runJob(job, signal));
      }
    },
  };
}
