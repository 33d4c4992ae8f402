import { Command, Option } from 'commander';
import { InputError } from '../core/errors.js';
import type { PlanOptions, SweepPlan } from '../sweep/plan.js';
import type { Store } from '../sweep/store.js';
import { interruptible } from './interrupt.js';
import { memory, number } from './parse.js';
import { print } from './print.js';

interface PlaceFlags extends Pick<PlanOptions, 'store' | 'dataDir' | 'offline'> {
  json?: boolean;
}

interface RunFlags extends PlaceFlags {
  processes?: number;
  memory?: number;
  report?: boolean;
  anyVersion?: boolean;
  quiet?: boolean;
}

interface ShowFlags extends PlaceFlags {
  out?: string;
  anyVersion?: boolean;
}

interface TableFlags extends ShowFlags {
  format: 'markdown' | 'csv' | 'json';
  cost?: boolean;
}

const HELP = `
A config is a JSON file: {"tasks": ["tfbind8-r"], "methods": ["random", {"method": "bib", "grid": {"gamma": [0, 1]}}],
"seeds": 8}. Results go into one file beside it; what is there is never computed again.

Example:
  echo '{"tasks": ["ehrlich-20-15-2-4"], "methods": ["random"]}' > sweep.json
  biseq sweep run sweep.json`;

/**
 * `biseq sweep run | status | table | plot CONFIG`, `biseq sweep methods [NAME]`
 * @param parent whose settings the commands take over
 */
export function sweepCommand(parent: Command): Command {
  const sweep = new Command('sweep')
    .copyInheritedSettings(parent)
    .description('Compare methods on tasks with ground truth: a grid of tasks, methods, settings and seeds.')
    .addHelpText('after', HELP);
  places(sweep.command('run'))
    .description('Compute what is missing. Stop it at any time: run again to go on.')
    .addOption(
      new Option('--processes <number>', 'cells computed at once (default: one a core)').argParser(
        number('--processes'),
      ),
    )
    .addOption(
      new Option(
        '--memory <MiB>',
        'memory that they may take together (default: 80 % of what is free)',
      ).argParser(memory('--memory')),
    )
    .option('--any-version', 'compute only cells that have no result of any version of the code and data')
    .option('--report', 'then write the table (.md) and the chart (.svg) beside the config')
    .option('--json', 'print one JSON object instead of text')
    .option('--quiet', 'print nothing but errors')
    .action((config: string, flags: RunFlags) => interruptible((signal) => run(config, flags, signal)));
  places(sweep.command('status'))
    .description('Tell what is done, failed and missing.')
    .option('--json', 'print one JSON object instead of text')
    .action(status);
  shown(places(sweep.command('table')))
    .description('Mean and standard error over the seeds, and paired differences.')
    .addOption(
      new Option('--format <which>', 'kind of table')
        .choices(['markdown', 'csv', 'json'])
        .default('markdown'),
    )
    .option('--cost', 'add seconds and passes of the model per design (in csv and json always)')
    .action(table);
  shown(places(sweep.command('plot')))
    .description('A chart of every seed and the means, as SVG, or as a page where the file ends in .html.')
    .action(plot);
  sweep
    .command('methods')
    .description('List the methods that a config can name, or tell the settings of one and their defaults.')
    .argument('[name]', 'a method of the list (default: all)')
    .option('--json', 'print JSON instead of text')
    .action(methods);
  return sweep;
}

function places(command: Command): Command {
  return command
    .argument('<config>', 'JSON file of the sweep')
    .option('--store <file>', 'file of the results (default: the one that the config names, else beside it)')
    .option('--data-dir <folder>', 'folder with the tables of the tasks (default: they are downloaded)')
    .option('--offline', 'never touch the network');
}

function shown(command: Command): Command {
  return command
    .option('-o, --out <file>', 'write to a file (default: standard output)')
    .option('--any-version', 'where the current code has no result, show the latest of any other');
}

async function open(config: string, flags: PlaceFlags): Promise<{ plan: SweepPlan; store: Store }> {
  const { planSweep } = await import('../sweep/plan.js');
  const { openStore } = await import('../sweep/store.js');
  const { describeDamage } = await import('./sweep-screen.js');
  const { store: file, dataDir, offline } = flags;
  const plan = await planSweep(config, { store: file, dataDir, offline });
  const store = openStore(plan.store);
  process.stderr.write(describeDamage(store));
  return { plan, store };
}

async function run(config: string, flags: RunFlags, signal: AbortSignal): Promise<void> {
  const { createProcessExecutor } = await import('../sweep/process-executor.js');
  const { runSweep } = await import('../sweep/run.js');
  const screen = await import('./sweep-screen.js');
  const { createSweepDisplay } = await import('./sweep-display.js');
  const { plan, store } = await open(config, flags);
  const { processes, memory: memoryBytes } = checkRunFlags(flags);
  const executor = createProcessExecutor({ processes, memoryBytes });
  const display = await createSweepDisplay(plan, !flags.quiet && !flags.json);
  const { anyVersion } = flags;
  const outcome = await runSweep(plan, store, executor, { anyVersion, signal, onProgress: display.show })
    .catch((error: unknown) => {
      if (signal.aborted) process.stderr.write(screen.describeInterruption(plan));
      throw error;
    })
    .finally(display.stop);
  if (flags.report) await writeReport(plan, store, anyVersion);
  if (flags.json) print(JSON.stringify(screen.outcomeRecord(plan, outcome), null, 2));
  else if (!flags.quiet) print(screen.describeOutcome(plan, outcome));
  if (outcome.failed.length === 0) return;
  process.stderr.write(screen.describeFailures(plan, outcome));
  process.exitCode = 1;
}

/** `x.json` gets `x.md` and `x.svg`. */
async function writeReport(plan: SweepPlan, store: Store, anyVersion?: boolean): Promise<void> {
  const { findCells } = await import('../sweep/results.js');
  const { summarise } = await import('../sweep/summary.js');
  const { markdownTable } = await import('../sweep/table.js');
  const { svgPlot } = await import('../sweep/plot.js');
  const summary = summarise(plan, findCells(plan, store, anyVersion));
  const stem = plan.config.file.replace(/\.json$/i, '');
  await write(`${stem}.md`, markdownTable(summary));
  await write(`${stem}.svg`, svgPlot(summary));
}

function checkRunFlags({ processes, memory }: RunFlags): RunFlags {
  if (processes !== undefined && !(Number.isInteger(processes) && processes >= 1 && processes <= 1024)) {
    throw new InputError({
      what: 'option --processes is wrong',
      expected: 'a whole number from 1 to 1024',
      got: `${processes}`,
    });
  }
  if (memory !== undefined && memory <= 0) {
    throw new InputError({
      what: 'option --memory is wrong',
      expected: 'a number above 0',
      got: `${memory}`,
    });
  }
  return { processes, memory };
}

async function status(config: string, flags: PlaceFlags): Promise<void> {
  const { findCells } = await import('../sweep/results.js');
  const screen = await import('./sweep-screen.js');
  const { plan, store } = await open(config, flags);
  const cells = findCells(plan, store);
  print(
    flags.json
      ? JSON.stringify(screen.statusRecord(plan, cells), null, 2)
      : screen.describeStatus(plan, cells),
  );
}

async function summaryOf(config: string, flags: ShowFlags) {
  const { findCells } = await import('../sweep/results.js');
  const { summarise } = await import('../sweep/summary.js');
  const { plan, store } = await open(config, flags);
  return summarise(plan, findCells(plan, store, flags.anyVersion));
}

async function table(config: string, flags: TableFlags): Promise<void> {
  const { csvTable, jsonTable, markdownTable } = await import('../sweep/table.js');
  const summary = await summaryOf(config, flags);
  if (flags.format === 'csv') return write(flags.out, csvTable(summary));
  if (flags.format === 'json') return write(flags.out, jsonTable(summary));
  return write(flags.out, markdownTable(summary, { cost: flags.cost }));
}

async function plot(config: string, flags: ShowFlags): Promise<void> {
  const { htmlPlot, svgPlot } = await import('../sweep/plot.js');
  const summary = await summaryOf(config, flags);
  return write(flags.out, /\.html?$/i.test(flags.out ?? '') ? htmlPlot(summary) : svgPlot(summary));
}

async function methods(name: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const { describeMethods } = await import('../sweep/method-list.js');
  const { findNamed } = await import('./find-named.js');
  const screen = await import('./methods-screen.js');
  const all = describeMethods();
  if (name === undefined) return print(json ? JSON.stringify(all, null, 2) : screen.methodTable(all));
  const found = findNamed('method', name, all);
  print(json ? JSON.stringify(found, null, 2) : screen.methodCard(found));
}

async function write(out: string | undefined, text: string): Promise<void> {
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  const { atomicWrite } = await import('../lm/io/atomic.js');
  try {
    atomicWrite(out, [text]);
  } catch (cause) {
    throw new InputError(
      {
        what: 'the file cannot be written',
        file: out,
        got: (cause as Error).message,
        fix: 'Name another by --out.',
      },
      { cause },
    );
  }
}
