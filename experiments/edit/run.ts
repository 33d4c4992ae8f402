/**
 * Edits of leads by diffusion against search and chance, on tasks with ground truth. Appends one line for each task and
 * seed to `runs/edit.ndjson` and skips those that are there, so it can be stopped at any time.
 * Usage: npx tsx experiments/edit/run.ts TASK[,TASK...] [seeds from] [seeds to]; then npx tsx experiments/edit/table.ts
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { decode, hammingDistance, type Sequence } from '../../src/core/alphabet.js';
import { createRandom, type Random } from '../../src/core/random.js';
import { discreteSearch } from '../../src/design/discrete-search.js';
import { createObjective, type Objective } from '../../src/design/objective.js';
import { createProblem, type Problem } from '../../src/design/problem.js';
import { selectDesigns } from '../../src/design/selection.js';
import { sequenceKey } from '../../src/design/sequence-key.js';
import { chooseStarts } from '../../src/design/starts.js';
import { createDenoiser, type Denoiser } from '../../src/diffusion/denoiser.js';
import { decodeStates } from '../../src/diffusion/edit-lead.js';
import { fitPredictor, type ScorePredictor, trainEditModel } from '../../src/diffusion/edit-model.js';
import { createEditor, EDITOR_DEFAULTS, indexOfBack, leadStates } from '../../src/diffusion/editor.js';
import { standardise } from '../../src/proxy/standardise.js';
import { loadTask, type Task } from '../../src/tasks/index.js';
import {
  BACKS,
  BLOCKS,
  type CellRecord,
  DRAWS,
  type LeadRecord,
  LEADS,
  RESULTS,
  type Rung,
} from './record.js';

interface Lab {
  task: Task;
  problem: Problem;
  predictor: ScorePredictor;
  objective: Objective;
  denoiser: Denoiser;
  random: Random;
}

/** A design's true score, normalised; infeasible ones of a formula count 0. */
function truth({ task }: Lab, sequence: Sequence): number {
  const score = task.score(sequence) ?? task.unscoredAs;
  if (score === null) throw new Error(`${decode(task.alphabet, sequence)} has no score and was proposed`);
  return task.normalise(score);
}

function problemOf(task: Task, budget?: number): Problem {
  const { alphabet, measured, excluded, length, letters } = task;
  return createProblem({
    ...{ alphabet, length, letters },
    measured: [...measured.sequences, ...excluded],
    designable: task.designable ?? Array.from({ length }, (_, position) => position),
    ...(budget === undefined ? {} : { maxMutations: budget, relativeTo: 'start' as const }),
  });
}

async function openLab(task: Task, random: Random): Promise<Lab> {
  const problem = problemOf(task);
  const { sequences, scores } = task.measured;
  const data = { problem, sequences, scores: Float64Array.from(scores) };
  const predictor = await fitPredictor(data, random.fork('proxy'), { only: BLOCKS[task.name] });
  const trained = await trainEditModel({ ...data, predictor, random: random.fork('model') });
  console.log(
    `  trained: step ${trained.step}, held out ${trained.heldOutLoss} (untrained ${trained.untrainedLoss})`,
  );
  const { featureMap, head, auxiliary } = predictor.fit;
  const objective = createObjective({ featureMap, head, auxiliary });
  return { task, problem, predictor, objective, denoiser: await createDenoiser(trained), random };
}

/** Sequences by lead and rung, [leads][backs][draws], and the largest error of the way back at the leads' own scores. */
async function edits(lab: Lab, leads: readonly Sequence[], sampler: 'bdia' | 'ddim', target: number) {
  const { denoiser, problem, predictor, random } = lab;
  const editor = createEditor(denoiser, { sampler });
  const D = denoiser.width;
  const data = new Float64Array(leads.length * DRAWS * D);
  leads.forEach((lead, i) =>
    data.set(leadStates(denoiser, editor.schedule, lead, DRAWS, random.fork(`draws ${i}`)), i * DRAWS * D),
  );
  const predicted = await predictor.predict(leads);
  const own = Float64Array.from({ length: leads.length * DRAWS }, (_, k) => predicted[Math.floor(k / DRAWS)]);
  const wanted = own.map((score) => score + target * predictor.sd);
  const states = await editor.invert(data, own);
  const again = await editor.regenerate(states, EDITOR_DEFAULTS.steps, own);
  const error = data.reduce((most, value, k) => Math.max(most, Math.abs(value - again[k])), 0);
  const kept = leads.flatMap((lead, i) =>
    decodeStates(denoiser, problem, lead, again.subarray(i * DRAWS * D, (i + 1) * DRAWS * D)).map(
      (sequence) => (hammingDistance(sequence, lead) === 0 ? 1 : 0) as number,
    ),
  );
  const byLead: Sequence[][][] = leads.map(() => []);
  for (const back of BACKS) {
    const z = await editor.regenerate(states, indexOfBack(back, EDITOR_DEFAULTS.steps), wanted);
    leads.forEach((lead, i) =>
      byLead[i].push(decodeStates(denoiser, problem, lead, z.subarray(i * DRAWS * D, (i + 1) * DRAWS * D))),
    );
  }
  return { byLead, error, returned: kept.reduce((a, b) => a + b, 0) / kept.length };
}

/** What is left of a rung's draws, and the one of them that the proxy likes best. */
async function rungOf(lab: Lab, lead: Sequence, drawn: readonly Sequence[]): Promise<Rung> {
  const usable = drawn.filter(
    (sequence) => hammingDistance(sequence, lead) > 0 && !lab.problem.isMeasured(sequence),
  );
  if (usable.length === 0) return { usable: 0, mean: null, meanDistance: null, picked: null };
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const best = await pick(lab, usable);
  return {
    usable: usable.length,
    mean: mean(usable.map((sequence) => truth(lab, sequence))),
    meanDistance: mean(usable.map((sequence) => hammingDistance(sequence, lead))),
    picked: { distance: hammingDistance(best, lead), score: truth(lab, best) },
  };
}

async function pick({ predictor }: Lab, sequences: readonly Sequence[]): Promise<Sequence> {
  const predicted = await predictor.predict(sequences);
  return sequences[predicted.indexOf(predicted.reduce((a, b) => Math.max(a, b), -Infinity))];
}

/** The best of the discrete search for BIB's objective within so many letters of a lead. */
async function searchAround(lab: Lab, row: number, budget: number): Promise<number> {
  const { task, objective, random } = lab;
  const { sequences, scores } = task.measured;
  const problem = problemOf(task, budget);
  const method = discreteSearch();
  const exploration = await method.design({
    ...{ problem, objective, count: 1 },
    starts: [{ row, sequence: sequences[row] }],
    measured: { sequences, y: standardise(scores).y },
    random: random.fork(`search ${row} ${budget}`),
  });
  const { designs } = await selectDesigns({
    ...{ problem, objective, exploration, count: 1 },
    ranking: method.ranking,
  });
  return truth(lab, designs[0].sequence);
}

/** Unmeasured sequences with exactly so many letters of the lead changed at random. */
function randomMutants({ problem }: Lab, lead: Sequence, distance: number, count: number, random: Random) {
  const found: Sequence[] = [];
  const positions = [...problem.designable];
  for (let tries = 0; found.length < count && tries < 100 * count; tries++) {
    const sequence = lead.slice();
    for (const i of random.shuffle(positions).slice(0, distance)) {
      const others = [...problem.letters[i]].filter((letter) => problem.alphabet.code(letter) !== lead[i]);
      sequence[i] = problem.alphabet.code(others[random.integer(others.length)]);
    }
    if (!problem.isMeasured(sequence)) found.push(sequence);
  }
  return found;
}

async function atDistance(lab: Lab, row: number, distance: number): Promise<LeadRecord['beside'][number]> {
  const lead = lab.task.measured.sequences[row];
  const random = lab.random.fork(`random ${row} ${distance}`);
  const mutants = randomMutants(lab, lead, distance, 4 * DRAWS, random);
  const scores = mutants.map((sequence) => truth(lab, sequence));
  return {
    distance,
    bib: await searchAround(lab, row, distance),
    random: scores.reduce((a, b) => a + b, 0) / scores.length,
    randomPicked: truth(lab, await pick(lab, mutants.slice(0, DRAWS))),
  };
}

async function leadRecord(
  lab: Lab,
  row: number,
  drawn: { bdia: Sequence[][]; ddim: Sequence[][] },
): Promise<LeadRecord> {
  const lead = lab.task.measured.sequences[row];
  const rungs = async (sequences: Sequence[][]) => {
    const out: Rung[] = [];
    for (const rung of sequences) out.push(await rungOf(lab, lead, rung));
    return out;
  };
  const [bdia, ddim] = [await rungs(drawn.bdia), await rungs(drawn.ddim)];
  const distances = new Set(bdia.flatMap(({ picked }) => picked?.distance ?? []));
  const beside: LeadRecord['beside'] = [];
  for (const distance of [...distances].sort((a, b) => a - b))
    beside.push(await atDistance(lab, row, distance));
  return { row, score: truth(lab, lead), bdia, ddim, beside };
}

async function cell(name: string, seed: number, target: number): Promise<CellRecord> {
  const began = performance.now();
  const dataDir = process.env.BISEQ_DATA ?? '../shared/data';
  const task = await loadTask(name, { seed, dataDir });
  const lab = await openLab(task, createRandom(`edit ${name} ${seed}`));
  const { sequences, scores } = task.measured;
  const rows = chooseStarts(lab.problem, sequences, scores, LEADS).map(({ row }) => row);
  const leads = rows.map((row) => sequences[row]);
  const bdia = await edits(lab, leads, 'bdia', target);
  const ddim = await edits(lab, leads, 'ddim', target);
  const records: LeadRecord[] = [];
  for (const [i, row] of rows.entries())
    records.push(await leadRecord(lab, row, { bdia: bdia.byLead[i], ddim: ddim.byLead[i] }));
  await lab.denoiser.release();
  return {
    ...{ task: name, seed, target, leads: records },
    error: { bdia: bdia.error, ddim: ddim.error },
    returned: { bdia: bdia.returned, ddim: ddim.returned },
    measured: new Set(sequences.map(sequenceKey)).size,
    seconds: (performance.now() - began) / 1000,
  };
}

const [names = 'gb1-384,tfbind8-r,ehrlich-20-15-2-4', from = '0', to = '8', target = '2'] =
  process.argv.slice(2);
const done = new Set(
  existsSync(RESULTS)
    ? readFileSync(RESULTS, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as CellRecord)
        .map((record) => `${record.task} ${record.seed} ${record.target}`)
    : [],
);
mkdirSync('runs', { recursive: true });
for (let seed = Number(from); seed < Number(to); seed++) {
  for (const name of names.split(',')) {
    if (done.has(`${name} ${seed} ${Number(target)}`)) continue;
    const record = await cell(name, seed, Number(target));
    appendFileSync(RESULTS, `${JSON.stringify(record)}\n`);
    console.log(`${name} seed ${seed}: ${record.seconds.toFixed(0)} s`);
  }
}
