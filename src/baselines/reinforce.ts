import { z } from 'zod';
import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import type { Exploration, MethodRun } from '../design/method.js';
import { adam, start } from '../design/optimisers.js';
import type { Problem } from '../design/problem.js';
import { softmaxRows } from '../design/relaxation.js';
import { defineMethod, overProxy, searchedProxy } from './definition.js';
import { keepBudget } from './moves.js';
import { createScoring, requireMeasuredSet } from './scoring.js';

const schema = z.strictObject({
  /** Steps of the policy. design-baselines: 100. */
  iterations: z.int().min(1).max(1_000_000).default(100),
  /** Sequences drawn in a step. design-baselines: 256. */
  batch: z.int().min(1).max(100_000).default(256),
  /** Adam's step size. design-baselines: 0.001, with which 100 steps hardly move a policy. */
  learningRate: z.number().positive().max(10).default(0.05),
  /** Best measured sequences whose letters the policy starts from. design-baselines: 128. */
  top: z.int().min(1).max(1_000_000).default(128),
  ...searchedProxy,
});
type ReinforceOptions = z.output<typeof schema>;

/**
 * REINFORCE on independent letter distributions, as in design-baselines: logits of each position start at the logarithm of
 * the letters' shares among the best measured sequences (at least 0.001), and climb the mean prediction by the score
 * function, with the batch's mean as Williams' baseline.
 */
export const reinforce = defineMethod({
  name: 'reinforce',
  module: import.meta.url,
  summary: 'REINFORCE: a policy of independent letters climbs the mean prediction',
  reference:
    'Williams, Machine Learning 1992; as in design-baselines of Trabucco et al., Design-Bench, ICML 2022',
  schema,
  create: (options) =>
    overProxy(
      { name: 'reinforce', ranking: 'prediction', design: (run) => runReinforce(run, options) },
      options,
    ),
});

/** Smallest share that a letter starts with. */
const LEAST_SHARE = 0.001;

async function runReinforce(run: MethodRun, options: ReinforceOptions): Promise<Exploration> {
  const { problem, starts, random } = run;
  const scoring = createScoring(run);
  const source = random.fork('policy');
  let logits = startPolicy(run, options.top);
  let optimiser = start(adam(), logits.length);
  for (let step = 0; step < options.iterations; step++) {
    await scoring.step(step, options.iterations);
    const p = softmaxRows(problem, logits);
    const drawn = Array.from({ length: options.batch }, () => drawLetters(problem, p, source));
    const proposals = drawn.map((sequence, i) => {
      // the policy knows no start; where the budget counts from one, the draws are shared out among them
      const from = starts[i % starts.length];
      const base = problem.budgetBase(from.sequence);
      return { start: from, sequence: keepBudget(problem, base, sequence.slice(), source) };
    });
    const visits = await scoring.score(proposals);
    const gradient = scoreFunction(
      problem,
      p,
      drawn,
      visits.map(({ evaluation }) => evaluation.prediction),
    );
    const { direction, next } = optimiser.next(gradient);
    optimiser = next;
    logits = logits.map((value, k) => value + options.learningRate * direction[k]);
  }
  await scoring.step(options.iterations, options.iterations);
  return scoring.finish();
}

/** [L x A] logits; minus infinity for letters that are not allowed. */
function startPolicy(run: MethodRun, top: number): Float64Array {
  const { problem } = run;
  const { sequences, y } = requireMeasuredSet(run);
  const A = problem.alphabet.size;
  const best = sequences
    .map((_, row) => row)
    .filter((row) => sequences[row].length === problem.length)
    .sort((a, b) => y[b] - y[a] || a - b)
    .slice(0, top);
  const share = new Float64Array(problem.length * A);
  for (const row of best) sequences[row].forEach((letter, i) => (share[i * A + letter] += 1 / best.length));
  return share.map((value, k) =>
    problem.mask[k] === 1 ? Math.log(Math.max(value, LEAST_SHARE)) : -Infinity,
  );
}

/** A draw of every designable position; fixed ones hold their one letter. */
export function drawLetters(problem: Problem, p: ArrayLike<number>, random: Random): Sequence {
  const A = problem.alphabet.size;
  const sequence = new Uint8Array(problem.length);
  for (let i = 0; i < problem.length; i++) {
    let letter = -1;
    let left = random.uniform();
    for (let a = 0; a < A && left >= 0; a++) {
      if (problem.mask[i * A + a] !== 1) continue;
      letter = a;
      left -= p[i * A + a];
    }
    sequence[i] = letter;
  }
  return sequence;
}

/** Gradient of the mean score in the logits: `mean (y - mean y) (onehot - p)`. */
function scoreFunction(
  { designable, alphabet }: Problem,
  p: Float64Array,
  drawn: readonly Sequence[],
  scores: readonly number[],
): Float64Array {
  const A = alphabet.size;
  const n = drawn.length;
  const mean = scores.reduce((sum, score) => sum + score, 0) / n;
  const gradient = new Float64Array(p.length);
  drawn.forEach((sequence, b) => {
    const advantage = (scores[b] - mean) / n;
    for (const i of designable) {
      gradient[i * A + sequence[i]] += advantage;
      for (let a = 0; a < A; a++) gradient[i * A + a] -= advantage * p[i * A + a];
    }
  });
  return gradient;
}
