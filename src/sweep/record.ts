import { z } from 'zod';
import type { Json } from './canonical-json.js';

/** Raised when the fields of a record change; part of every key. */
export const FORMAT = 1;

const json: z.ZodType<Json> = z.json();
const count = z.int().nonnegative();
const measure = z.number().nullable();

/** What a cell is computed from: equal cells have equal results. */
const cellSchema = z.strictObject({
  /** A task's name, or all of a task file (without the path of its data). */
  task: json,
  seed: z.union([z.int(), z.string()]),
  plate: count,
  method: z.string(),
  /** Every option of the method, defaults filled in. */
  settings: z.record(z.string(), json),
  /** Number of designs asked for. */
  count,
});

/**
 * What a cell's designs are worth; see `evaluateDesigns`. `max`, `median`, `lowerMedian` and `mean` are of the normalised
 * scores, `(score - min) / (max - min)` over the whole task, and null where no design has a score.
 */
const metricsSchema = z.strictObject({
  max: measure,
  median: measure,
  lowerMedian: measure,
  mean: measure,
  /** The mean in the unit of the source. */
  meanScore: measure,
  /** Distinct designs among the task's 100 best sequences (and those tied with the last); null for a formula. */
  topHits: measure,
  distinct: count,
  /** Designs without a score: not in the table, or infeasible. */
  unscored: count,
  /** Designs that were measured before. */
  measured: count,
});

const resultSchema = z.strictObject({
  /** In the order of the method. */
  designs: z.array(z.string()),
  /** In the unit of the source; null where there is none. */
  scores: z.array(measure),
  metrics: metricsSchema,
  /** The task's protocol in sentences: split, normalisation. */
  protocol: z.string(),
  /** What the method says about its run. */
  notes: z.array(z.string()),
});

const circumstancesSchema = z.strictObject({
  finishedAt: z.string(),
  /** Wall time by phase, in seconds. */
  seconds: z.record(z.string(), z.number()),
  /** Passes of the feature map, in sequences: needed, and done after what was remembered; null where there is no map. */
  passes: z.strictObject({ measured: count, asked: count, done: count }).nullable(),
  /** Largest resident size of the process, in bytes; null where it never ran. */
  peakMemoryBytes: count.nullable(),
  node: z.string(),
  cpu: z.string(),
});

export const recordSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** SHA-256 of cell, code and data. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  cell: cellSchema,
  /** See `codeVersion`. */
  code: z.string(),
  /** SHA-256 of each file that the result depends on, by what it is. */
  data: z.record(z.string(), z.string()),
  outcome: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('done'), result: resultSchema }),
    z.strictObject({ status: z.literal('failed'), reason: z.string() }),
  ]),
  /** When and where it was computed, and at what cost. Nothing of the result depends on it. */
  circumstances: circumstancesSchema,
});

export type Cell = z.output<typeof cellSchema>;
export type CellMetrics = z.output<typeof metricsSchema>;
export type CellResult = z.output<typeof resultSchema>;
export type CellOutcome = CellRecord['outcome'];
export type Circumstances = z.output<typeof circumstancesSchema>;
/** One line of the store. */
export type CellRecord = z.output<typeof recordSchema>;
