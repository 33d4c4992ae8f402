import { z } from 'zod';

/** What a fault's message says was expected. */
const EXPECTED = {
  name: 'a name of small letters, digits and hyphens',
  sha256: '64 hexadecimal digits',
  measured: 'one of {"random": N}, {"lowest": N}, {"lowerHalf": "inclusive" or "exclusive"}',
};

const whole = (min: number, max: number) => {
  const error = `a whole number from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const oneOf = <const T extends readonly string[]>(...choices: T) =>
  z.enum(choices, { error: `one of ${choices.join(', ')}` });
const text = z.string({ error: 'a text' }).min(1, { error: 'a text' });

const rows = whole(2, 10_000_000);

/** Which rows of a table are measured. */
const measuredRows = z.union(
  [
    z.strictObject({ random: rows }),
    z.strictObject({ lowest: rows }),
    z.strictObject({ lowerHalf: oneOf('inclusive', 'exclusive') }),
  ],
  { error: EXPECTED.measured },
);

const named = {
  name: z.string({ error: EXPECTED.name }).regex(/^[a-z0-9][a-z0-9-]*$/, { error: EXPECTED.name }),
  description: text.default('A task of your own.'),
  source: text.default("the user's own data"),
  licence: text.default('not stated'),
};

const fromFile = {
  /** Path; relative to the config's folder. */
  file: text,
  /** Of the bytes after decompression. */
  sha256: z
    .string({ error: EXPECTED.sha256 })
    .regex(/^[0-9a-f]{64}$/i, { error: EXPECTED.sha256 })
    .transform((digits) => digits.toLowerCase())
    .optional(),
};

const count = whole(1, 100_000);

/** How a table is read; see `TableOptions`. */
const reading = z.strictObject(
  {
    wildType: text.optional(),
    sites: z.array(z.int(), { error: 'a list of whole numbers' }).min(1).optional(),
    sequenceColumn: text.optional(),
    scoreColumn: text.optional(),
    offset: z.int({ error: 'a whole number' }).optional(),
    firstPosition: z.int({ error: 'a whole number' }).optional(),
    stops: oneOf('set-aside', 'drop', 'error').optional(),
    nonFiniteScores: oneOf('error', 'set-aside').optional(),
    alphabet: oneOf('auto', 'protein', 'dna').optional(),
    delimiter: text.optional(),
  },
  { error: 'an object with options of reading' },
);

const tableTask = z.strictObject({
  kind: z.literal('table'),
  ...named,
  ...fromFile,
  table: reading.default({}),
  measured: measuredRows,
  mode: oneOf('design', 'choose').default('design'),
  count: count.default(96),
  direction: oneOf('max', 'min').default('max'),
  repeats: oneOf('average', 'refuse').default('average'),
  strands: oneOf('independent', 'equivalent').default('independent'),
});

const pbmTask = z.strictObject({
  kind: z.literal('pbm'),
  ...named,
  ...fromFile,
  palindromes: oneOf('twice', 'once').default('twice'),
  measured: measuredRows,
  count: count.default(128),
});

const state = whole(0, 19);
const probabilities = z.array(z.number({ error: 'a number' }).min(0, { error: 'no negative probability' }));

/** Above 3 a better motif could have a lower response. */
const epistasis = z
  .number({ error: 'a number from 0 to 3' })
  .min(0, { error: 'a number from 0 to 3' })
  .max(3, { error: 'a number from 0 to 3' })
  .default(0);

/** An Ehrlich function by all its numbers. */
const ehrlichParameters = z.strictObject({
  states: whole(2, 20),
  length: whole(1, 10_000),
  /** [c][k] states of each motif. */
  motifs: z.array(z.array(state).min(1)).min(1),
  /** [c][k - 1] distances between neighbours of each motif. */
  spacings: z.array(z.array(whole(1, 10_000))),
  /** Levels of a motif's quality; default: its length. */
  quantization: whole(1, 10_000).optional(),
  /** Default 0. */
  epistasis,
  /** [v][v], rows add to 1. */
  transitionMatrix: z.array(probabilities),
  /** [v]; default: uniform. */
  initialDistribution: probabilities.optional(),
});

/** The size of an Ehrlich function that our generator makes. */
const ehrlichSize = z.strictObject({
  states: whole(2, 20),
  length: whole(2, 10_000),
  motifs: whole(1, 1000),
  motifLength: whole(2, 1000),
  quantization: whole(1, 1000).optional(),
  epistasis,
  functionSeed: z.union([z.int(), text], { error: 'a whole number or a text' }).default(0),
});

const ehrlichTask = z
  .strictObject({
    kind: z.literal('ehrlich'),
    ...named,
    size: ehrlichSize.optional(),
    parameters: ehrlichParameters.optional(),
    measured: z.strictObject({ sampled: whole(2, 1_000_000) }).default({ sampled: 1000 }),
    count: count.default(128),
  })
  .refine((task) => (task.size === undefined) !== (task.parameters === undefined), {
    error: 'either size or parameters',
    path: ['size'],
  });

/** What a task file holds. */
export const taskSchema = z.discriminatedUnion('kind', [tableTask, pbmTask, ehrlichTask], {
  error: 'one of table, pbm, ehrlich',
});

/** A task as its file says it, defaults filled in. */
export type TaskDefinition = z.output<typeof taskSchema>;
/** A task as it is written, defaults left out. */
export type TaskInput = z.input<typeof taskSchema>;
export type TableTask = z.output<typeof tableTask>;
export type PbmTask = z.output<typeof pbmTask>;
export type EhrlichTask = z.output<typeof ehrlichTask>;
export type EhrlichParameters = z.output<typeof ehrlichParameters>;
export type EhrlichSize = z.output<typeof ehrlichSize>;
export type MeasuredRule = TaskDefinition['measured'];

/** The keys that each kind of task file may have, for messages. */
export const TASK_KEYS: Record<TaskDefinition['kind'], readonly string[]> = {
  table: Object.keys(tableTask.shape),
  pbm: Object.keys(pbmTask.shape),
  ehrlich: Object.keys(ehrlichTask.shape),
};
