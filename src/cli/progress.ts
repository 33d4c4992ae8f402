import type { SingleBar } from 'cli-progress';
import type { RunProgress } from '../run/design-run.js';

/** Shows the progress of a run. */
export interface ProgressDisplay {
  show(progress: RunProgress): void;
  /** Removes the bar. */
  stop(): void;
}

/** The phases that take time. */
const names: Partial<Record<RunProgress['phase'], string>> = {
  choice: 'choosing features',
  features: 'learning from the table',
  design: 'designing',
  learning: 'verifying: learning from the table',
  hiding: 'verifying: hiding and asking back',
};

/** `1:05`, or `?` before the first step. */
export function formatTimeLeft(elapsedMs: number, step: number, steps: number): string {
  if (step <= 0) return '?';
  const seconds = Math.ceil(((elapsedMs / step) * (steps - step)) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A bar with the time left on standard error, one phase after the other; nothing where that is no terminal. */
export async function createProgressDisplay(enabled: boolean): Promise<ProgressDisplay> {
  if (!enabled || !process.stderr.isTTY) return { show() {}, stop() {} };
  const { default: progress } = await import('cli-progress');
  let bar: SingleBar | null = null;
  let phase: RunProgress['phase'] = 'model';
  let since = performance.now();
  const stop = () => {
    bar?.stop();
    bar = null;
  };
  return {
    show({ phase: next, step, steps }) {
      if (next !== phase) {
        stop();
        phase = next;
        const name = names[next];
        if (name === undefined) return;
        bar = new progress.SingleBar({
          format: `${name} {bar} {value}/{total} | {left} left`,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        bar.start(steps, 0, { left: '?' });
      }
      bar?.update(step, { left: formatTimeLeft(performance.now() - since, step, steps) });
      // a phase begins where the one before ended, ahead of its own first report
      if (step === steps) since = performance.now();
    },
    stop,
  };
}
