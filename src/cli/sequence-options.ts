import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { SequenceHooks, SequenceProgress } from '../run/lm/embed-file.js';
import type { SourceOptions } from '../run/lm/sequence-source.js';
import { printable } from '../run/printable.js';
import { memory, number } from './parse.js';
import { formatTimeLeft } from './progress.js';
import { addTableOptions, type TableFlags } from './table-options.js';

/** The options of commands that run a model over sequences, as commander parses them. */
export interface SequenceFlags extends TableFlags {
  inputFormat?: 'fasta' | 'table';
  model?: string;
  tooLong?: 'error' | 'skip';
  workers?: number;
  memory?: number;
  force?: boolean;
  quiet?: boolean;
}

/** Adds the options that say which sequences are read and by which model. */
export function addSequenceOptions(command: Command): Command {
  command
    .optionsGroup('The model and the machine:')
    .option(
      '--model <name|path>',
      "language model: a name of 'biseq models list', a folder or an ONNX file (default: the embedded one)",
    )
    .addOption(
      new Option('--workers <number>', 'worker threads (default: one a core, at most 8)').argParser(
        number('--workers'),
      ),
    )
    .addOption(
      new Option('--memory <MiB>', 'memory that the run may take (default: half of what is free)').argParser(
        memory('--memory'),
      ),
    )
    .addOption(
      new Option(
        '--input-format <format>',
        'fasta or table (default: FASTA if it begins with >; standard input is FASTA)',
      ).choices(['fasta', 'table']),
    )
    .addOption(
      new Option('--too-long <what>', 'sequences that are too long for the model')
        .choices(['error', 'skip'])
        .default('error'),
    );
  return addTableOptions(command);
}

/** The options as the library takes them. */
export async function sourceOptions(flags: SequenceFlags, signal: AbortSignal): Promise<SourceOptions> {
  const { readWildType } = await import('../table/wild-type.js');
  const { wildType: given, sites, sequenceColumn, scoreColumn, idColumn, offset, firstPosition } = flags;
  const { stops, nonFiniteScores, alphabet, delimiter, allowUnequalLengths, maxBytes } = flags;
  const wildType = given === undefined ? undefined : await readWildType(given, { signal });
  return {
    ...{ wildType, sites, sequenceColumn, scoreColumn, idColumn, offset, firstPosition, signal },
    ...{ stops, nonFiniteScores, alphabet, delimiter, allowUnequalLengths, maxBytes },
    ...{ format: flags.inputFormat, model: flags.model, tooLong: flags.tooLong, memory: flags.memory },
  };
}

/** Milliseconds between updates of the bar. */
const EVERY = 200;

/** What to tell on standard error while sequences are run; `stop` removes it. */
export interface SequenceDisplay extends Required<SequenceHooks> {
  stop(): void;
}

/** A bar with the time left on standard error, nothing where that is no terminal; and what was noticed in reading. */
export async function createSequenceDisplay(what: string, quiet: boolean): Promise<SequenceDisplay> {
  const say = (text: string) => quiet || process.stderr.write(`${printable(text)}\n`);
  const onOpen: SequenceDisplay['onOpen'] = ({ model, count, notes }) => {
    notes.forEach((note) => say(`note: ${note}`));
    const many =
      count === null ? 'sequences of standard input' : `${count.toLocaleString('en-US')} sequences`;
    say(`${what} ${many} with ${model.name}`);
  };
  if (quiet || !process.stderr.isTTY) return { onOpen, onProgress() {}, stop() {} };
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar({
    format: `${what} {bar} {value}/{total} | {left} left`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  const [since, updated] = [performance.now(), { at: -Infinity }];
  let started = false;
  return {
    onOpen,
    onProgress({ done, total, resumed }: SequenceProgress) {
      const now = performance.now();
      if (now - updated.at < EVERY && done !== total) return;
      updated.at = now;
      // Of standard input nobody knows the end: the bar counts only.
      const left = total === null ? '?' : formatTimeLeft(now - since, done - resumed, total - resumed);
      if (!started) bar.start(total ?? done, done, { left });
      started = true;
      if (total === null) bar.setTotal(done + 1);
      bar.update(done, { left });
    },
    stop: () => bar.stop(),
  };
}

/** Says after an interruption how to go on, if there is something to go on with. */
export function sayHowToGoOn(out: string, quiet: boolean): void {
  if (quiet || ![`${out}.partial`, `${out}.values.partial`].some((file) => existsSync(file))) return;
  const text = `the unfinished output is kept beside ${out}: run the same command again to go on`;
  process.stderr.write(`${printable(text)}\n`);
}
