import { type Command, Option } from 'commander';
import type { TrainingPlace, TrainModelHooks, TrainModelResult } from '../run/lm/train-model.js';
import type { TRAIN_DEFAULTS, TUNE_DEFAULTS } from '../run/lm/training-defaults.js';
import type { TrainingSettings } from '../run/lm/training-options.js';
import { createTrainingDisplay, resultText } from './lm-screen.js';
import { memory, number, seed } from './parse.js';

/** Flags of the commands that train. */
export interface LmFlags {
  out: string;
  config?: string;
  force?: boolean;
  json?: boolean;
  quiet?: boolean;
  model?: string;
  workers?: number;
  memory?: number;
  checkpointEvery?: number;
  /** Settings by their own names, as `SETTINGS`, `SIZES` and `TRAINING` list them. */
  [setting: string]: unknown;
}

/** Flags that are settings, by group. */
const SETTINGS = ['alphabet', 'heldOut', 'test', 'folds', 'bothStrands', 'float32'];
const SIZES = ['layers', 'width', 'heads', 'feedForward'];
const TRAINING = [
  ...['seed', 'objective', 'order', 'steps', 'window', 'tokensPerStep', 'tokensPerRun', 'optimiser'],
  ...[
    'learningRate',
    'warmupSteps',
    'weightDecay',
    'clipNorm',
    'maskRate',
    'evaluateEvery',
    'evaluateWindows',
  ],
  ...['patience'],
];

/** What the help of every command that trains ends with. */
export const HELP = `
The folder can be named wherever a model can. training/ in it holds curve.csv, record.json and the state: interrupted,
the same command goes on where it stopped, to the same weights.

Example:`;

/** A flag with a number. */
export const count = (flag: string, text: string) =>
  new Option(`${flag} <number>`, text).argParser(number(flag));

/** Where the model goes and what is printed. */
export function addPlaceOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .requiredOption('-o, --out <folder>', 'folder of the model')
    .option('--force', 'start again where the folder holds a training')
    .option('--float32', 'store weights in 32 bits (default: 16)')
    .option('--json', 'print one JSON object instead of text')
    .option('--quiet', 'print nothing but errors');
}

type Defaults = typeof TRAIN_DEFAULTS | typeof TUNE_DEFAULTS;

/**
 * The sequences, the training and the machine.
 * @param order what the reading order is by default
 */
export function addTrainingOptions(command: Command, d: Defaults, order: string): Command {
  return command
    .optionsGroup('The sequences:')
    .addOption(
      new Option('--alphabet <which>', 'what the letters are (default: told by them)').choices([
        'auto',
        'protein',
        'dna',
      ]),
    )
    .addOption(count('--held-out', 'share that early stopping looks at, by a hash of the id (default: 0.1)'))
    .addOption(count('--test', 'share that is scored once at the end (default: 0)'))
    .option('--folds <table>', 'table with the columns id and fold (train, valid, test) instead of shares')
    .option('--both-strands', 'train on both strands (DNA)')
    .addOption(
      new Option('--order <which>', `letters as written, or from the other end (default: ${order})`).choices([
        'forward',
        'reverse',
      ]),
    )
    .optionsGroup('The training:')
    .option('--config <file>', 'JSON file of these settings; flags come before it')
    .addOption(new Option('--seed <seed>', 'seed of every random draw (default: 0)').argParser(seed))
    .addOption(count('--steps', `optimiser steps at most (default: ${d.steps})`))
    .addOption(
      count(
        '--patience',
        `evaluations without a better held-out loss; 0: never stop (default: ${d.patience})`,
      ),
    )
    .addOption(count('--evaluate-every', `steps between evaluations (default: ${d.evaluateEvery})`))
    .addOption(count('--evaluate-windows', 'held-out windows that are looked at (default: 300)'))
    .addOption(
      count(
        '--window',
        'longest window, in letters (default: 254); a new causal model reads none that is longer',
      ),
    )
    .addOption(count('--tokens-per-step', `tokens of a step (default: ${d.tokensPerStep})`))
    .addOption(count('--tokens-per-run', `tokens in memory at once (default: ${d.tokensPerRun})`))
    .addOption(new Option('--optimiser <which>', '(default: muon)').choices(['muon', 'adamw']))
    .addOption(count('--learning-rate', `at its peak (default: ${d.learningRate})`))
    .addOption(count('--warmup-steps', `steps up to the peak; a cosine follows (default: ${d.warmupSteps})`))
    .addOption(count('--weight-decay', '(default: 0.01)'))
    .addOption(count('--clip-norm', 'largest norm of a gradient (default: 1)'))
    .addOption(count('--mask-rate', 'share of letters to predict (default: 0.15)'))
    .optionsGroup('The machine (does not change the weights):')
    .addOption(count('--workers', 'worker threads (default: one a core, at most 8)'))
    .addOption(count('--checkpoint-every', 'seconds between checkpoints (default: 120)'))
    .addOption(
      new Option(
        '--memory <MiB>',
        'memory that the training may take (default: half of what is free)',
      ).argParser(memory('--memory')),
    );
}

/** Settings of the file, and over them those of the flags. */
export function settingsOf(flags: LmFlags, file: TrainingSettings): TrainingSettings {
  const said = (names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]));
  return {
    ...file,
    ...said(SETTINGS),
    model: { ...file.model, ...said(SIZES) },
    training: { ...file.training, ...said(TRAINING) },
  };
}

/** Where the flags say that a training goes, and what it may use. */
export function placeOf(flags: LmFlags): TrainingPlace {
  const { out, force, workers, checkpointEvery: secondsBetweenCheckpoints, memory: memoryBudget } = flags;
  return { out, force, workers, secondsBetweenCheckpoints, memoryBudget };
}

/** A training as it runs: told on standard error, its result printed at the end. */
export async function showTraining(
  flags: LmFlags,
  signal: AbortSignal,
  start: (hooks: TrainModelHooks) => Promise<TrainModelResult>,
): Promise<void> {
  const quiet = Boolean(flags.quiet || flags.json);
  const display = await createTrainingDisplay(quiet);
  try {
    const result = await start({ ...display.hooks, signal }).finally(display.stop);
    if (flags.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else if (!quiet) process.stdout.write(`${resultText(result)}\n`);
  } catch (error) {
    if (!quiet && signal.aborted)
      process.stderr.write('the state is saved: run the same command again to go on\n');
    throw error;
  }
}
