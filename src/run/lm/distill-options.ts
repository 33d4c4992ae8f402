import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { InputError } from '../../core/errors.js';
import { type DistillConfig, type DistillOptions, distillSchema } from '../../lm/distill/options.js';
import type { ModelSizes } from '../../lm/training/new-model.js';
import {
  checkSettings,
  type CheckedSettings,
  readSettings,
  type TrainingSettings,
} from './training-options.js';

/** Settings of a distillation as a user gives them: those of a training, and how the teacher is heard. */
export type DistillSettings = Omit<TrainingSettings, 'model'> & { distill?: DistillOptions };

/** Settings with their defaults. */
export type CheckedDistillSettings = CheckedSettings & { distill: DistillConfig };

/**
 * Checks the settings of a distillation.
 * @throws InputError naming the first field that is wrong
 */
export function checkDistillSettings(raw: unknown, file?: string): CheckedDistillSettings {
  const { distill, ...training } = raw as { distill?: unknown };
  if ('model' in training)
    throw new InputError({
      what: "there is no setting 'model'",
      file,
      fix: 'Name the student by --student.',
    });
  const checked = checkSettings(training, file);
  const result = distillSchema.safeParse(distill ?? {});
  if (result.success) return { ...checked, distill: result.data };
  const [issue] = result.error.issues;
  if (issue.code !== 'unrecognized_keys')
    throw new InputError({
      what: `setting distill.${issue.path.join('.')} is wrong: ${issue.message}`,
      file,
    });
  throw new InputError({
    what: `there is no setting 'distill.${issue.keys[0]}'`,
    file,
    fix: `Did you mean '${closest(issue.keys[0], Object.keys(distillSchema.shape))}'?`,
  });
}

/** Sizes of a new student. */
export type StudentSizes = ModelSizes & { layers: number; width: number };

/** A student: sizes of a new one, or the name or folder of a model to go on from. */
export type Student = StudentSizes | string;

const sizesSchema = z.strictObject({
  layers: z.int().positive(),
  width: z.int().positive(),
  heads: z.int().positive().optional(),
  feedForward: z.int().positive().optional(),
});

/**
 * A student as it is named on the command line: `2x96` (layers x width), a JSON file with layers, width, heads and
 * feedForward, or a model's name or folder.
 * @throws InputError for a file that does not fit
 */
export function parseStudent(text: string): Student {
  const size = /^(\d+)x(\d+)$/i.exec(text.trim());
  if (size) return checkSizes({ layers: Number(size[1]), width: Number(size[2]) });
  return /\.json$/i.test(text) ? readSettings<StudentSizes>(text, checkSizes) : text;
}

function checkSizes(raw: unknown, file?: string): StudentSizes {
  const result = sizesSchema.safeParse(raw);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new InputError({
    what: `the size of the student is wrong: ${path.join('.') || 'it'}: ${message}`,
    file,
    expected: 'layers and width, such as 2x96; in a file also heads and feedForward',
  });
}
