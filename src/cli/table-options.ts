import { type Command, Option } from 'commander';
import type { TableOptions } from '../table/options.js';
import { number, positions } from './parse.js';

/** The options that say how a table is read, as commander parses them. */
export interface TableFlags extends Omit<TableOptions, 'signal'> {
  /** A sequence, or the path of a file. */
  wildType?: string;
}

/** Adds the options that say how a table is read. */
export function addTableOptions(command: Command): Command {
  return command
    .optionsGroup('The table:')
    .option('--wild-type <sequence|file>', 'the wild type: its letters, or a FASTA file with one record')
    .addOption(
      new Option(
        '--sites <positions>',
        'the sites that the table gives the letters of, e.g. 39,40,41,54',
      ).argParser(positions('--sites')),
    )
    .option(
      '--sequence-column <name>',
      'column of the variants, by name or #2 (default: found by name and content)',
    )
    .option('--score-column <name>', 'column of the score, by name or #3 (default: found)')
    .option('--id-column <name>', 'column of the names of the variants (default: found)')
    .addOption(
      new Option(
        '--first-position <number>',
        "the table's number of the wild type's first letter (default: inferred, else 1)",
      ).argParser(number('--first-position')),
    )
    .addOption(
      new Option(
        '--offset <number>',
        'the same said otherwise: residue counted from 1 = written position + offset',
      ).argParser(number('--offset')),
    )
    .addOption(
      new Option('--stops <what>', 'rows with a stop *')
        .choices(['set-aside', 'drop', 'error'])
        .default('set-aside'),
    )
    .addOption(
      new Option('--non-finite-scores <what>', 'scores written nan or inf')
        .choices(['error', 'set-aside'])
        .default('error'),
    )
    .addOption(
      new Option('--alphabet <which>', 'what the letters are')
        .choices(['auto', 'protein', 'dna'])
        .default('auto'),
    )
    .option('--delimiter <character>', 'one character, or tab, comma, semicolon, pipe (default: found)')
    .option('--allow-unequal-lengths', 'accept sequences of different lengths; designs get the commonest')
    .addOption(
      new Option(
        '--max-bytes <number>',
        'largest table that is read, in bytes after decompression (default: 1 GiB)',
      ).argParser(number('--max-bytes')),
    );
}

/** Reads the wild type, if one is given, and the table. */
export async function loadTableOf(source: string, flags: TableFlags, signal?: AbortSignal) {
  const { loadTable } = await import('../run/load-table.js');
  const { readWildType } = await import('../table/wild-type.js');
  const { wildType: given, sites, sequenceColumn, scoreColumn, idColumn, offset, firstPosition } = flags;
  const { stops, nonFiniteScores, alphabet, delimiter, allowUnequalLengths, maxBytes } = flags;
  const wildType = given === undefined ? undefined : await readWildType(given, { signal });
  return loadTable(source, {
    ...{ wildType, sites, sequenceColumn, scoreColumn, idColumn, offset, firstPosition },
    ...{ stops, nonFiniteScores, alphabet, delimiter, allowUnequalLengths, maxBytes, signal },
  });
}
