import { z } from 'zod';

/** What a distillation minimises: (1 - alpha) CE + alpha KD + 0.001 beta L_SD. */
export const distillSchema = z
  .strictObject({
    /** Weight of the teacher's soft targets (KD) against the true tokens (CE). */
    alpha: z.number().min(0).max(1).default(0.9),
    /** Weight of the Sinkhorn term, in thousandths; 0 leaves it out. */
    beta: z.number().nonnegative().default(0.8),
    /** tau, of the soft targets and of the Sinkhorn term. */
    temperature: z.number().positive().default(2),
    /** Entropy of the Sinkhorn term's transport. */
    epsilon: z.number().positive().default(0.1),
    /** Normalisations of rows and of columns. */
    iterations: z.int().positive().max(200).default(20),
    /** Scored tokens of a run that the Sinkhorn term compares, at most; it costs their square. */
    samples: z.int().min(2).max(1024).default(128),
  })
  .refine(({ alpha, beta }) => alpha > 0 || beta > 0, {
    error: 'with alpha 0 and beta 0 there is nothing to learn from a teacher',
    path: ['alpha'],
  });

export type DistillConfig = z.output<typeof distillSchema>;
export type DistillOptions = z.input<typeof distillSchema>;
