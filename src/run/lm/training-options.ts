import { readFileSync } from 'node:fs';
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { InputError } from '../../core/errors.js';
import { trainingSchema } from '../../lm/training/config.js';

const share = z.number().min(0).max(0.9);

/** What a config file of `biseq lm train` or `tune` may say; flags come before it. */
export const settingsSchema = z.strictObject({
  /** Default: told by the letters. */
  alphabet: z.enum(['auto', 'protein', 'dna']).default('auto'),
  /** Sizes of a new model. */
  model: z
    .strictObject({
      layers: z.int().positive().optional(),
      width: z.int().positive().optional(),
      heads: z.int().positive().optional(),
      feedForward: z.int().positive().optional(),
    })
    .default({}),
  /** Share of the sequences that early stopping looks at, and share that is scored once at the end; by a hash of the id. */
  heldOut: share.default(0.1),
  test: share.default(0),
  /** Table with columns id and fold (train, valid, test), instead of shares. */
  folds: z.string().min(1).optional(),
  /** Train on both strands (DNA). */
  bothStrands: z.boolean().default(false),
  /** Store weights in 32 bits; default 16. */
  float32: z.boolean().default(false),
  training: trainingSchema.partial().default({}),
});

/** Settings as a user gives them; everything may be left out. */
export type TrainingSettings = z.input<typeof settingsSchema>;
/** Settings with the defaults of everything but the training filled in. */
export type CheckedSettings = z.output<typeof settingsSchema>;

/**
 * Checks settings.
 * @param file what messages call where they came from
 * @throws InputError naming the first field that is wrong, or the nearest name of an unknown one
 */
export function checkSettings(raw: unknown, file?: string): CheckedSettings {
  // `partial` keeps the defaults of a schema; only what is said may come before a command's own defaults.
  const result = settingsSchema.safeParse(raw);
  if (result.success) return { ...result.data, training: saidIn(raw, result.data.training) };
  const [issue] = result.error.issues;
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known =
      where === 'training' ? trainingSchema.shape : where === 'model' ? MODEL_KEYS : settingsSchema.shape;
    throw new InputError({
      what: `there is no setting '${[...issue.path, issue.keys[0]].join('.')}'`,
      file,
      fix: `Did you mean '${closest(issue.keys[0], Object.keys(known))}'?`,
    });
  }
  throw new InputError({ what: `setting ${where || 'of the training'} is wrong: ${issue.message}`, file });
}

const MODEL_KEYS = { layers: 0, width: 0, heads: 0, feedForward: 0 };

function saidIn(raw: unknown, training: CheckedSettings['training']): CheckedSettings['training'] {
  const said = (raw as { training?: object }).training ?? {};
  return Object.fromEntries(
    Object.entries(training).filter(([name]) => (said as Record<string, unknown>)[name] !== undefined),
  );
}

/**
 * Settings of a JSON file.
 * @param check what the file is held to
 * @throws InputError as `check`, and for a file that cannot be read or is no JSON
 */
export function readSettings<T = TrainingSettings>(
  file: string,
  check: (raw: unknown, file: string) => unknown = checkSettings,
): T {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(
      { what: 'the config file cannot be read', file, fix: 'Check --config.' },
      { cause: error },
    );
  }
  try {
    const raw = JSON.parse(text) as T;
    check(raw, file);
    return raw;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      { what: 'the config file is no JSON', file, got: (error as Error).message },
      { cause: error },
    );
  }
}
