import type { SingleBar } from 'cli-progress';
import { printable } from '../run/printable.js';
import type { Verification, VerifyProgress } from '../run/verify/verify.js';
import type { FobarResult } from '../verify/index.js';
import { formatTimeLeft } from './progress.js';

const names: Record<VerifyProgress['phase'], string> = {
  learning: 'learning from the table',
  hiding: 'hiding and asking back',
};

/** A bar with the time left on standard error, one phase after the other; nothing where that is no terminal. */
export async function createVerifyDisplay(enabled: boolean) {
  if (!enabled || !process.stderr.isTTY) return { show() {}, stop() {} };
  const { default: progress } = await import('cli-progress');
  let bar: SingleBar | null = null;
  let phase: VerifyProgress['phase'] | null = null;
  let since = performance.now();
  const stop = () => {
    bar?.stop();
    bar = null;
  };
  return {
    show({ phase: next, step, steps }: VerifyProgress) {
      if (next !== phase) {
        stop();
        [phase, since] = [next, performance.now()];
        bar = new progress.SingleBar({
          format: `${names[next]} {bar} {value}/{total} | {left} left`,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        bar.start(steps, 0, { left: '?' });
      }
      bar?.update(step, { left: formatTimeLeft(performance.now() - since, step, steps) });
    },
    stop,
  };
}

/** What was done and how far it can be trusted, in lines. */
export function describeVerification(verification: Verification, out: string | undefined): string {
  const { list, fobar, trlm, options, notes, order } = verification;
  const lines = [`${order.length} candidates of ${list.source}, ranked by ${options.rankBy.toUpperCase()}`];
  if (fobar !== null) lines.push(...describeFobar(fobar));
  if (trlm !== null) {
    const [forward, reverse] = trlm.models;
    lines.push(`time-reversed pair: ${forward} and ${reverse}, region ${trlm.regionText}`);
  }
  lines.push(...notes.map((note) => `note: ${note}`));
  if (out !== undefined) lines.push(`written: ${out}`);
  return lines.map(printable).join('\n');
}

/** What forward-backward verification found of all candidates together, a line each. */
export function describeFobar({ chains, best, spread, moved, candidates }: FobarResult): string[] {
  const asked = candidates.reduce((most, one) => Math.max(most, one.asked), 0);
  const lines = [
    `forward: ${chains} chains with ${best} votes each; backward: ${asked} hidden for each candidate, ` +
      `${spread.min} to ${spread.max} recovered, mean ${spread.mean.toFixed(1)} ` +
      `(deviation ${spread.deviation.toFixed(2)}, by chance ${spread.chance.toFixed(2)})`,
  ];
  if (moved.of === 0) return lines;
  return [
    ...lines,
    `of ${moved.of} hidden scores ${moved.gained} are recovered because of the candidate, ${moved.lost} are not because of it`,
  ];
}
