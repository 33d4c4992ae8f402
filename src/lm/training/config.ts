import { z } from 'zod';

/** Everything that decides what a training computes; two runs of the same config and data give the same weights. */
export const trainingSchema = z.strictObject({
  seed: z.union([z.int(), z.string()]).default(0),
  /** `masked`: hidden letters from both sides (bidirectional models); `causal`: each token from those before it. */
  objective: z.enum(['masked', 'causal']).default('masked'),
  /** Order in which letters are read: as written, or from the other end (time-reversed models). */
  order: z.enum(['forward', 'reverse']).default('forward'),
  /** Optimiser steps. */
  steps: z.int().positive(),
  /** Longest window, in letters (special tokens come on top). */
  window: z.int().positive().default(254),
  /** Padded tokens of one optimiser step, at least. */
  tokensPerStep: z.int().positive().default(8192),
  /** Padded tokens of one run of the graph, at most (a longer single window is run alone). */
  tokensPerRun: z.int().positive().default(1024),
  /** Padded lengths are multiples of it. */
  lengthMultiple: z.int().positive().default(32),
  /** Parts into which a step's runs are dealt; the sums are added in order, whatever the number of workers. */
  shards: z.int().positive().default(2),
  optimiser: z.enum(['adamw', 'muon']).default('muon'),
  learningRate: z.number().positive().default(2e-3),
  warmupSteps: z.int().nonnegative().default(100),
  weightDecay: z.number().nonnegative().default(0.01),
  /** Gradients are scaled to at most this norm. */
  clipNorm: z.number().positive().default(1),
  /** Members of a family that an epoch shows, at most, drawn anew each time; 0: all (also where no families are known). */
  perFamily: z.int().nonnegative().default(0),
  maskRate: z.number().positive().max(0.9).default(0.15),
  /** Steps between held-out evaluations. */
  evaluateEvery: z.int().positive().default(200),
  /** Windows of the held-out set that are evaluated (all, if it has fewer). */
  evaluateWindows: z.int().positive().default(300),
  /** Evaluations without a better held-out loss after which training stops; 0 never stops. */
  patience: z.int().nonnegative().default(0),
});

export type TrainingConfig = z.infer<typeof trainingSchema>;
export type TrainingOptions = z.input<typeof trainingSchema>;
