import { z } from 'zod';
import type { Sequence } from '../core/alphabet.js';
import { hammingDistance } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import type { Exploration, MethodRun, Start, Visit } from '../design/method.js';
import type { GradientEvaluation } from '../design/objective.js';
import type { Problem } from '../design/problem.js';
import { feasibleStart } from '../design/starts.js';
import { defineMethod, overProxy, searchedProxy } from './definition.js';
import { createScoring } from './scoring.js';

const schema = z.strictObject({
  /**
   * T of the density `exp(prediction / T)` that is sampled, in standard deviations of the measured scores. The paper samples
   * given densities (T = 1); for design a lower one is needed.
   */
  temperature: z.number().positive().max(1000).default(0.1),
  /** Steps of each chain. */
  steps: z.int().min(1).max(1_000_000).default(200),
  ...searchedProxy,
});
type GibbsOptions = z.output<typeof schema>;

/**
 * Gibbs with gradients, one chain from each start: a change of one letter is proposed with probability by the softmax of
 * half its first-order gain, and accepted by Metropolis and Hastings, so that the chain samples `exp(prediction / T)`
 * exactly.
 */
export const gibbsWithGradients = defineMethod({
  name: 'gibbs-with-gradients',
  module: import.meta.url,
  summary: 'Gibbs-with-gradients MCMC: single letters proposed by the gradient, accepted exactly',
  reference:
    'Grathwohl et al., Oops I took a gradient: scalable sampling for discrete distributions, ICML 2021 (arXiv 2102.04509)',
  schema,
  create: (options) =>
    overProxy(
      { name: 'gibbs-with-gradients', ranking: 'prediction', design: (run) => runGibbs(run, options) },
      options,
    ),
});

/** A change of one letter that keeps the constraints, with the logarithm of its probability. */
export interface Move {
  position: number;
  letter: number;
  logProbability: number;
}

interface Chain {
  start: Start;
  base: Sequence | null;
  random: Random;
  state: Visit;
  moves: Move[];
}

async function runGibbs(run: MethodRun, { temperature, steps }: GibbsOptions): Promise<Exploration> {
  const { problem, objective, signal } = run;
  const scoring = createScoring(run);
  const look = async (sequences: readonly Sequence[], chains: readonly Pick<Chain, 'base'>[]) => {
    const evaluations = await objective.evaluate(sequences, signal);
    return sequences.map((sequence, i) =>
      movesFrom(
        problem,
        chains[i].base,
        sequence,
        predictionSlopes(evaluations[i], objective.target),
        temperature,
      ),
    );
  };
  const chains = await startChains(run, scoring.score, look);
  for (let step = 0; step < steps; step++) {
    await scoring.step(step, steps);
    const active = chains.filter(({ moves }) => moves.length > 0);
    if (active.length === 0) break;
    const drawn = active.map(({ moves, random }) => drawMove(moves, random));
    const proposals = active.map(({ state, start }, i) => ({
      sequence: changed(state.sequence, drawn[i]),
      start,
    }));
    const visits = await scoring.score(proposals);
    const back = await look(
      proposals.map(({ sequence }) => sequence),
      active,
    );
    active.forEach((chain, i) => {
      const undone = back[i].find(
        ({ position, letter }) =>
          position === drawn[i].position && letter === chain.state.sequence[drawn[i].position],
      );
      const gain = visits[i].evaluation.prediction - chain.state.evaluation.prediction;
      const logRatio = gain / temperature + (undone?.logProbability ?? -Infinity) - drawn[i].logProbability;
      if (Math.log(chain.random.uniform()) >= logRatio) return;
      chain.state = visits[i];
      chain.moves = back[i];
    });
  }
  await scoring.step(steps, steps);
  return scoring.finish(chains.map(({ state }) => state));
}

async function startChains(
  { problem, starts, random }: MethodRun,
  score: (proposals: { sequence: Sequence; start: Start }[]) => Promise<Visit[]>,
  look: (sequences: readonly Sequence[], chains: readonly Pick<Chain, 'base'>[]) => Promise<Move[][]>,
): Promise<Chain[]> {
  const proposals = starts.map((start) => ({
    start,
    sequence: feasibleStart(problem, start.sequence, random.fork('starts')),
  }));
  const states = await score(proposals);
  const bases = starts.map(({ sequence }) => ({ base: problem.budgetBase(sequence) }));
  const moves = await look(
    proposals.map(({ sequence }) => sequence),
    bases,
  );
  return starts.map((start, i) => ({
    start,
    base: bases[i].base,
    random: random.fork(`chain ${i}`),
    state: states[i],
    moves: moves[i],
  }));
}

/**
 * [L x A] gradient of the prediction, from that of `L_f = (prediction - target)^2`.
 * @returns zeros where the prediction is the target exactly and L_f has no slope
 */
export function predictionSlopes(
  { gradients, prediction }: GradientEvaluation,
  target: number,
): Float64Array {
  const factor = 2 * (prediction - target);
  return Float64Array.from(gradients.subarray(0, gradients.length / 3), (value) =>
    factor === 0 ? 0 : value / factor,
  );
}

/** The proposal distribution at a sequence: softmax of `(g[i, a] - g[i, x_i]) / 2T` over all changes that are allowed. */
export function movesFrom(
  problem: Problem,
  base: Sequence | null,
  sequence: Sequence,
  slopes: Float64Array,
  temperature: number,
): Move[] {
  const A = problem.alphabet.size;
  const spare =
    base === null || problem.budget === null
      ? Infinity
      : problem.budget.max - hammingDistance(base, sequence);
  const moves: Move[] = [];
  for (const position of problem.designable) {
    const here = sequence[position];
    for (let letter = 0; letter < A; letter++) {
      if (letter === here || problem.mask[position * A + letter] !== 1) continue;
      const costs = base !== null && here === base[position] ? 1 : 0;
      if (costs > spare) continue;
      const gain = slopes[position * A + letter] - slopes[position * A + here];
      moves.push({ position, letter, logProbability: gain / (2 * temperature) });
    }
  }
  const top = moves.reduce((best, { logProbability }) => Math.max(best, logProbability), -Infinity);
  const total = moves.reduce((sum, { logProbability }) => sum + Math.exp(logProbability - top), 0);
  for (const move of moves) move.logProbability -= top + Math.log(total);
  return moves;
}

function drawMove(moves: readonly Move[], random: Random): Move {
  let left = random.uniform();
  const found = moves.find(({ logProbability }) => (left -= Math.exp(logProbability)) < 0);
  return found ?? moves[moves.length - 1];
}

function changed(sequence: Sequence, { position, letter }: Move): Sequence {
  const next = sequence.slice();
  next[position] = letter;
  return next;
}
