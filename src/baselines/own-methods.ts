import { z } from 'zod';
import { auto } from '../design/auto.js';
import { bib } from '../design/bib.js';
import { discreteSearch } from '../design/discrete-search.js';
import { ENUMERABLE, exhaustive } from '../design/exhaustive.js';
import { defineMethod, overProxy, searchedProxy } from './definition.js';

/** Options of a method of this project: it searches the run's objective unless told to train networks. */
const proxy = { ...searchedProxy, proxy: z.enum(['run', 'networks']).default('run') };

const mode = z.enum(['both', 'forward', 'backward']).default('both');
const adaptive = <T extends z.ZodType>(fixed: T) => z.union([z.literal('adaptive'), fixed]);

const discreteShape = {
  /** Which mapping drives the search. */
  mode,
  /** Weight of the forward loss in mode `both`. */
  gamma: adaptive(z.number().min(0).max(1)).default('adaptive'),
  /** Where an adaptive gamma starts. */
  gamma0: z.number().min(0).max(1).default(0.5),
  /** Substitutions that a step may make at once. */
  eta: adaptive(z.number().min(1).max(1000)).default('adaptive'),
  /** Where an adaptive eta starts. */
  eta0: z.number().min(1).max(1000).default(2),
  /** Steps of each candidate. */
  steps: z.int().min(1).max(1_000_000).default(25),
  /** Sequences that each candidate has scored exactly in a step. */
  proposals: z.int().min(1).max(10_000).default(4),
};

/** The published method. See `BibOptions`. */
export const bibMethod = defineMethod({
  name: 'bib',
  module: import.meta.url,
  summary: 'BIB: straight-through logits, both mappings, Adaptive-gamma and Adaptive-eta',
  reference:
    'Chen et al., Bidirectional learning for offline model-based biological sequence design, ICML 2023',
  schema: z.strictObject({
    mode,
    gamma: adaptive(z.number().min(0).max(1)).default('adaptive'),
    gamma0: z.number().min(0).max(1).default(0.5),
    gammaAt: z.enum(['current', 'lookahead']).default('current'),
    eta: adaptive(z.number().positive().max(10)).default('adaptive'),
    eta0: z.number().min(1e-4).max(0.5).default(0.1),
    etaMode: z.enum(['accumulate', 'restart']).default('accumulate'),
    /** null: 25 for proteins, 100 for DNA. */
    steps: z.int().min(1).max(100_000).nullable().default(null),
    inner: z.enum(['adam', 'sgd']).default('adam'),
    ...proxy,
  }),
  create: ({ steps, proxy: searched, networks, ...options }) =>
    overProxy(bib({ ...options, steps: steps ?? undefined }), { proxy: searched, networks }, true),
});

/** The discrete search for BIB's objective. See `DiscreteSearchOptions`. */
export const discreteMethod = defineMethod({
  name: 'discrete',
  module: import.meta.url,
  summary: "gradient-guided search among sequences for BIB's objective",
  reference: 'this project; the objective is that of BIB, ICML 2023',
  schema: z.strictObject({ ...discreteShape, ...proxy }),
  create: ({ proxy: searched, networks, ...options }) =>
    overProxy(discreteSearch(options), { proxy: searched, networks }, true),
});

/** Scoring of the whole space. See `ExhaustiveOptions`. */
export const exhaustiveMethod = defineMethod({
  name: 'exhaustive',
  module: import.meta.url,
  summary: 'scores every sequence that the constraints allow',
  reference: 'enumeration',
  schema: z.strictObject({
    by: z.enum(['forward', 'backward', 'mixed']).default('forward'),
    gamma: z.number().min(0).max(1).default(0.5),
    limit: z.int().min(1).max(1_000_000_000).default(ENUMERABLE),
    keep: z.int().min(1).max(10_000_000).default(512),
    ...proxy,
  }),
  create: ({ proxy: searched, networks, ...options }) =>
    overProxy(exhaustive(options), { proxy: searched, networks }, true),
});

/** Enumeration or the discrete search, by the size of the space. See `AutoOptions`. */
export const autoMethod = defineMethod({
  name: 'auto',
  module: import.meta.url,
  summary: 'enumerates a small space, searches a large one, and says which',
  reference: 'this project',
  schema: z.strictObject({
    ...discreteShape,
    /** Largest space that is enumerated. */
    limit: z.int().min(0).max(1_000_000_000).default(ENUMERABLE),
    ...proxy,
  }),
  create: ({ proxy: searched, networks, limit, ...search }) =>
    overProxy(auto({ limit, search }), { proxy: searched, networks }, true),
});
