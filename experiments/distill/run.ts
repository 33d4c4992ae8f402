/**
 * What a teacher and the Sinkhorn term bring to a small language model. One seed a run; lines are appended to
 * results.ndjson, and what is there is not computed again.
 *   npx tsx experiments/distill/run.ts --seed 0 --data ../shared/data
 *   npx tsx experiments/distill/table.ts
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PROTEIN } from '../../src/core/alphabet.js';
import { resizedStudent } from '../../src/lm/distill/student.js';
import type { LanguageModel } from '../../src/lm/language-model.js';
import { resolveModel } from '../../src/lm/registry.js';
import { type BaseModel, openBaseModel } from '../../src/lm/training/base-model.js';
import { trainingSchema } from '../../src/lm/training/config.js';
import { heldOutFeeds } from '../../src/lm/training/data.js';
import { createEvaluator } from '../../src/lm/training/evaluator.js';
import type { TrainableModel } from '../../src/lm/training/new-model.js';
import type { Arrays } from '../../src/lm/training/optimiser.js';
import type { TrainingTask } from '../../src/lm/training/trainer.js';
import { readCorpus } from '../../src/run/lm/corpus.js';
import { foldsByTable } from '../../src/run/lm/folds.js';
import { createPool } from '../../src/runtime/pool.js';
import { ARMS, TeacherMemory, type Trained, trainArm } from './arms.js';
import { headDraws, readTables } from './measure.js';

const { values: args } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    steps: { type: 'string', default: '250' },
    student: { type: 'string', default: '2x96' },
    draws: { type: 'string', default: '3' },
    windows: { type: 'string', default: '600' },
    data: { type: 'string', default: '../shared/data' },
    out: { type: 'string', default: 'experiments/distill/results.ndjson' },
  },
});
const SCRATCH_FOR_AS_LONG = 'scratch, for as long';
const [layers, width] = args.student.split('x').map(Number);
const steps = Number(args.steps);

const pool = createPool(1);
const teacher = await openBaseModel(resolveModel(undefined, PROTEIN).folder);
const student = resizedStudent(teacher, { layers, width });
const { corpora } = await readCorpus({
  fasta: path.join(args.data, 'corpora/proteins.fasta.gz'),
  alphabet: PROTEIN,
  foldOf: await foldsByTable(path.join(args.data, 'corpora/proteins.clusters.tsv.gz')),
  encode: teacher.encode,
});
const tables = await readTables(args.data);

function taskOf(of: TrainableModel, count: number): TrainingTask {
  const config = trainingSchema.parse({
    ...{ seed: Number(args.seed), steps: count, tokensPerStep: 4096, tokensPerRun: 512, learningRate: 4e-3 },
    ...{ warmupSteps: 20, evaluateEvery: count, evaluateWindows: 20 },
  });
  const { architecture, special, padId } = of;
  return { architecture, special, padId, config, train: corpora.train, heldOut: corpora.valid };
}

/** A model with other weights. */
function withWeights(of: TrainableModel, weights: Arrays): LanguageModel {
  return {
    ...teacher.model,
    ...{ architecture: of.architecture, sha256: 'student', externalFolder: undefined },
    weights: { read: (name) => weights.get(name)! },
  };
}

async function measured(of: TrainableModel, weights: Arrays) {
  const evaluator = await createEvaluator(pool, of.architecture);
  const heldOut = heldOutFeeds(corpora.test, taskOf(of, 1), Number(args.windows));
  const loss = await evaluator.loss(weights, heldOut);
  await evaluator.release();
  const draws = await headDraws(withWeights(of, weights), pool, tables, Number(args.draws));
  return { perplexity: Math.exp(loss), scored: heldOut.scored, draws };
}

const settings = { student: args.student, steps, windows: Number(args.windows) };
const known = existsSync(args.out)
  ? readFileSync(args.out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { arm: string; seed: string; steps: number; cpu: number })
  : [];
const lineOf = (arm: string, seed: string) => known.find((one) => one.arm === arm && one.seed === seed);

function write(arm: string, seed: string, result: object): void {
  appendFileSync(args.out, `${JSON.stringify({ arm, seed, ...settings, ...result })}\n`);
  console.log(arm, JSON.stringify({ ...result, draws: undefined }));
}

async function writeTrained(arm: string, { weights, cpu, steps: taken }: Trained): Promise<void> {
  write(arm, args.seed, { steps: taken, cpu, ...(await measured(student, weights)) });
}

async function measureTeacher({ start, ...of }: BaseModel): Promise<void> {
  if (!lineOf('teacher', '-'))
    write('teacher', '-', { steps: null, cpu: null, ...(await measured(of, start!)) });
}

await measureTeacher(teacher);
const memory = new TeacherMemory();
const costs = new Map<string, number>();
for (const [arm, options] of Object.entries(ARMS)) {
  const done = lineOf(arm, args.seed);
  if (done) {
    costs.set(arm, done.cpu);
    continue;
  }
  const trained = await trainArm(pool, teacher, student, taskOf(student, steps), options, memory);
  costs.set(arm, trained.cpu);
  await writeTrained(arm, trained);
}
if (!lineOf(SCRATCH_FOR_AS_LONG, args.seed)) {
  const count = Math.round((steps * costs.get('SinKD, beta 0.8')!) / costs.get('scratch')!);
  await writeTrained(
    SCRATCH_FOR_AS_LONG,
    await trainArm(pool, teacher, student, taskOf(student, count), null, memory),
  );
}
await pool.close();
