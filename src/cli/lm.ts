import { Command, Option } from 'commander';
import { TRAIN_DEFAULTS, TUNE_DEFAULTS } from '../run/lm/training-defaults.js';
import { interruptible } from './interrupt.js';
import { distillCommand } from './lm-distill.js';
import {
  addPlaceOptions,
  addTrainingOptions,
  count,
  HELP,
  type LmFlags,
  placeOf,
  settingsOf,
  showTraining,
} from './lm-options.js';

/**
 * `biseq lm train | tune | distill`
 * @param parent whose settings the commands take over
 */
export function lmCommand(parent: Command): Command {
  const lm = new Command('lm')
    .copyInheritedSettings(parent)
    .description(
      'Train a language model on your own sequences, tune one on a family, or distil a large one.',
    );
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
  addTrainingOptions(train, TRAIN_DEFAULTS, 'forward')
    .addHelpText('after', `${HELP}\n  biseq lm train proteins.fasta.gz --out my-model`)
    .action((fasta: string, flags: LmFlags) => interruptible((signal) => run('train', fasta, flags, signal)));
  const tune = lm
    .command('tune')
    .description('Go on training a model on a family of homologs (evotuning).')
    .argument('<fasta>', 'sequences of the family, plain or gzip; gaps of an alignment are dropped');
  addPlaceOptions(tune)
    .optionsGroup('The model:')
    .option('--model <name|folder>', 'the model to start from (default: the embedded one)');
  addTrainingOptions(tune, TUNE_DEFAULTS, "the model's")
    .addHelpText('after', `${HELP}\n  biseq lm tune family.fasta --out my-family`)
    .action((fasta: string, flags: LmFlags) => interruptible((signal) => run('tune', fasta, flags, signal)));
  lm.addCommand(distillCommand().copyInheritedSettings(lm));
  return lm;
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
  const place = placeOf(flags);
  await showTraining(flags, signal, (hooks) =>
    command === 'train'
      ? trainModel(fasta, place, settings, hooks)
      : tuneModel(fasta, place, flags.model, settings, hooks),
  );
}
