import { Command, Option } from 'commander';
import { InputError } from '../core/errors.js';
import { BATCH_RULES } from '../design/batch-rules.js';
import type { DesignRunOptions } from '../run/options.js';
import { interruptible } from './interrupt.js';
import { addConstraintOptions } from './constraint-options.js';
import { choice, mebibytes, memory, names, number, seed, wordOrNumber } from './parse.js';
import { addTableOptions, loadTableOf, type TableFlags } from './table-options.js';

interface DesignFlags extends TableFlags, Omit<DesignRunOptions, 'memoBytes' | 'memoryBytes'> {
  out?: string;
  force?: boolean;
  json?: boolean;
  quiet?: boolean;
  memo?: number;
  memory?: number;
}

/** `biseq design TABLE --out DIR` */
export function designCommand(): Command {
  const command = new Command('design')
    .description('Design the next plate from a table of measured variants.')
    .argument(
      '<table>',
      'CSV or TSV with a header, plain or gzip; - for standard input; example:gb1 for the bundled one',
    )
    .usage('<table> --out <folder> [options]')
    .optionsGroup('Output:')
    .option(
      '-o, --out <folder>',
      'required: folder for designs.csv, designs.fasta, run.json and timings.json',
    )
    .option('--force', 'replace the folder of an earlier run')
    .option('--json', 'print one JSON object instead of text')
    .option('--quiet', 'print nothing but errors')
    .optionsGroup('The plate:')
    .addOption(new Option('--count <number>', 'number of designs').argParser(number('--count')).default(96))
    .addOption(
      new Option('--seed <seed>', 'seed of every random draw: a number or a text').argParser(seed).default(0),
    )
    .addOption(
      new Option('--direction <which>', 'whether larger or smaller scores are better')
        .choices(['max', 'min'])
        .default('max'),
    );
  addTableOptions(command);
  addConstraintOptions(command, {
    maxMutations: 'as many as the measured variants have, at least 5',
    origin: 'start',
  });
  addMethodOptions(command);
  return command
    .addHelpText('after', '\nExample:\n  biseq design example:gb1 --out plate --count 96')
    .action((table: string, flags: DesignFlags) => interruptible((signal) => design(table, flags, signal)));
}

function addMethodOptions(command: Command): void {
  addProxyOptions(command);
  addSearchOptions(command);
  command
    .optionsGroup('Verification (does not change the designs):')
    .addOption(
      new Option(
        '--verify <how>',
        'verify the finished designs and add its columns to designs.csv; fobar: as biseq verify does (default: no)',
      )
        .choices(['fobar'])
        .argParser(choice('--verify', ['fobar'])),
    )
    .optionsGroup('The machine (does not change the designs):')
    .addOption(
      new Option('--workers <number>', 'worker threads (default: one a core, at most 8)').argParser(
        number('--workers'),
      ),
    )
    .addOption(
      new Option(
        '--memo <MiB>',
        'memory for remembered passes of the model; 0 turns it off (default: 256)',
      ).argParser(mebibytes('--memo')),
    )
    .addOption(
      new Option(
        '--memory <MiB>',
        'memory that the model may take (default: half of what is free)',
      ).argParser(memory('--memory')),
    );
}

function addProxyOptions(command: Command): void {
  command
    .optionsGroup('What the scores are learned from:')
    .addOption(
      new Option(
        '--features <which>',
        "blocks of features, chosen and weighted by the table's own rows; or the paper's: the published method",
      )
        .choices(['blocks', 'paper'])
        .argParser(choice('--features', ['blocks', 'paper']))
        .default('blocks'),
    )
    .addOption(
      new Option(
        '--blocks <names>',
        'blocks to try, e.g. onehot,pairs,llr (default: all that suit the table)',
      ).argParser(names),
    )
    .addOption(
      new Option(
        '--ridge <which>',
        "chosen by the table's own rows, or the published weak one (default: as --features)",
      )
        .choices(['evidence', 'paper'])
        .argParser(choice('--ridge', ['evidence', 'paper'])),
    )
    .option(
      '--model <name|path>',
      "language model: a name of 'biseq models list', a folder or an ONNX file; all its blocks are tried (default: the embedded one, llr alone)",
    );
}

function addSearchOptions(command: Command): void {
  command
    .optionsGroup('The search:')
    .addOption(
      new Option(
        '--search <which>',
        "auto scores every sequence where there are few, else is discrete; bib is the published one (default: auto, with the paper's features bib)",
      )
        .choices(['auto', 'bib', 'discrete', 'exhaustive'])
        .argParser(choice('--search', ['auto', 'bib', 'discrete', 'exhaustive'])),
    )
    .addOption(
      new Option(
        '--batch <rule>',
        'how the plate is taken from what was found: the best predicted, by posterior, or unlike each other (default: lcb, the lower bounds; mean where none are known)',
      )
        .choices([...BATCH_RULES])
        .argParser(choice('--batch', [...BATCH_RULES])),
    )
    .addOption(
      new Option('--mode <which>', 'which mapping drives the design')
        .choices(['both', 'forward', 'backward'])
        .default('both'),
    )
    .addOption(
      new Option('--gamma <number>', 'weight of the forward loss: adaptive, or a number from 0 to 1')
        .argParser(wordOrNumber('--gamma', 'adaptive'))
        .default('adaptive'),
    )
    .addOption(
      new Option(
        '--gamma-at <where>',
        'bib: where an adaptive gamma takes its gradient (default: current)',
      ).choices(['current', 'lookahead']),
    )
    .addOption(
      new Option('--eta <number>', 'adaptive, or bib: step size up to 10; else: letters changed at once')
        .argParser(wordOrNumber('--eta', 'adaptive'))
        .default('adaptive'),
    )
    .addOption(
      new Option(
        '--eta-over <what>',
        'bib: whether an adaptive step size goes on from step to step (default: accumulate)',
      ).choices(['accumulate', 'restart']),
    )
    .addOption(
      new Option('--steps <number>', 'optimisation steps (default: 25; bib on DNA: 100)').argParser(
        number('--steps'),
      ),
    )
    .addOption(
      new Option('--starts <number>', 'candidates, each started at one of the best measured variants')
        .argParser(number('--starts'))
        .default(128),
    )
    .addOption(
      new Option('--take <which>', 'designs are the best of all visited sequences, or the final ones first')
        .choices(['visited', 'final'])
        .default('visited'),
    );
}

async function design(source: string, flags: DesignFlags, signal: AbortSignal): Promise<void> {
  const { prepareOutput } = await import('./output-folder.js');
  const { designFromTable } = await import('../run/design-run.js');
  const { runFiles, runSummary } = await import('../run/files.js');
  const { createProgressDisplay } = await import('./progress.js');
  const screen = await import('./screen.js');
  const output = prepareOutput(requireOut(flags.out), flags.force ?? false);
  const say = (text: string) => {
    if (!flags.quiet && !flags.json) process.stdout.write(`${text}\n`);
  };

  const since = performance.now();
  const table = await loadTableOf(source, flags, signal);
  const tableSeconds = (performance.now() - since) / 1000;
  say(screen.describeTable(table));
  const display = await createProgressDisplay(!flags.quiet);
  const hooks = { signal, onProgress: display.show };
  const run = await designFromTable(table, runOptions(flags), hooks).finally(display.stop);
  const circumstances = { finishedAt: new Date(), tableSeconds };
  output.write(runFiles(run, circumstances));
  say(screen.describeRun(run));
  say(screen.designTable(run));
  say(screen.describeOutput(run, flags.out ?? output.folder));
  if (!flags.json) return;
  const summary = { out: output.folder, ...runSummary(run, circumstances) };
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
}

/** Checked here and not by commander, which would speak of it before it speaks of a misspelt option. */
function requireOut(out: string | undefined): string {
  if (out) return out;
  throw new InputError({
    what: 'no output folder is given',
    expected: '--out FOLDER',
    got: 'none',
    fix: 'Name one that does not exist yet.',
  });
}

function runOptions(flags: DesignFlags): DesignRunOptions {
  const {
    count,
    seed,
    direction,
    model,
    designable,
    fixed,
    letters,
    lettersAt,
    maxMutations,
    mutationsFrom,
  } = flags;
  const { features, blocks, ridge, search, batch } = flags;
  const { mode, gamma, gammaAt, eta, etaOver, steps, starts, take, verify, workers } = flags;
  const { memo: memoBytes, memory: memoryBytes } = flags;
  return {
    ...{ count, seed, direction, model, designable, fixed, letters, lettersAt, maxMutations, mutationsFrom },
    ...{ features, blocks, ridge, search, batch },
    ...{ mode, gamma, gammaAt, eta, etaOver, steps, starts, take, verify, workers, memoBytes, memoryBytes },
  };
}
