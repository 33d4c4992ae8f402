import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import type { Alphabet } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { SMALLEST_G } from '../diffusion/bdia.js';
import { DEFAULT_DRAWS } from '../diffusion/edit-lead.js';
import { DEFAULT_POOL } from '../diffusion/edit-model.js';
import { EDITOR_DEFAULTS } from '../diffusion/editor.js';
import { trainingSchema } from '../diffusion/training-options.js';
import { checkRunOptions, type CheckedRunOptions, type DesignRunOptions } from './options.js';

type Constraints = Pick<
  DesignRunOptions,
  'seed' | 'direction' | 'designable' | 'fixed' | 'letters' | 'lettersAt' | 'maxMutations'
>;

/** Options of `editFromTable`. Everything may be left out. Constraints mean what they mean for `designFromTable`. */
export interface EditRunOptions extends Constraints {
  /** Where mutations are counted from: the wild type (default if there is one) or the lead. */
  mutationsFrom?: 'wild-type' | 'lead';
  /** The score asked for, see `parseTarget`. Default `+2 sd`; where smaller is better `-2 sd`. */
  target?: string;
  /** How far back to go, each above 0 and at most 1. Default [0.3, 0.5, 0.8]. */
  back?: readonly number[];
  /** Edits for each of them, at most. Default 8. */
  count?: number;
  /** States of the lead that are taken up to noise and brought back. Default 64. */
  draws?: number;
  /** BDIA's g, 0.92 to 1. Default 1. */
  g?: number;
  /** Steps from data to noise. Default 40. */
  noiseSteps?: number;
  /** Weight of classifier-free guidance. Default 2. */
  guidance?: number;
  /** Unmeasured sequences with predicted scores that the diffusion model learns from too. 0: none. Default 6,000. */
  pool?: number;
  /** Optimiser steps of the diffusion model. Default 1,500. */
  trainingSteps?: number;
  /** Width of its hidden layer. Default 96. */
  hidden?: number;
  /** File of the diffusion model: loaded if it is there, else trained and written. Default: trained and forgotten. */
  modelFile?: string;
}

const whole = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const between = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};
const back = { error: 'numbers above 0 and at most 1' };
const learning = trainingSchema.parse({});

const schema = z.strictObject({
  target: z.string({ error: 'a text' }).optional(),
  back: z
    .array(z.number(back).positive(back).max(1, back), back)
    .min(1, back)
    .max(100, { error: 'at most 100 numbers' })
    .readonly()
    .default([0.3, 0.5, 0.8]),
  count: whole(1, 10_000).default(8),
  draws: whole(1, 10_000).default(DEFAULT_DRAWS),
  g: between(SMALLEST_G, 1).default(EDITOR_DEFAULTS.g),
  noiseSteps: whole(2, 1000).default(EDITOR_DEFAULTS.steps),
  guidance: between(0, 100).default(EDITOR_DEFAULTS.guidance),
  pool: whole(0, 1_000_000).default(DEFAULT_POOL),
  trainingSteps: whole(1, 10_000_000).default(learning.steps),
  hidden: whole(1, 4096).default(learning.hidden),
  modelFile: z.string({ error: 'a file' }).min(1, { error: 'a file' }).optional(),
  mutationsFrom: z.enum(['wild-type', 'lead'], { error: 'one of wild-type, lead' }).optional(),
});

/** {@link EditRunOptions} with their defaults filled in. */
export type CheckedEditOptions = z.output<typeof schema> & {
  /** What the problem is made of, as for a design run. */
  run: CheckedRunOptions;
};

/**
 * Checks the options once, where they enter.
 * @throws InputError naming what is wrong
 */
export function checkEditOptions(options: EditRunOptions, alphabet: Alphabet): CheckedEditOptions {
  const { seed, direction, designable, fixed, letters, lettersAt, maxMutations, ...own } = options;
  const parsed = schema.safeParse(own);
  if (!parsed.success) throw faultOf(parsed.error.issues[0], own);
  const { mutationsFrom } = parsed.data;
  const constraints = { seed, direction, designable, fixed, letters, lettersAt, maxMutations };
  const run = checkRunOptions(
    { ...constraints, count: 1, mutationsFrom: mutationsFrom === 'lead' ? 'start' : mutationsFrom },
    alphabet,
  );
  return { ...parsed.data, back: [...new Set(parsed.data.back)], run };
}

function faultOf(issue: z.core.$ZodIssue, options: object): InputError {
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    return new InputError({
      what: `there is no option '${key}'`,
      fix: `Did you mean '${closest(key, Object.keys(schema.shape))}'?`,
    });
  }
  const [name] = issue.path;
  const value = (options as Record<string, unknown>)[String(name)];
  return new InputError({
    what: `option ${String(name)} is wrong`,
    expected: issue.message,
    got: String(JSON.stringify(value) ?? value),
  });
}
