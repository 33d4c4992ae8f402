/** Trainings of one student: with teacher and Sinkhorn term, with the teacher alone, and from scratch. */
import { createDistillationLoss, type DistillationLoss } from '../../src/lm/distill/distillation-loss.js';
import { type DistillOptions, distillSchema } from '../../src/lm/distill/options.js';
import type { BaseModel } from '../../src/lm/training/base-model.js';
import type { TrainableModel } from '../../src/lm/training/new-model.js';
import { type Arrays } from '../../src/lm/training/optimiser.js';
import { train, type TrainingTask } from '../../src/lm/training/trainer.js';
import type { Pool } from '../../src/runtime/pool.js';
import type { Feeds } from '../../src/runtime/session.js';

/** What is compared; null: without a teacher. */
export const ARMS: Readonly<Record<string, DistillOptions | null>> = {
  scratch: null,
  'soft targets': { beta: 0 },
  'SinKD, beta 0.8': { beta: 0.8 },
  'SinKD, beta 1000': { beta: 1000 },
};

/** Seconds of all threads of this process. */
export const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** A trained student. */
export interface Trained {
  weights: Arrays;
  steps: number;
  /** CPU seconds of the training, the teacher's predictions included. */
  cpu: number;
}

/**
 * Predictions of the teacher for the steps of one seed, made once: every arm sees the same masked tokens. An arm is
 * charged what they cost all the same.
 */
export class TeacherMemory {
  private readonly steps: Feeds[][] = [];
  private readonly costs: number[] = [];

  /** The loss with the stored predictions where there are any. */
  around(loss: DistillationLoss): { loss: DistillationLoss; saved(): number } {
    let step = 0;
    let saved = 0;
    const prepare = async (feeds: readonly Feeds[]): Promise<Feeds[]> => {
      const at = step++;
      if (this.steps[at]) {
        saved += this.costs[at];
        return feeds.map((run, i) => ({ ...run, ...this.steps[at][i] }));
      }
      const before = cpuSeconds();
      const prepared = await loss.prepare(feeds);
      this.costs[at] = cpuSeconds() - before;
      this.steps[at] = prepared.map(({ scored, teacher, samples }) => ({ scored, teacher, samples }));
      return prepared;
    };
    return { loss: { ...loss, prepare }, saved: () => saved };
  }
}

/** Trains one arm. */
export async function trainArm(
  pool: Pool,
  teacher: BaseModel,
  student: TrainableModel,
  task: TrainingTask,
  options: DistillOptions | null,
  memory: TeacherMemory,
): Promise<Trained> {
  const before = cpuSeconds();
  if (options === null) {
    const { weights, step } = await train(pool, task);
    return { weights, steps: step, cpu: cpuSeconds() - before };
  }
  const made = createDistillationLoss(
    ...([pool, teacher.model, student.architecture, task.config, distillSchema.parse(options)] as const),
  );
  const { loss, saved } = memory.around(made);
  const { weights, step } = await train(pool, { ...task, loss });
  await made.release();
  return { weights, steps: step, cpu: cpuSeconds() - before + saved() };
}
