import { Command } from 'commander';
import type { DistillSettings } from '../run/lm/distill-options.js';
import { TRAIN_DEFAULTS } from '../run/lm/training-defaults.js';
import { interruptible } from './interrupt.js';
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

type DistillFlags = LmFlags & { teacher?: string; student: string };

/** Flags that say how the teacher is heard. */
const DISTILL = ['alpha', 'beta', 'temperature', 'epsilon', 'iterations', 'samples'];

/** `biseq lm distill` */
export function distillCommand(): Command {
  const command = new Command('distill')
    .description('Train a small, fast model to predict what a large one predicts (SinKD).')
    .argument('<fasta>', 'sequences, plain or gzip, such as those that the teacher learned from');
  addPlaceOptions(command)
    .optionsGroup('Teacher and student:')
    .option('--teacher <name|folder>', 'the model to learn from (default: the embedded one)')
    .requiredOption(
      '--student <size|file|model>',
      'layers x hidden size, such as 2x96; a JSON file with layers, width, heads and feedForward; or a model to go on from',
    )
    .optionsGroup('How the teacher is heard, (1 - alpha) CE + alpha KD + 0.001 beta L_SD:')
    .addOption(count('--alpha', "weight of the teacher's soft targets against the letters (default: 0.9)"))
    .addOption(count('--beta', 'weight of the Sinkhorn term, in thousandths; 0: without it (default: 0.8)'))
    .addOption(count('--temperature', 'softening of both predictions (default: 2)'))
    .addOption(count('--epsilon', 'entropy of the Sinkhorn term (default: 0.1)'))
    .addOption(count('--iterations', 'normalisations of the Sinkhorn term (default: 20)'))
    .addOption(count('--samples', 'letters that the Sinkhorn term compares at once, at most (default: 128)'));
  addTrainingOptions(command, TRAIN_DEFAULTS, "the teacher's")
    .addHelpText('after', `${HELP}\n  biseq lm distill proteins.fasta.gz --student 2x96 --out my-student`)
    .action((fasta: string, flags: DistillFlags) => interruptible((signal) => run(fasta, flags, signal)));
  return command;
}

async function run(fasta: string, flags: DistillFlags, signal: AbortSignal): Promise<void> {
  const { distillModel } = await import('../run/lm/distill-model.js');
  const { checkDistillSettings, parseStudent } = await import('../run/lm/distill-options.js');
  const { readSettings } = await import('../run/lm/training-options.js');
  const file =
    flags.config === undefined ? {} : readSettings<DistillSettings>(flags.config, checkDistillSettings);
  const { model: _model, ...training } = settingsOf(flags, file);
  const said = Object.fromEntries(
    DISTILL.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
  );
  const settings = { ...training, distill: { ...file.distill, ...said } };
  checkDistillSettings(settings);
  const pupil = { teacher: flags.teacher, student: parseStudent(flags.student) };
  await showTraining(flags, signal, (hooks) => distillModel(fasta, placeOf(flags), pupil, settings, hooks));
}
