import { Command, Option } from 'commander';
import { CancelledError } from '../core/errors.js';
import type { ScoreFileOptions, ScoreResult } from '../run/lm/score-file.js';
import { printable } from '../run/printable.js';
import { interruptible } from './interrupt.js';
import {
  addSequenceOptions,
  createSequenceDisplay,
  sayHowToGoOn,
  type SequenceFlags,
  sourceOptions,
} from './sequence-options.js';

interface ScoreFlags extends SequenceFlags, Pick<ScoreFileOptions, 'method' | 'marginals'> {
  out?: string;
}

/** `biseq score SEQUENCES [--out FILE]` */
export function scoreCommand(): Command {
  const command = new Command('score')
    .description('Score sequences by the likelihood that a language model gives them, as CSV.')
    .argument('<sequences>', 'FASTA, CSV or TSV, plain or gzip; - for standard input')
    .optionsGroup('The score:')
    .addOption(
      new Option(
        '--method <method>',
        'default: llr with a wild type, else log-likelihood for causal models, pseudo-perplexity for others',
      ).choices(['pseudo-perplexity', 'llr', 'log-likelihood']),
    )
    .addOption(
      new Option(
        '--marginals <which>',
        'for llr: hide each position in turn, or read the wild type once',
      ).choices(['masked', 'wild-type']),
    )
    .optionsGroup('Output:')
    .option('-o, --out <file>', 'CSV file to write (default: standard output)')
    .option('--force', 'replace the file')
    .option('--quiet', 'print nothing but errors and scores');
  return addSequenceOptions(command)
    .addHelpText('after', HELP)
    .action((input: string, flags: ScoreFlags) => interruptible((signal) => run(input, flags, signal)));
}

const HELP = `
Scores are in nats: pseudo_log_likelihood, pseudo_perplexity | mutations, llr | log_likelihood, perplexity.
llr is the log-likelihood ratio to the wild type. Interrupted, the same command with --out goes on where it stopped.

Example:
  biseq score variants.fasta --wild-type wild-type.fasta --out scores.csv`;

async function run(input: string, flags: ScoreFlags, signal: AbortSignal): Promise<void> {
  const { scoreTo, scoreToFile } = await import('../run/lm/score-file.js');
  const { method, marginals, force, workers, out, quiet = false } = flags;
  const options = { ...(await sourceOptions(flags, signal)), method, marginals, force, workers };
  const display = await createSequenceDisplay('scoring', quiet);
  if (out === undefined) {
    const done = scoreTo(input, print, options, display).finally(display.stop);
    // Whoever reads may have had enough (`biseq score ... | head`).
    await done.catch((error: unknown) => {
      if (process.stdout.writable) throw error;
    });
    return;
  }
  try {
    const result = await scoreToFile(input, out, options, display).finally(display.stop);
    if (!quiet) process.stdout.write(`${printable(summary(result, out))}\n`);
  } catch (error) {
    if (signal.aborted) sayHowToGoOn(out, quiet);
    throw error;
  }
}

const summary = ({ sequences, method }: ScoreResult, out: string) =>
  `${method} of ${sequences.toLocaleString('en-US')} sequences in ${out}`;

/** Writes to standard output no faster than it is read. @throws CancelledError when nobody reads any more */
async function print(text: string): Promise<void> {
  const { stdout } = process;
  if (!stdout.writable) throw new CancelledError();
  if (stdout.write(text)) return;
  await new Promise<void>((resolve) => {
    const go = () => {
      stdout.off('drain', go).off('error', go);
      resolve();
    };
    stdout.on('drain', go).on('error', go);
  });
}
