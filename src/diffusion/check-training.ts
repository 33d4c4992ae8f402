import { InputError } from '../core/errors.js';
import type { DenoisingData } from './training.js';
import { type CheckedTrainingOptions, type TrainingOptions, trainingSchema } from './training-options.js';

/**
 * Checks what a denoiser is to learn from, and fills in the options' defaults.
 * @throws InputError naming what is wrong
 */
export function checkDenoising(data: DenoisingData, options: TrainingOptions): CheckedTrainingOptions {
  const { positions, sequences, scores } = data;
  if (positions.length === 0 || sequences.length === 0) {
    throw new InputError({
      what: 'there is nothing to learn from',
      expected: 'at least one designable position and one sequence',
      got: `${positions.length} positions and ${sequences.length} sequences`,
    });
  }
  const last = Math.max(...positions);
  const short = sequences.findIndex((sequence) => sequence.length <= last);
  if (short >= 0) {
    throw new InputError({
      what: `sequence ${short + 1} has no position ${last + 1}`,
      expected: `sequences of at least ${last + 1} letters`,
      got: `${sequences[short].length}`,
    });
  }
  if (scores && scores.length !== sequences.length) {
    throw new InputError({
      what: 'sequences and scores differ in number',
      expected: `${sequences.length} scores`,
      got: `${scores.length}`,
    });
  }
  const parsed = trainingSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError({
    what: `training option ${issue.path.join('.') || 'unknown'} is wrong`,
    expected: issue.message,
  });
}
