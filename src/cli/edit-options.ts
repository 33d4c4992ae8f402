import { type Command, Option } from 'commander';
import type { EditRunOptions } from '../run/edit-options.js';
import { addConstraintOptions } from './constraint-options.js';
import { number, seed } from './parse.js';
import { addTableOptions, type TableFlags } from './table-options.js';

/** The options of `biseq edit`, as commander parses them. */
export interface EditFlags extends TableFlags, Omit<EditRunOptions, 'modelFile'> {
  table?: string;
  out?: string;
  force?: boolean;
  json?: boolean;
  quiet?: boolean;
  model?: string;
}

/** `0.3,0.5,0.8` */
const shares = (text: string): number[] => text.split(',').map(number('--back'));

const numeric = (name: string, text: string) => new Option(`${name} <number>`, text).argParser(number(name));

/** Adds all options. Defaults that the library fills in are told, not set. */
export function addEditOptions(command: Command): Command {
  command
    .optionsGroup('Output:')
    .option(
      '-o, --out <folder>',
      'required: folder for designs.csv, designs.fasta, run.json and timings.json',
    )
    .option('--force', 'replace the folder of an earlier run')
    .option('--json', 'print one JSON object instead of text')
    .option('--quiet', 'print nothing but errors')
    .optionsGroup('The edit:')
    .option('--table <table>', 'required: the measured variants, as for design')
    .option(
      '--target <score>',
      "a change from the lead, '+2 sd' (of the measured scores) or '+0.5', or a score, 3.2 or =-3.2 (default: +2 sd)",
    )
    .addOption(
      new Option(
        '--back <list>',
        'how far back towards noise, above 0 and up to 1: further changes more; several give a ladder (default: 0.3,0.5,0.8)',
      ).argParser(shares),
    )
    .addOption(numeric('--count', 'edits for each of them, at most (default: 8)'))
    .addOption(
      new Option('--direction <which>', 'whether larger or smaller scores are better')
        .choices(['max', 'min'])
        .default('max'),
    )
    .addOption(
      new Option('--seed <seed>', 'seed of every random draw: a number or a text').argParser(seed).default(0),
    );
  addTableOptions(command);
  addConstraintOptions(command, { maxMutations: 'as for design', origin: 'lead' });
  return addModelOptions(command);
}

function addModelOptions(command: Command): Command {
  return command
    .optionsGroup('The diffusion model:')
    .option(
      '--model <file>',
      'load it from there, or train it and keep it there; an interrupted training goes on (default: not kept)',
    )
    .addOption(
      numeric(
        '--pool',
        'unmeasured sequences with predicted scores that it learns from too; 0: measured ones only (default: 6000)',
      ),
    )
    .addOption(numeric('--training-steps', 'steps of its training (default: 1500)'))
    .addOption(numeric('--hidden', 'width of its hidden layer (default: 96)'))
    .addOption(numeric('--draws', 'noises that the lead is taken to and brought back from (default: 64)'))
    .addOption(numeric('--guidance', 'how strongly the target steers; 1: as learned (default: 2)'))
    .addOption(numeric('--g', 'weight of the way back in BDIA, from 0.92 to 1 (default: 1)'))
    .addOption(numeric('--noise-steps', 'steps from the lead to noise (default: 40)'));
}

/** The options as the library takes them. */
export function editOptions(flags: EditFlags): EditRunOptions {
  const { seed, direction, designable, fixed, letters, lettersAt, maxMutations, mutationsFrom } = flags;
  const { target, back, count, draws, g, noiseSteps, guidance, pool, trainingSteps, hidden } = flags;
  const given = {
    ...{ seed, direction, designable, fixed, letters, lettersAt, maxMutations, mutationsFrom },
    ...{ target, back, count, draws, g, noiseSteps, guidance, pool, trainingSteps, hidden },
    modelFile: flags.model,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
