import { Command, Option } from 'commander';
import { InputError } from '../core/errors.js';
import type { EmbedFileOptions } from '../run/lm/embed-file.js';
import { printable } from '../run/printable.js';
import { interruptible } from './interrupt.js';
import { positions } from './parse.js';
import {
  addSequenceOptions,
  createSequenceDisplay,
  sayHowToGoOn,
  type SequenceFlags,
  sourceOptions,
} from './sequence-options.js';

interface EmbedFlags extends SequenceFlags {
  out: string;
  format?: 'npy' | 'safetensors' | 'parquet';
  perResidue?: boolean;
  at?: number[];
  json?: boolean;
}

/** `biseq embed SEQUENCES --out FILE` */
export function embedCommand(): Command {
  const command = new Command('embed')
    .description('Write embeddings of sequences by a language model: its last hidden state.')
    .argument('<sequences>', 'FASTA, CSV or TSV, plain or gzip; - for standard input')
    .optionsGroup('Output:')
    .requiredOption('-o, --out <file>', 'file to write: .npy, .safetensors or .parquet')
    .addOption(
      new Option('--format <format>', "format of the file (default: by the name's ending)").choices([
        'npy',
        'safetensors',
        'parquet',
      ]),
    )
    .option('--per-residue', 'a vector for each residue (default: the mean over residues)')
    .addOption(
      new Option('--at <positions>', 'a vector for each of these residues, e.g. 39,40,41,54').argParser(
        positions('--at'),
      ),
    )
    .option('--force', 'replace the file')
    .option('--json', 'print one JSON object instead of text')
    .option('--quiet', 'print nothing but errors');
  return addSequenceOptions(command)
    .addHelpText('after', HELP)
    .action((input: string, flags: EmbedFlags) => interruptible((signal) => run(input, flags, signal)));
}

const HELP = `
.npy and .safetensors hold one array; FILE.index.csv beside it says which rows are whose. Parquet holds the ids.
Interrupted, the same command goes on where it stopped.

Example:
  biseq embed proteins.fasta --out embeddings.npy`;

async function run(input: string, flags: EmbedFlags, signal: AbortSignal): Promise<void> {
  const { embedToFile } = await import('../run/lm/embed-file.js');
  const quiet = Boolean(flags.quiet || flags.json);
  const { force, workers, format: outFormat } = flags;
  const options = { ...(await sourceOptions(flags, signal)), what: whatOf(flags), force, workers, outFormat };
  const display = await createSequenceDisplay('embedding', quiet);
  try {
    const result = await embedToFile(input, flags.out, options, display).finally(display.stop);
    if (flags.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else if (!quiet) {
      const files = [result.file, ...(result.index === null ? [] : [result.index])].join(', ');
      process.stdout.write(`${printable(`${result.shape.join(' x ')} float32 in ${files}`)}\n`);
    }
  } catch (error) {
    if (signal.aborted) sayHowToGoOn(flags.out, quiet);
    throw error;
  }
}

function whatOf({ perResidue, at }: EmbedFlags): EmbedFileOptions['what'] {
  if (perResidue && at) {
    throw new InputError({
      what: 'options --per-residue and --at contradict each other',
      expected: 'one of them',
    });
  }
  return at ? { sites: at } : perResidue ? 'residues' : 'mean';
}
