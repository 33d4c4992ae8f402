import { type Command, Option } from 'commander';
import { lettersAt, positions, wordOrNumber } from './parse.js';

/** What differs between the commands that keep constraints. */
export interface ConstraintWording {
  /** The default of `--max-mutations`, in words. */
  maxMutations: string;
  /** What mutations are counted from where there is no wild type: a choice of `--mutations-from`. */
  origin: 'start' | 'lead';
}

/** Adds the options that say what may change, for `design` and `edit`. Defaults are told, not set. */
export function addConstraintOptions(command: Command, { maxMutations, origin }: ConstraintWording): void {
  const list = (flag: string, text: string) =>
    new Option(`${flag} <positions>`, text).argParser(positions(flag));
  command
    .optionsGroup("What may change (positions in the table's own numbering):")
    .addOption(
      list(
        '--designable',
        'positions that may change, e.g. 5-20,39 (default: the sites, else those that vary in the table)',
      ),
    )
    .addOption(list('--fixed', 'positions that must not change'))
    .option('--letters <letters>', 'letters allowed at every designable position (default: all)')
    .addOption(
      new Option('--letters-at <list>', 'letters allowed at single positions, e.g. 39=AVIL,41=G').argParser(
        lettersAt('--letters-at'),
      ),
    )
    .addOption(
      new Option(
        '--max-mutations <number>',
        `largest number of mutations, or any (default: ${maxMutations})`,
      ).argParser(wordOrNumber('--max-mutations', 'any')),
    )
    .addOption(
      new Option(
        '--mutations-from <what>',
        `where they are counted from (default: the wild type if given, else the ${origin})`,
      ).choices(['wild-type', origin]),
    );
}
