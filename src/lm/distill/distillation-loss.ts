import type { Pool } from '../../runtime/pool.js';
import type { Feeds, TensorValue } from '../../runtime/session.js';
import type { Architecture } from '../architecture/architecture.js';
import type { TrainingConfig } from '../training/config.js';
import type { HeldOut } from '../training/data.js';
import { ARENA, type LossMemory, peakBytes } from '../training/memory.js';
import type { TrainingLoss } from '../training/trainer.js';
import { distillationGraph } from './distillation-graph.js';
import type { DistillConfig } from './options.js';
import { createTeacher, type Teacher, type TeacherModel } from './teacher.js';

/** The loss of a distillation, with the teacher that it asks. */
export interface DistillationLoss extends TrainingLoss {
  prepare(feeds: readonly Feeds[]): Promise<Feeds[]>;
  /** Mean cross-entropy of the teacher itself, in nats a scored token. */
  teacherLoss(heldOut: HeldOut): Promise<number>;
  release(): Promise<void>;
}

/**
 * What a student is trained with: the teacher predicts the same masked tokens, a run at a time.
 * @param student shares the teacher's vocabulary, token for token
 */
export function createDistillationLoss(
  pool: Pool,
  teacher: TeacherModel,
  student: Architecture,
  training: TrainingConfig,
  config: DistillConfig,
): DistillationLoss {
  const asked = createTeacher(pool, teacher);
  return {
    graph: distillationGraph(student, config),
    memory: memoryOf(teacher, asked, training, config),
    async prepare(feeds) {
      const runs = await Promise.all(feeds.map((run) => prepareRun(run, config.samples, asked)));
      return runs.filter((run) => run !== null);
    },
    async teacherLoss(heldOut) {
      let total = 0;
      for (const run of heldOut.feeds()) total += await crossEntropy(run, asked);
      return total;
    },
    release: () => asked.release(),
  };
}

/** sum of weight_s (log sum_v exp x_sv - x_s,label) over the scored places of a run. */
async function crossEntropy(run: Feeds, teacher: Teacher): Promise<number> {
  const scored = scoredPlaces(run.targets);
  if (scored.shape[0] === 0) return 0;
  const { data, shape } = await teacher.predict(run, scored);
  const [S, V] = shape;
  const T = run.targets.shape[1];
  let total = 0;
  for (let s = 0; s < S; s++) {
    const logits = (data as Float32Array).subarray(s * V, (s + 1) * V);
    const place = Number(scored.data[2 * s]) * T + Number(scored.data[2 * s + 1]);
    const weights = (run.targets.data as Float32Array).subarray(place * V, (place + 1) * V);
    const label = weights.findIndex((weight) => weight !== 0);
    const largest = logits.reduce((most, x) => Math.max(most, x), -Infinity);
    const sum = logits.reduce((all, x) => all + Math.exp(x - largest), 0);
    total += weights[label] * (largest + Math.log(sum) - logits[label]);
  }
  return total;
}

/** The feeds of a run; null where it scores nothing. */
async function prepareRun(run: Feeds, samples: number, teacher: Teacher): Promise<Feeds | null> {
  const scored = scoredPlaces(run.targets);
  const [count] = scored.shape;
  if (count === 0) return null;
  const predicted = await teacher.predict(run, scored);
  return { ...run, scored, teacher: predicted, samples: spreadOut(count, Math.min(count, samples)) };
}

/** Places (b, t) of [B x T x V] targets where something is scored: int64 [S x 2]. */
export function scoredPlaces({ data, shape: [B, T, V] }: TensorValue): TensorValue {
  const places: bigint[] = [];
  for (let place = 0; place < B * T; place++) {
    if (!data.subarray(place * V, (place + 1) * V).some((weight) => weight !== 0)) continue;
    places.push(BigInt(Math.floor(place / T)), BigInt(place % T));
  }
  return { data: BigInt64Array.from(places), shape: [places.length / 2, 2] };
}

/** `count` of `of` rows, as far apart as they can be: int64 [count]. */
function spreadOut(of: number, count: number): TensorValue {
  const rows = Array.from({ length: count }, (_, i) => BigInt(Math.floor((i * of) / count)));
  return { data: BigInt64Array.from(rows), shape: [count] };
}

/** A run scores more of its letters than the rate by chance; so many times it are counted on. */
const CHANCE = 1.5;

function memoryOf(
  { parameters, externalFolder }: TeacherModel,
  { shapes }: Teacher,
  { objective, maskRate }: TrainingConfig,
  { samples }: DistillConfig,
): LossMemory {
  const share = objective === 'causal' ? 1 : Math.min(1, CHANCE * maskRate);
  const scoredOf = (tokens: number) => Math.ceil(tokens * share);
  // Weights that are no files to map are held twice: as the model's bytes and as the runtime has them.
  const held = (externalFolder === undefined ? 2 : 1) * 4 * parameters;
  return {
    sizes: (tokens) => ({ S: scoredOf(tokens), M: Math.min(samples, scoredOf(tokens)) }),
    worker: (B, T) => held + ARENA * peakBytes(shapes, { B, T, S: scoredOf(B * T) }),
  };
}
