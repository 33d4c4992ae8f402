import { Command } from 'commander';
import { InputError } from '../core/errors.js';
import type { EditProgress } from '../run/edit-run.js';
import { addEditOptions, type EditFlags, editOptions } from './edit-options.js';
import { interruptible } from './interrupt.js';
import { loadTableOf } from './table-options.js';

/** `biseq edit LEAD --table TABLE --out DIR` */
export function editCommand(): Command {
  const command = new Command('edit')
    .description('Edit a variant towards a better score, by exact diffusion inversion (BDIA).')
    .argument(
      '<lead>',
      'what is edited: best, wild-type, the id of a row, a sequence (or the letters of the sites), or mutations of the wild type',
    )
    .usage('<lead> --table <table> --out <folder> [options]');
  return addEditOptions(command)
    .addHelpText('after', "\nExample:\n  biseq edit best --table example:gb1 --target '+2 sd' --out edits")
    .action((lead: string, flags: EditFlags) => interruptible((signal) => edit(lead, flags, signal)));
}

async function edit(lead: string, flags: EditFlags, signal: AbortSignal): Promise<void> {
  const { prepareOutput } = await import('./output-folder.js');
  const { parseTarget } = await import('../run/edit-target.js');
  const { editFromTable } = await import('../run/edit-run.js');
  const { editFiles, editSummary } = await import('../run/edit-files.js');
  const { describeTable } = await import('./screen.js');
  const screen = await import('./edit-screen.js');
  const source = required(flags.table, 'no table is given', '--table TABLE');
  const output = prepareOutput(
    required(flags.out, 'no output folder is given', '--out FOLDER'),
    flags.force ?? false,
  );
  if (flags.target !== undefined) parseTarget(flags.target);
  const say = (text: string) => {
    if (!flags.quiet && !flags.json) process.stdout.write(`${text}\n`);
  };

  const since = performance.now();
  const table = await loadTableOf(source, flags, signal);
  const tableSeconds = (performance.now() - since) / 1000;
  say(describeTable(table));
  const display = await createDisplay(!flags.quiet);
  const hooks = { signal, onProgress: display.show };
  const run = await editFromTable(table, lead, editOptions(flags), hooks).finally(display.stop);
  const circumstances = { finishedAt: new Date(), tableSeconds };
  output.write(editFiles(run, circumstances));
  say(screen.describeEdit(run));
  say(screen.ladderTable(run));
  say(screen.editTable(run));
  say(screen.describeEditOutput(run, flags.out ?? output.folder));
  if (!flags.json) return;
  const summary = { out: output.folder, ...editSummary(run, circumstances) };
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
}

/** Checked here and not by commander, which would speak of it before it speaks of a misspelt option. */
function required(value: string | undefined, what: string, expected: string): string {
  if (value) return value;
  throw new InputError({ what, expected, got: 'none' });
}

const names: Record<EditProgress['phase'], string> = {
  proxy: 'learning scores',
  training: 'training the diffusion model',
  editing: 'editing',
};

/** A bar on standard error for each phase; nothing where that is no terminal. */
async function createDisplay(enabled: boolean) {
  if (!enabled || !process.stderr.isTTY) return { show() {}, stop() {} };
  const { default: progress } = await import('cli-progress');
  const { formatTimeLeft } = await import('./progress.js');
  const bar = new progress.SingleBar({
    format: '{name} {bar} {value}/{total} | {left} left',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  let since = performance.now();
  let phase: EditProgress['phase'] | null = null;
  return {
    show({ phase: next, step, steps }: EditProgress) {
      if (next !== phase) {
        bar.stop();
        since = performance.now();
        bar.start(steps, 0, { name: names[next], left: '?' });
      }
      phase = next;
      bar.update(step, { left: formatTimeLeft(performance.now() - since, step, steps) });
    },
    stop: () => bar.stop(),
  };
}
