import { z } from 'zod';

/** How a denoiser is built and trained. Everything may be left out. */
export const trainingSchema = z.strictObject({
  /** Width of the hidden layer. */
  hidden: z.int().min(1).max(4096).default(96),
  /** Residual blocks. */
  blocks: z.int().min(1).max(32).default(2),
  /** Optimiser steps. */
  steps: z.int().min(1).max(10_000_000).default(1500),
  /** Rows per step, drawn with replacement. */
  batch: z.int().min(1).max(100_000).default(128),
  /** AdamW's largest step size; it warms up over a twentieth of the steps and falls along a cosine. */
  learningRate: z.number().positive().max(1).default(2e-3),
  /** Decoupled weight decay. */
  weightDecay: z.number().min(0).max(10).default(0.01),
  /** Share of the rows of a batch whose score is hidden, for classifier-free guidance (Ho and Salimans, 2022). */
  scoreDropout: z.number().min(0).max(1).default(0.15),
  /** Share of the rows that are held out; the weights of the step that denoises them best are kept. */
  heldOut: z.number().min(0).max(0.5).default(0.1),
  /** Steps between looks at the held-out rows, and between checkpoints. */
  every: z.int().min(1).max(10_000_000).default(100),
});

/** {@link trainingSchema} as it is given. */
export type TrainingOptions = z.input<typeof trainingSchema>;
/** {@link trainingSchema}, with its defaults filled in. */
export type CheckedTrainingOptions = z.output<typeof trainingSchema>;
