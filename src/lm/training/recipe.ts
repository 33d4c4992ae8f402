import { z } from 'zod';
import { ModelError } from '../../core/errors.js';
import { trainingSchema } from './config.js';

const schema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  alphabet: z.enum(['protein', 'dna']),
  corpus: z.strictObject({
    fasta: z.string(),
    /** A table `id cluster fold` (train, valid or test), one row a sequence; or folds by stretches of a genome. */
    folds: z.union([z.string(), z.strictObject({ regionLength: z.int().positive() })]),
  }),
  /** Tokens by id. */
  vocabulary: z.array(z.string()).min(6),
  /** config.json of the model. */
  model: z.looseObject({ model_type: z.literal('esm'), vocab_size: z.int().positive() }),
  training: trainingSchema,
  /** Train on both strands (DNA). */
  bothStrands: z.boolean().default(false),
});

/** A committed description of one model: its corpus, its sizes and its training. */
export type Recipe = z.infer<typeof schema>;

/**
 * Checks a recipe as it was read from JSON.
 * @throws ModelError naming every field that does not fit
 */
export function parseRecipe(raw: unknown, file?: string): Recipe {
  const result = schema.safeParse(raw);
  if (!result.success) {
    const faults = result.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'recipe'}: ${message}`,
    );
    throw new ModelError({ what: `the recipe does not fit: ${faults.join('; ')}`, file });
  }
  const { vocabulary, model } = result.data;
  if (vocabulary.length !== model.vocab_size) {
    throw new ModelError({
      what: 'vocabulary and vocab_size do not fit',
      file,
      expected: `${model.vocab_size} tokens`,
      got: `${vocabulary.length}`,
    });
  }
  return result.data;
}
