import type { SingleBar } from 'cli-progress';
import { printable } from '../run/printable.js';
import type { SweepPlan } from '../sweep/plan.js';
import type { SweepRunOptions } from '../sweep/run.js';
import { formatTimeLeft } from './progress.js';
import { nameOfJob } from './sweep-screen.js';

/** Shows the progress of a sweep. */
export interface SweepDisplay {
  show: NonNullable<SweepRunOptions['onProgress']>;
  /** Removes the bar. */
  stop(): void;
}

/** On a terminal a bar with the time left (on standard error), else a line for each cell on standard output. */
export async function createSweepDisplay(plan: SweepPlan, enabled: boolean): Promise<SweepDisplay> {
  if (!enabled) return { show() {}, stop() {} };
  return process.stderr.isTTY ? createBar() : { show: createLines(plan), stop() {} };
}

function createLines(plan: SweepPlan): SweepDisplay['show'] {
  return ({ done, failed, total, report }) => {
    if (report === null) return;
    const { job, outcome, circumstances } = report;
    const what = outcome.status === 'done' ? `${circumstances.seconds.total} s` : `failed: ${outcome.reason}`;
    const line = `${done + failed}/${total} ${nameOfJob(plan, job.key)}: ${what}`;
    process.stdout.write(`${printable(line)}\n`);
  };
}

async function createBar(): Promise<SweepDisplay> {
  const { default: progress } = await import('cli-progress');
  let bar: SingleBar | null = null;
  let before = 0;
  const began = performance.now();
  return {
    show({ done, failed, total }) {
      if (bar === null) {
        before = done;
        bar = new progress.SingleBar({
          format: 'cells {bar} {value}/{total} | {failed} failed | {left} left',
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        bar.start(total, done, { failed: 0, left: '?' });
      }
      const left = formatTimeLeft(performance.now() - began, done + failed - before, total - before);
      bar.update(done + failed, { failed, left });
    },
    stop() {
      bar?.stop();
      bar = null;
    },
  };
}
