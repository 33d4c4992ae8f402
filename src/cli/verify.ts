import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import { InputError } from '../core/errors.js';
import type { VerifyOptions } from '../run/verify/options.js';
import { interruptible } from './interrupt.js';
import { number, positions, seed } from './parse.js';
import { addTableOptions, loadTableOf, type TableFlags } from './table-options.js';

interface VerifyFlags extends TableFlags, Omit<VerifyOptions, 'region'> {
  table?: string;
  candidateColumn?: string;
  region?: number[];
  out?: string;
  force?: boolean;
  quiet?: boolean;
}

/** `biseq verify DESIGNS --table TABLE [--out FILE]` */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('Re-rank designs by asking back: FOBAR (the measured table) and TRLM (language models).')
    .argument(
      '<designs>',
      'designs.csv, another CSV or TSV with full sequences, or FASTA; - for standard input',
    )
    .usage('<designs> --table <table> [options]')
    .option(
      '--table <table>',
      'the measured variants that they were designed from; as for design (needed but for --trlm alone)',
    )
    .option('--fobar', 'forward-backward verification against the table (default, unless --trlm is given)')
    .option('--trlm', 'score by a forward and a reverse language model')
    .addOption(
      new Option('--rank-by <which>', 'what the new order follows (default: FOBAR if it is run)').choices([
        'fobar',
        'trlm',
      ]),
    )
    .option('--candidate-column <name>', 'column of the designs, by name or #2 (default: found)')
    .optionsGroup('Output:')
    .option('-o, --out <file>', 'CSV file to write (default: standard output)')
    .option('--force', 'replace the file')
    .option('--quiet', 'print nothing but errors and the CSV');
  addFobarOptions(command);
  addTrlmOptions(command);
  return addTableOptions(command)
    .addHelpText('after', HELP)
    .action((designs: string, flags: VerifyFlags) =>
      interruptible((signal) => verify(designs, flags, signal)),
    );
}

const HELP = `
Columns that are added: verified_rank | forward_share (chains that vote for the design), backward_share (hidden things
recovered), recovered, combined_share | trlm_forward, trlm_reverse, trlm_score (nats).

Examples:
  biseq verify plate/designs.csv --table example:gb1 --out verified.csv
  biseq verify plate/designs.csv --table example:gb1 --trlm --out verified.csv`;

function addFobarOptions(command: Command): void {
  const count = (flags: string, text: string) =>
    new Option(`${flags} <number>`, text).argParser(number(flags));
  command
    .optionsGroup('FOBAR:')
    .addOption(count('--alpha', 'weight of the forward share, from 0 to 1').default(0.5))
    .addOption(count('--chains', 'forward chains: bootstraps of the proxy that vote').default(10))
    .addOption(count('--best', 'designs that each chain votes for (default: a quarter of them)'))
    .addOption(
      new Option(
        '--hide <what>',
        'what is hidden and asked for: measured scores near a design, its conserved residues',
      )
        .choices(['scores', 'residues', 'both'])
        .default('scores'),
    )
    .addOption(count('--hidden', 'things hidden for each design, of each kind').default(8))
    .addOption(count('--eps', 'smoothing of the backward share').default(1e-8))
    .option(
      '--model <name|folder>',
      'masked language model that recovers residues (default: the embedded one)',
    )
    .addOption(
      new Option('--direction <which>', 'whether larger or smaller scores are better')
        .choices(['max', 'min'])
        .default('max'),
    )
    .addOption(
      new Option('--seed <seed>', 'seed of every random draw: a number or a text').argParser(seed).default(0),
    );
}

function addTrlmOptions(command: Command): void {
  command
    .optionsGroup('TRLM:')
    .addOption(
      new Option('--trlm-alpha <number>', 'weight of the reverse model; 0 is the forward ranking')
        .argParser(number('--trlm-alpha'))
        .default(1),
    )
    .option('--forward-model <name|folder>', 'causal model that reads as written (default: the embedded one)')
    .option(
      '--reverse-model <name|folder>',
      'causal model that reads from the other end (default: the embedded one)',
    )
    .addOption(
      new Option(
        '--region <first-last>',
        "the designed region in the table's numbering (default: all that varies)",
      ).argParser(positions('--region')),
    )
    .addOption(
      new Option('--recall <what>', 'what the reverse model is asked for')
        .choices(['left-flank', 'whole'])
        .default('left-flank'),
    )
    .addOption(
      new Option('--strand <which>', 'strand of a DNA that is read')
        .choices(['given', 'reverse-complement', 'both'])
        .default('given'),
    )
    .addOption(
      new Option('--workers <number>', 'worker threads (default: one a core, at most 8)').argParser(
        number('--workers'),
      ),
    );
}

async function verify(source: string, flags: VerifyFlags, signal: AbortSignal): Promise<void> {
  const { readCandidates } = await import('../run/verify/candidates.js');
  const { checkVerifyOptions } = await import('../run/verify/options.js');
  const { verifiedCsv } = await import('../run/verify/csv.js');
  const { verifyCandidates } = await import('../run/verify/verify.js');
  const { createVerifyDisplay, describeVerification } = await import('./verify-screen.js');
  const { table: tableSource, out, quiet = false } = flags;
  const options = optionsOf(flags);
  checkVerifyOptions(options);
  checkSources(source, tableSource);
  checkOut(out, flags.force ?? false);
  const { candidateColumn: sequenceColumn, maxBytes } = flags;
  const list = await readCandidates(source, { sequenceColumn, maxBytes, signal });
  const table = tableSource === undefined ? null : await loadTableOf(tableSource, flags, signal);
  const display = await createVerifyDisplay(!quiet);
  const hooks = { signal, onProgress: display.show };
  const verification = await verifyCandidates(list, table, options, hooks).finally(display.stop);
  const csv = verifiedCsv(verification);
  if (out !== undefined) await write(out, csv);
  if (!quiet) {
    // the CSV has standard output to itself
    const stream = out === undefined ? process.stderr : process.stdout;
    stream.write(`${describeVerification(verification, out)}\n`);
  }
  if (out === undefined) process.stdout.write(csv);
}

function optionsOf(flags: VerifyFlags): VerifyOptions {
  const { fobar, trlm, rankBy, direction, seed, workers, alpha, eps, chains, best, hide, hidden } = flags;
  const { model, trlmAlpha, forwardModel, reverseModel, recall, strand, region } = flags;
  return {
    ...{ fobar, trlm, rankBy, direction, seed, workers, alpha, eps, chains, best, hide, hidden },
    ...{ model, trlmAlpha, forwardModel, reverseModel, recall, strand },
    region: region && [Math.min(...region), Math.max(...region)],
  };
}

function checkSources(designs: string, table: string | undefined): void {
  if (designs !== '-' || table !== '-') return;
  throw new InputError({
    what: 'the designs and the table cannot both come by standard input',
    expected: 'a file for one of them',
    got: '- twice',
  });
}

/** Before the work, which would be lost. */
function checkOut(out: string | undefined, force: boolean): void {
  if (out === undefined) return;
  if (existsSync(out) && !force) {
    throw new InputError({
      what: 'the output file exists already',
      file: out,
      fix: 'Name another by --out, or say --force to replace it.',
    });
  }
  if (existsSync(path.dirname(out))) return;
  throw new InputError({
    what: 'the output cannot be written (its folder does not exist)',
    file: out,
    fix: 'Make the folder, or choose another by --out.',
  });
}

async function write(out: string, csv: string): Promise<void> {
  const { atomicWrite } = await import('../lm/io/atomic.js');
  const { writeFault } = await import('../run/lm/write-fault.js');
  writeFault(out, () => atomicWrite(out, [csv]));
}
