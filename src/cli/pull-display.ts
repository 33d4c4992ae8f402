import type { SingleBar } from 'cli-progress';
import type { PullProgress } from '../lm/hub/progress.js';
import { formatBytes } from './models-screen.js';

/** Shows the progress of a pull. */
export interface PullDisplay {
  show(progress: PullProgress): void;
  /** Removes the bar. */
  stop(): void;
}

/** `1:02:03`, or `2:03`. */
function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A bar with bytes, rate and time left on standard error; nothing where that is no terminal. */
export async function createPullDisplay(enabled: boolean): Promise<PullDisplay> {
  if (!enabled || !process.stderr.isTTY) return { show() {}, stop() {} };
  const { default: progress } = await import('cli-progress');
  let bar: SingleBar | null = null;
  return {
    show({ phase, file, done, total, rate, secondsLeft }) {
      if (!bar) {
        const format = '{what} {bar} {percentage} % | {amount} | {left}';
        bar = new progress.SingleBar({
          format,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        bar.start(total, done, { what: '', amount: '', left: '' });
      }
      const amount = `${formatBytes(done)} of ${formatBytes(total)}`;
      const left = secondsLeft === null ? '' : `${formatBytes(rate ?? 0)}/s, ${formatTime(secondsLeft)} left`;
      bar.update(done, { what: `${phase === 'check' ? 'checking' : 'getting '} ${file}`, amount, left });
    },
    stop() {
      bar?.stop();
      bar = null;
    },
  };
}
