import { InputError } from '../../core/errors.js';
import { createDistillationLoss } from '../../lm/distill/distillation-loss.js';
import type { DistillConfig } from '../../lm/distill/options.js';
import { checkStudent, resizedStudent } from '../../lm/distill/student.js';
import { resolveModel } from '../../lm/registry.js';
import { type BaseModel, openBaseModel } from '../../lm/training/base-model.js';
import { type TrainingConfig, trainingSchema } from '../../lm/training/config.js';
import { specialTokens } from '../../lm/training/data.js';
import {
  type CheckedDistillSettings,
  checkDistillSettings,
  type DistillSettings,
  parseStudent,
  type Student,
} from './distill-options.js';
import {
  alphabetOf,
  type Distillation,
  type TrainingPlace,
  type TrainModelHooks,
  type TrainModelResult,
  trainPlan,
} from './train-model.js';
import { TRAIN_DEFAULTS } from './training-defaults.js';

/** Who learns from whom. */
export interface Pupil {
  /** Name or folder of the teacher; default: the embedded model. */
  teacher?: string;
  /** Sizes of a new model, or what `parseStudent` takes. */
  student: Student;
}

/**
 * Trains a small model to predict what a large one predicts (SinKD): cross-entropy, soft targets and a Sinkhorn distance
 * over the scored tokens of each run. The student has the teacher's vocabulary and reading order. Interrupted, it goes on
 * where it stopped, to the same weights.
 * @throws as `trainModel`
 * @throws ModelError for a teacher that cannot be used, and for a student of another vocabulary
 * @see docs/distill.md
 */
export async function distillModel(
  fasta: string,
  place: TrainingPlace,
  pupil: Pupil,
  settings: DistillSettings = {},
  hooks: TrainModelHooks = {},
): Promise<TrainModelResult> {
  const checked = checkDistillSettings(settings);
  const alphabet = await alphabetOf(fasta, checked);
  const resolved = resolveModel(pupil.teacher, alphabet);
  const teacher = await openBaseModel(resolved.folder, { weights: false, signal: hooks.signal });
  if (teacher.alphabet !== alphabet) {
    throw new InputError({
      what: `the teacher ${resolved.name} does not read what the file holds`,
      file: fasta,
      expected: teacher.alphabet.name,
      got: alphabet.name,
      fix: 'Choose another teacher, or say what the letters are by --alphabet.',
    });
  }
  const student = typeof pupil.student === 'string' ? parseStudent(pupil.student) : pupil.student;
  const base = typeof student === 'string' ? await openStudent(student, teacher, hooks.signal) : null;
  const model = base ?? resizedStudent(teacher, student as Exclude<Student, string>);
  const config = configFor(teacher, checked);
  return trainPlan(
    fasta,
    place,
    {
      tool: 'biseq lm distill',
      checked,
      config,
      model,
      base,
      distillation: distillationOf(teacher, model.architecture, checked.distill),
    },
    hooks,
  );
}

async function openStudent(name: string, teacher: BaseModel, signal?: AbortSignal): Promise<BaseModel> {
  const student = await openBaseModel(resolveModel(name, teacher.alphabet).folder, { signal });
  checkStudent(teacher, student);
  return student;
}

/** The defaults of a training from scratch, within what the teacher can read. */
function configFor(teacher: BaseModel, { training }: CheckedDistillSettings): TrainingConfig {
  const longest = teacher.architecture.maxTokens - specialTokens(teacher.special);
  const { objective, order } = teacher;
  const window = Math.min(254, longest);
  const config = trainingSchema.parse({ ...TRAIN_DEFAULTS, window, objective, order, ...training });
  if (config.order !== order || config.objective !== objective) {
    throw new InputError({
      what: 'the teacher was trained to read otherwise',
      expected: `${objective}, ${order}`,
      got: `${config.objective}, ${config.order}`,
      fix: 'Leave objective and order out, or choose another teacher.',
    });
  }
  if (config.window > longest) {
    throw new InputError({
      what: 'the training window is too long for the teacher',
      expected: `at most ${longest} letters`,
      got: `${config.window}`,
      fix: 'Lower window.',
    });
  }
  return config;
}

function distillationOf(
  { model: teacher }: BaseModel,
  student: BaseModel['architecture'],
  config: DistillConfig,
): Distillation {
  return {
    identity: { teacher: { name: teacher.name, sha256: teacher.sha256 }, ...config },
    loss: (pool, training) => createDistillationLoss(pool, teacher, student, training, config),
  };
}
