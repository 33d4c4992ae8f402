import { z } from 'zod';
import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import { drawUnmeasured } from '../diffusion/pool.js';
import type { Task } from '../tasks/index.js';
import { defineCompanion } from './companion.js';
import { between, oneOf, whole } from './settings-schema.js';
import { problemOfTask } from './task-problem.js';

/**
 * The default search of an ensemble of bootstrap heads, or of the one head with soft bins that SinKD distils from it, in
 * place of the evidence's head. The backward mapping stays the evidence's.
 */
export const distilledCompanion = defineCompanion({
  name: 'distilled',
  module: import.meta.url,
  own: z.strictObject({
    /** `student`: the distilled head; `teacher`: the mean of the ensemble, which leaves the distillation out. */
    head: oneOf('student', 'teacher').default('student'),
    /** Heads of the ensemble. */
    heads: whole(1, 1000).default(16),
    /** Weight of the soft targets against the measured scores. */
    alpha: between(0, 1).default(0.9),
    /** Weight of the Sinkhorn term, in thousandths; 0 leaves it out. */
    beta: between(0, 1_000_000).default(0.8),
    /** tau of the soft targets. */
    temperature: between(0.01, 100).default(1),
    bins: whole(4, 256).default(24),
    /** Steps that the student is trained for. */
    studentSteps: whole(1, 100_000).default(300),
    /** Its largest step size. With one scale for all features a small one follows the ensemble best. */
    studentRate: between(1e-6, 10).default(0.1),
    /** Sequences without a measurement that the student is taught by too. */
    unmeasured: whole(0, 100_000).default(1000),
  }),
  fixed: { features: 'blocks' },
  memoryBytes: 300 * 2 ** 20,
  dependencies: async () => ({}),
  async prepare(own, { task, random }) {
    const { head, heads, alpha, beta, temperature, bins, studentSteps: steps, studentRate } = own;
    const unmeasured =
      head === 'student' ? drawUntaught(task, own.unmeasured, random.fork('unmeasured')) : [];
    return {
      ensemble: {
        ...{ by: head, heads, unmeasured },
        student: { alpha, beta, temperature, bins, steps, learningRate: studentRate },
      },
    };
  },
});

/** Of the candidates where one chooses among them, else what the constraints allow. */
function drawUntaught(task: Task, count: number, random: Random): Sequence[] {
  const { mode, candidates, measured } = task;
  if (mode === 'choose') return random.shuffle([...(candidates ?? [])]).slice(0, count);
  return drawUnmeasured({ problem: problemOfTask(task, 0), ...measured }, count, random);
}
