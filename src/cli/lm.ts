import { Command, Option } from 'commander';
import type { TrainingPlace } from '../run/lm/train-model.js';
import { TRAIN_DEFAULTS, TUNE_DEFAULTS } from '../run/lm/training-defaults.js';
import type { TrainingSettings } from '../run/lm/training-options.js';
import { interruptible } from './interrupt.js';
import { createTrainingDisplay, resultText } from './lm-screen.js';
import { mebibytes, number, seed } from './parse.js';

interface LmFlags {
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

/**
 * `biseq lm train | tune`
 * @param parent whose settings the commands take over
 */
export function lmCommand(parent: Command): Command {
  const lm = new Command('lm')
    .copyInheritedSettings(parent)
    .description('Train a language model on your own sequences, or tune one on a family.');
  const train = lm
    .command('train')
    .description('Train a new language model from FASTA: ESM-2 (masked) or GPT-2 (causal).')
    .argument('<fasta>', 'sequences, plain or gzip');
  addPlaceOptions(train)
    .optionsGroup('The model:')
    .addOption(count('--layers', 'layers (default: 4)'))
    .addOption(count('--width', 'hidden size (default: 192)'))
    .addOption(count('--heads', 'attention heads (default: heads of 32)'))
    .addOption(count('--feed-forward', 'width of the feed-forward layers (default: 4 times the hidden size)'))
    .addOption(
      new Option(
        '--objective <which>',
        'masked: letters hidden from both sides; causal: the next letter (default: masked)',
      ).choices(['masked', 'causal']),
    );
  addTrainingOptions(train, TRAIN_DEFAULTS)
    .addHelpText('after', `${HELP}\n  biseq lm train proteins.fasta.gz --out my-model`)
    .action((fasta: string, flags: LmFlags) => interruptible((signal) => run('train', fasta, flags, signal)));
  const tune = lm
    .command('tune')
    .description('Go on training a model on a family of homologs (evotuning).')
    .argument('<fasta>', 'sequences of the family, plain or gzip; gaps of an alignment are dropped');
  addPlaceOptions(tune)
    .optionsGroup('The model:')
    .option('--model <name|folder>', 'the model to start from (default: the embedded one)');
  addTrainingOptions(tune, TUNE_DEFAULTS)
    .addHelpText('after', `${HELP}\n  biseq lm tune family.fasta --out my-family`)
    .action((fasta: string, flags: LmFlags) => interruptible((signal) => run('tune', fasta, flags, signal)));
  return lm;
}

const HELP = `
The folder can be named wherever a model can. training/ in it holds curve.csv, record.json and the state: interrupted,
the same command goes on where it stopped, to the same weights.

Example:`;

const count = (flag: string, text: string) => new Option(`${flag} <number>`, text).argParser(number(flag));

function addPlaceOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .requiredOption('-o, --out <folder>', 'folder of the model')
    .option('--force', 'start again where the folder holds a training')
    .option('--float32', 'store weights in 32 bits (default: 16)')
    .option('--json', 'print one JSON object instead of text')
    .option('--quiet', 'print nothing but errors');
}

type Defaults = typeof TRAIN_DEFAULTS | typeof TUNE_DEFAULTS;

function addTrainingOptions(command: Command, d: Defaults): Command {
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
      new Option('--order <which>', 'letters as written, or from the other end (default: forward)').choices([
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
      ).argParser(mebibytes('--memory')),
    );
}

async function run(
  command: 'train' | 'tune',
  fasta: string,
  flags: LmFlags,
  signal: AbortSignal,
): Promise<void> {
  const { trainModel, tuneModel } = await import('../run/lm/train-model.js');
  const { checkSettings, readSettings } = await import('../run/lm/training-options.js');
  const file = flags.config === undefined ? {} : readSettings(flags.config);
  const settings = settingsOf(flags, file);
  checkSettings(settings);
  const quiet = Boolean(flags.quiet || flags.json);
  const display = await createTrainingDisplay(quiet);
  const hooks = { ...display.hooks, signal };
  const { out, force, workers, checkpointEvery: secondsBetweenCheckpoints, memory: memoryBudget } = flags;
  const place: TrainingPlace = { out, force, workers, secondsBetweenCheckpoints, memoryBudget };
  try {
    const training =
      command === 'train'
        ? trainModel(fasta, place, settings, hooks)
        : tuneModel(fasta, place, flags.model, settings, hooks);
    const result = await training.finally(display.stop);
    if (flags.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else if (!quiet) process.stdout.write(`${resultText(result)}\n`);
  } catch (error) {
    if (!quiet && signal.aborted)
      process.stderr.write('the state is saved: run the same command again to go on\n');
    throw error;
  }
}

/** Settings of the file, and over them those of the flags. */
function settingsOf(flags: LmFlags, file: TrainingSettings): TrainingSettings {
  const said = (names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]));
  return {
    ...file,
    ...said(SETTINGS),
    model: { ...file.model, ...said(SIZES) },
    training: { ...file.training, ...said(TRAINING) },
  };
}
