import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { serialise } from '../../../src/graph/serialise.js';
import { createDistillationLoss } from '../../../src/lm/distill/distillation-loss.js';
import { type DistillOptions, distillSchema } from '../../../src/lm/distill/options.js';
import type { TeacherModel } from '../../../src/lm/distill/teacher.js';
import { feedsFor } from '../../../src/lm/training/batch.js';
import type { TrainingOptions } from '../../../src/lm/training/config.js';
import { heldOutFeeds, trainingSteps } from '../../../src/lm/training/data.js';
import { createEvaluator, weightFeeds } from '../../../src/lm/training/evaluator.js';
import { initialWeights } from '../../../src/lm/training/initialise.js';
import { gradientName, lossGraph } from '../../../src/lm/training/loss-graph.js';
import { train } from '../../../src/lm/training/trainer.js';
import { createPool } from '../../../src/runtime/pool.js';
import { createSession } from '../../../src/runtime/session.js';
import { toyTask } from '../training/toy.js';

const pool = createPool(2);
afterAll(() => pool.close());

type Arrays = Map<string, Float32Array>;

/** A model of drawn weights, large enough that its predictions differ from token to token. */
function drawnWeights(architecture: TeacherModel['architecture'], seed: string): Arrays {
  const weights = initialWeights(lossGraph(architecture).parameters, createRandom(seed));
  for (const [name, weight] of weights)
    if (!/norm/i.test(name)) weight.forEach((w, i) => (weight[i] = 10 * w));
  return weights;
}

function asTeacher(architecture: TeacherModel['architecture'], weights: Arrays): TeacherModel {
  return { architecture, parameters: 1000, weights: { read: (name) => weights.get(name)! } };
}

/** The first step's runs, with the graph's outputs under given weights. */
async function probe(options: DistillOptions, training: Partial<TrainingOptions> = {}) {
  const task = toyTask({ tokensPerStep: 64, ...training });
  const { architecture, config } = task;
  const teacherWeights = drawnWeights(architecture, 'teacher');
  const teacher = asTeacher(architecture, teacherWeights);
  const loss = createDistillationLoss(pool, teacher, architecture, config, distillSchema.parse(options));
  const { graph, parameters } = loss.graph;
  const [run] = await loss.prepare(
    trainingSteps(task.train, task, { epoch: 0, batch: 0 }).next().value.feeds.slice(0, 1),
  );
  const session = await createSession(serialise(graph));
  const evaluate = (weights: Arrays, changed = run) =>
    session.run(feedsFor(graph.inputs, { ...changed, ...weightFeeds(parameters, weights) }));
  return { task, loss, run, evaluate, parameters, teacherWeights };
}

const value = (tensor: { data: ArrayLike<unknown> }) => Number(tensor.data[0]);

const softmax = (row: readonly number[], tau: number) => {
  const e = row.map((x) => Math.exp(x / tau));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / sum);
};

describe('the loss of a distillation', () => {
  it('has its minimum in KD where the student is the teacher: the entropy of the soft targets', async () => {
    const { run, evaluate, teacherWeights, parameters } = await probe({ alpha: 1, beta: 0 });
    const own = await evaluate(teacherWeights);
    const [S, V] = run.teacher.shape;
    let entropy = 0;
    for (let s = 0; s < S; s++) {
      const q = softmax([...(run.teacher.data as Float32Array).subarray(s * V, (s + 1) * V)], 2);
      const [b, t] = [Number(run.scored.data[2 * s]), Number(run.scored.data[2 * s + 1])];
      const at = (b * run.targets.shape[1] + t) * V;
      const weight = (run.targets.data as Float32Array).subarray(at, at + V).reduce((x, y) => x + y, 0);
      entropy -= weight * q.reduce((sum, x) => sum + x * Math.log(x), 0);
    }
    expect(value(own.soft)).toBeCloseTo(entropy, 5);
    expect(value(own.total)).toBeCloseTo(entropy, 5);
    for (const { name } of parameters)
      for (const x of own[gradientName(name)].data) expect(Math.abs(Number(x))).toBeLessThan(1e-5);
  });

  it('is (1 - alpha) CE + alpha KD + 0.001 beta L_SD; its gradient is that of central differences', async () => {
    const options = { alpha: 0.6, beta: 700, samples: 5 };
    const { evaluate, task, parameters } = await probe(options);
    const weights = drawnWeights(task.architecture, 'student');
    const out = await evaluate(weights);
    expect(value(out.sinkhorn)).toBeGreaterThan(0);
    const sum = 0.4 * value(out.loss) + 0.6 * value(out.soft) + 0.7 * value(out.sinkhorn);
    expect(value(out.total)).toBeCloseTo(sum, 5);
    const random = createRandom('direction');
    const direction = new Map(
      parameters.map(({ name }) => [name, weights.get(name)!.map(() => random.normal())]),
    );
    const step = 1e-4;
    const moved = async (by: number) => {
      const away = new Map(
        [...weights].map(([name, w]) => [name, w.map((x, i) => x + by * direction.get(name)![i])]),
      );
      return value((await evaluate(away)).total);
    };
    const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
    const along = parameters.reduce((total, { name }) => {
      const gradient = out[gradientName(name)].data as Float32Array;
      return total + gradient.reduce((part, x, i) => part + x * direction.get(name)![i], 0);
    }, 0);
    expect(Math.abs(slope - along)).toBeLessThan(0.01 * Math.abs(along));
  });

  it('compares at most so many letters of a run', async () => {
    const { run } = await probe({ samples: 4 });
    expect(run.samples.shape).toEqual([4]);
    expect(new Set(run.samples.data as BigInt64Array).size).toBe(4);
    expect(Number(run.samples.data[3])).toBeLessThan(run.scored.shape[0]);
  });
});

describe('a distillation', () => {
  it.each([{}, { objective: 'causal', order: 'reverse' }] as Partial<TrainingOptions>[])(
    'brings a student to its teacher, with the teacher’s own loss beside it, %o',
    async (kind) => {
      const task = toyTask({ ...kind, steps: 60, evaluateEvery: 60 });
      const { architecture, config } = task;
      const { weights } = await train(pool, task);
      const evaluator = await createEvaluator(pool, architecture);
      const heldOut = heldOutFeeds(task.heldOut, task);
      const teacherLoss = await evaluator.loss(weights, heldOut);
      const loss = createDistillationLoss(
        pool,
        asTeacher(architecture, new Map(weights)),
        architecture,
        config,
        distillSchema.parse({}),
      );
      expect(await loss.teacherLoss(heldOut)).toBeCloseTo(teacherLoss, 5);
      const taught = await train(pool, { ...task, config: { ...config, seed: 5 }, loss });
      expect(taught.curve.at(-1)!.heldOutLoss!).toBeLessThan(teacherLoss + 0.3);
      expect(taught.curve.at(-1)!.trainLoss).toBeLessThan(taught.curve[0].trainLoss!);
      await Promise.all([loss.release(), evaluator.release()]);
    },
  );
});
