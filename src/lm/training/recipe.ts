import { z } from 'zod';
import { DNA, PROTEIN } from '../../core/alphabet.js';
import { ModelError } from '../../core/errors.js';
import { esm, parseEsmConfig } from '../architecture/esm.js';
import { gpt2, parseGpt2Config } from '../architecture/gpt2.js';
import { orderField } from '../reading-order.js';
import { trainingSchema } from './config.js';
import {
  CAUSAL_SPECIAL,
  esmTokenizerFiles,
  letterEncoder,
  letterTokenizerFiles,
  type TrainableModel,
} from './new-model.js';

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
  model: z.looseObject({ model_type: z.enum(['esm', 'gpt2']), vocab_size: z.int().positive() }),
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
  const { vocabulary, model, training } = result.data;
  if (vocabulary.length !== model.vocab_size) {
    throw new ModelError({
      what: 'vocabulary and vocab_size do not fit',
      file,
      expected: `${model.vocab_size} tokens`,
      got: `${vocabulary.length}`,
    });
  }
  const causal = model.model_type === 'gpt2';
  if (causal !== (training.objective === 'causal')) {
    throw new ModelError({
      what: 'model and objective do not fit',
      file,
      expected: causal ? 'the causal objective' : 'the masked objective',
      got: training.objective,
    });
  }
  if (causal && CAUSAL_SPECIAL.some((token, id) => vocabulary[id] !== token)) {
    throw new ModelError({
      what: 'the vocabulary of a causal model begins otherwise',
      file,
      expected: CAUSAL_SPECIAL.join(' '),
      got: vocabulary.slice(0, CAUSAL_SPECIAL.length).join(' '),
    });
  }
  return result.data;
}

/**
 * The model that a recipe describes, new: its weights are drawn when it is trained.
 * @throws ModelError for a config.json that its family cannot have
 */
export function recipeModel({ alphabet, model, vocabulary, training }: Recipe): TrainableModel {
  const causal = model.model_type === 'gpt2';
  const id = (token: string) => {
    const found = vocabulary.indexOf(token);
    return found < 0 ? null : found;
  };
  const { letters } = alphabet === 'dna' ? DNA : PROTEIN;
  const texts = causal ? letterTokenizerFiles(vocabulary) : esmTokenizerFiles(vocabulary);
  return {
    alphabet: alphabet === 'dna' ? DNA : PROTEIN,
    objective: training.objective,
    architecture: causal ? gpt2(parseGpt2Config(model)) : esm(parseEsmConfig(model)),
    special: {
      cls: id(causal ? '<bos>' : '<cls>'),
      eos: id('<eos>'),
      mask: id('<mask>'),
      letters: [...letters].map((letter) => vocabulary.indexOf(letter)),
    },
    padId: vocabulary.indexOf('<pad>'),
    files: { config: { ...model, ...orderField(training.order) }, texts },
    encode: letterEncoder(vocabulary),
  };
}
