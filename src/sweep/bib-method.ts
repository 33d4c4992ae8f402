import { z } from 'zod';
import { bib } from '../design/bib.js';
import type { BibOptions } from '../design/bib-options.js';
import { registeredMethod } from './registered-method.js';
import { adaptiveOr, between, oneOf, whole } from './settings-schema.js';

const schema = z.strictObject({
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
});

/** BIB, by default as published: on the mean features of a language model, with the paper's ridge. */
export const bibMethod = registeredMethod(
  {
    name: 'bib',
    schema,
    create({ steps, ...options }) {
      return bib({ ...(options as BibOptions), steps: (steps as number | null) ?? undefined });
    },
  },
  'paper',
);
