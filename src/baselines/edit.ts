import { z } from 'zod';
import type { Exploration, MethodRun, Start, Visit } from '../design/method.js';
import { feasibleStart } from '../design/starts.js';
import { SMALLEST_G } from '../diffusion/bdia.js';
import { createDenoiser, type Denoiser } from '../diffusion/denoiser.js';
import { DEFAULT_DRAWS, editLead, type EditResult } from '../diffusion/edit-lead.js';
import { DEFAULT_POOL, trainEditModel } from '../diffusion/edit-model.js';
import { EDITOR_DEFAULTS } from '../diffusion/editor.js';
import { trainingSchema } from '../diffusion/training-options.js';
import { defineMethod } from './definition.js';
import { createScoring, type Proposal, requireMeasuredSet, type Scoring } from './scoring.js';

const training = trainingSchema.shape;

const schema = z.strictObject({
  /** How leads are taken to noise and back: exactly (`bdia`), or by DDIM's inversion. */
  sampler: z.enum(['bdia', 'ddim']).default(EDITOR_DEFAULTS.sampler),
  /** What is asked for, in standard deviations above each lead's score. */
  target: z.number().positive().max(100).default(2),
  /** Shares of the way to noise. */
  back: z.array(z.number().positive().max(1)).min(1).max(100).default([0.5, 0.8, 1]),
  /** Starts that are edited, the best measured ones. */
  leads: z.int().min(1).max(100_000).default(16),
  /** States of each lead that are taken to noise. */
  draws: z.int().min(1).max(10_000).default(DEFAULT_DRAWS),
  /** BDIA's g. */
  g: z.number().min(SMALLEST_G).max(1).default(EDITOR_DEFAULTS.g),
  /** Steps to noise. */
  noiseSteps: z.int().min(2).max(1000).default(EDITOR_DEFAULTS.steps),
  /** w of classifier-free guidance. */
  guidance: z.number().min(0).max(100).default(EDITOR_DEFAULTS.guidance),
  /** Unmeasured sequences that the diffusion model learns with scores of the proxy; 0: measured rows and scores alone. */
  pool: z.int().min(0).max(1_000_000).default(DEFAULT_POOL),
  /** Steps of its training, and the width of its network. */
  trainingSteps: training.steps,
  hidden: training.hidden,
});
type EditOptions = z.output<typeof schema>;

/**
 * Edits of the best measured sequences by a score-conditioned diffusion model, as `biseq edit` makes them, with scores by the
 * run's proxy. Of all edits the best predicted are designs.
 */
export const edit = defineMethod({
  name: 'edit',
  module: import.meta.url,
  summary: 'edits of the best measured sequences by diffusion inverted exactly (BDIA) or by DDIM',
  reference:
    'BDIA: Zhang et al., Exact diffusion inversion via bi-directional integration approximation, 2023',
  schema,
  create: (options) => ({
    name: 'edit',
    ranking: 'prediction',
    design: (run) => editStarts(run, options),
  }),
});

async function editStarts(run: MethodRun, options: EditOptions): Promise<Exploration> {
  const { problem, starts, random } = run;
  const scoring = createScoring(run);
  const steps = options.trainingSteps + Math.min(options.leads, starts.length);
  await scoring.step(0, steps);
  // all of them: where there are too few edits, designs are looked for around what was visited
  const visits = await scoring.score(
    starts.map((start) => ({
      sequence: feasibleStart(problem, start.sequence, random.fork(`start ${start.row}`)),
      start,
    })),
  );
  const leads = visits.slice(0, options.leads);
  const denoiser = await train(run, options);
  let [found, error] = [0, 0];
  try {
    for (const [i, lead] of leads.entries()) {
      await scoring.step(options.trainingSteps + i, steps);
      const edited = await editVisit(run, options, denoiser, lead);
      error = Math.max(error, edited.reconstructionError);
      found += (await scoring.score(proposalsOf(run, scoring, edited, lead.start))).length;
    }
  } finally {
    await denoiser.release();
  }
  await scoring.step(steps, steps);
  const returns = `leads come back from noise with errors of up to ${error.toExponential(0)}`;
  return scoring.finish(undefined, [`${found} edits of ${leads.length} leads; ${returns}`]);
}

/** A diffusion model of the measured sequences and of others that the proxy scores. */
async function train(run: MethodRun, { pool, trainingSteps, hidden }: EditOptions): Promise<Denoiser> {
  const { problem, objective, random, signal } = run;
  const { sequences, y } = requireMeasuredSet(run);
  const rows = sequences.map((_, i) => i).filter((i) => sequences[i].length === problem.length);
  const trained = await trainEditModel({
    ...{ problem, pool },
    sequences: rows.map((i) => sequences[i]),
    scores: Float64Array.from(rows, (i) => y[i]),
    predictor: { predict: (wanted) => objective.predict(wanted, signal) },
    training: { steps: trainingSteps, hidden },
    random: random.fork('model'),
    hooks: { signal },
  });
  return createDenoiser(trained);
}

function editVisit(
  run: MethodRun,
  options: EditOptions,
  denoiser: Denoiser,
  { sequence: lead, start, evaluation }: Visit,
): Promise<EditResult> {
  const { back, draws, sampler, g, noiseSteps, guidance } = options;
  // on the scale that the model learned, in which a standard deviation is about one
  const leadScore = options.pool === 0 ? requireMeasuredSet(run).y[start.row] : evaluation.prediction;
  return editLead({
    ...{ denoiser, lead, leadScore, back, draws, problem: run.problem, signal: run.signal },
    target: leadScore + options.target,
    options: { sampler, g, steps: noiseSteps, guidance },
    random: run.random.fork(`draws ${start.row}`),
  });
}

/** What is new of the edits of a start, inside the constraints around it. */
function proposalsOf(
  { problem }: MethodRun,
  { claim }: Scoring,
  { rungs }: EditResult,
  start: Start,
): Proposal[] {
  return rungs
    .flatMap(({ edits }) => edits.map(({ sequence }) => ({ sequence, start })))
    .filter((proposal) => problem.allows(proposal.sequence, start.sequence) && claim(proposal));
}
