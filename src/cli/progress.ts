import type { SingleBar } from 'cli-progress';
import type { RunProgress } from '../run/design-run.js';

/** Shows the progress of a run. */
export interface ProgressDisplay {
  show(progress: RunProgress): void;
  /** Removes the bar. */
  stop(): void;
}

const names: Record<RunProgress['phase'], string> = {
  model: 'opening the model',
  features: 'reading the table',
  design: 'designing',
  selection: 'selecting',
};

/** A bar with the time left on standard error, one phase after the other; nothing where that is no terminal. */
export async function createProgressDisplay(enabled: boolean): Promise<ProgressDisplay> {
  if (!enabled || !process.stderr.isTTY) return { show() {}, stop() {} };
  const { default: progress } = await import('cli-progress');
  let bar: SingleBar | null = null;
  let phase: RunProgress['phase'] | null = null;
  const stop = () => {
    bar?.stop();
    bar = null;
  };
  return {
    show({ phase: next, step, steps }) {
      if (next !== phase) {
        stop();
        phase = next;
        bar = new progress.SingleBar({
          format: `${names[next].padEnd(17)} {bar} {percentage} % | {value}/{total} | {eta_formatted} left`,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
          etaBuffer: 5,
        });
        bar.start(steps, step);
      }
      bar?.update(step);
    },
    stop,
  };
}
