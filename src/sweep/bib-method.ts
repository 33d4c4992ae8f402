import { z } from 'zod';
import { DNA, PROTEIN } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { bib } from '../design/bib.js';
import type { BibOptions } from '../design/bib-options.js';
import { languageModelFeatures } from '../lm/lm-feature-map.js';
import { type LanguageModel, openLanguageModel } from '../lm/language-model.js';
import { resolveModel } from '../lm/registry.js';
import { createPool } from '../runtime/pool.js';
import type { Task } from '../tasks/index.js';
import { runDesignMethod } from './design-method.js';
import type { SweepMethod } from './method.js';
import { adaptiveOr, between, checkSettings, oneOf, text, whole } from './settings-schema.js';

const schema = z.strictObject({
  /** An embedded model's name or a folder; null: the alphabet's embedded model. */
  model: text.nullable().default(null),
  mode: oneOf('both', 'forward', 'backward').default('both'),
  gamma: adaptiveOr(0, 1).default('adaptive'),
  gamma0: between(0, 1).default(0.5),
  gammaAt: oneOf('current', 'lookahead').default('current'),
  eta: adaptiveOr(0, 10).default('adaptive'),
  eta0: between(1e-4, 0.5).default(0.1),
  etaMode: oneOf('accumulate', 'restart').default('accumulate'),
  /** null: 25 for proteins, 100 for DNA. */
  steps: whole(1, 100_000).nullable().default(null),
  inner: oneOf('adam', 'sgd').default('adam'),
  starts: whole(1, 100_000).default(128),
  take: oneOf('visited', 'final').default('visited'),
});

type BibSettings = z.output<typeof schema>;

function optionsOf({ model: _, starts: _starts, take: _take, steps, ...options }: BibSettings): BibOptions {
  return { ...options, steps: steps ?? undefined };
}

/** @throws InputError for a task whose sequences are longer than the model takes, or of another alphabet */
function requireFits({ name, alphabet, architecture, tokenizer }: LanguageModel, task: Task): void {
  const tokens =
    alphabet === task.alphabet
      ? tokenizer.encodeSequence(task.alphabet, task.measured.sequences[0]).length
      : Infinity;
  if (tokens <= architecture.maxTokens) return;
  throw new InputError({
    what: `model ${name} cannot read the sequences of the task ${task.name}`,
    expected: `${alphabet.name} sequences of at most ${architecture.maxTokens} tokens`,
    got: alphabet === task.alphabet ? `${tokens} tokens` : `${task.alphabet.name} sequences`,
    fix: 'Name another model by the setting model.',
  });
}

/** BIB as published, on the mean features of a language model. */
export const bibMethod: SweepMethod = {
  name: 'bib',
  resolve: (settings) => checkSettings(schema, settings),
  async dependencies(settings, alphabet) {
    const { model } = settings as BibSettings;
    const { folder } = resolveModel(model ?? undefined, alphabet === 'dna' ? DNA : PROTEIN);
    return { model: (await openLanguageModel(folder)).sha256 };
  },
  memoryBytes: () => 700 * 2 ** 20,
  async run(run) {
    const settings = run.settings as BibSettings;
    const { folder } = resolveModel(settings.model ?? undefined, run.task.alphabet);
    const model = await openLanguageModel(folder, { signal: run.signal });
    requireFits(model, run.task);
    // one thread a cell: cells run side by side
    const pool = createPool(1);
    try {
      const featureMap = languageModelFeatures(model, run.task.alphabet, pool);
      const { starts, take } = settings;
      return await runDesignMethod(run, { method: bib(optionsOf(settings)), featureMap, starts, take });
    } finally {
      await pool.close();
    }
  },
};
