import { describe, expect, it } from 'vitest';
import { meanHead, modelObjective } from '../../src/baselines/model-objective.js';
import { requireEnsemble } from '../../src/baselines/networks/network-objective.js';
import { createMethod } from '../../src/baselines/registry.js';
import { DNA } from '../../src/core/alphabet.js';
import type { Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { exhaustive } from '../../src/design/exhaustive.js';
import type { MethodRun } from '../../src/design/method.js';
import type { Objective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import { chooseStarts } from '../../src/design/starts.js';

/** A landscape over 8 letters of DNA: additive, with a bonus for neighbours that are alike. */
const random = createRandom('landscape');
const L = 8;
const weights = Array.from({ length: 4 * L }, () => random.normal());
const scoreOf = (x: Sequence) =>
  x.reduce((sum, letter, i) => sum + weights[4 * i + letter] + (i > 0 && x[i - 1] === letter ? 0.5 : 0), 0);
function gradientOf(x: Sequence): number[] {
  const gradient = weights.slice();
  for (let i = 0; i < L; i++) {
    if (i > 0) gradient[4 * i + x[i - 1]] += 0.5;
    if (i + 1 < L) gradient[4 * i + x[i + 1]] += 0.5;
  }
  return gradient;
}

const all = Array.from({ length: 4 ** L }, (_, n) =>
  Uint8Array.from({ length: L }, (_, i) => Math.floor(n / 4 ** i) % 4),
);
// the measured set: 300 of the lower half
const sorted = all.slice().sort((a, b) => scoreOf(a) - scoreOf(b));
const measured = random.shuffle(sorted.slice(0, 4 ** L / 2)).slice(0, 300);
const scores = measured.map(scoreOf);
const mean = scores.reduce((sum, score) => sum + score, 0) / 300;
const std = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / 299);
const problem = createProblem({ alphabet: DNA, measured, designable: [0, 1, 2, 3, 4, 5, 6, 7] });

function truth(): Objective {
  return modelObjective({
    head: meanHead(1),
    model: {
      key: 'truth',
      outputs: 1,
      evaluate: async (list) => Float64Array.from(list, (x) => (scoreOf(x) - mean) / std),
      gradients: async (list) =>
        Float64Array.from(list.flatMap((x) => gradientOf(x).map((value) => value / std))),
    },
  });
}

const runOf = (objective: Objective, seed = 1): MethodRun => ({
  problem,
  objective,
  starts: chooseStarts(problem, measured, scores, 20),
  measured: { sequences: measured, y: Float64Array.from(scores, (score) => (score - mean) / std) },
  count: 20,
  random: createRandom(seed),
});

/** Mean of the best 20 visits, as a share of the way from the best measured to the best of all. */
const top = (values: number[]) =>
  values
    .sort((a, b) => b - a)
    .slice(0, 20)
    .reduce((sum, value) => sum + value / 20, 0);
const ceiling = top(all.map(scoreOf));
const floor = top(scores.slice());
const reached = (sequences: readonly Sequence[]) => (top(sequences.map(scoreOf)) - floor) / (ceiling - floor);

describe('searches on a proxy that tells the truth', () => {
  it('random draws, as many as the searches score, come less far', () => {
    const draws = createRandom(8).shuffle(all.slice()).slice(0, 2000);
    expect(reached(draws)).toBeLessThan(0.85);
  });

  const cases: [string, Record<string, unknown>, number][] = [
    ['genetic', { proxy: 'run', queries: 2000 }, 0.9],
    ['adalead', { proxy: 'run', queries: 500, rounds: 4, parents: 20 }, 0.9],
    ['cma-es', { proxy: 'run', strategies: 4, generations: 40 }, 0.85],
    ['reinforce', { proxy: 'run', iterations: 40, batch: 50, learningRate: 0.2 }, 0.9],
    ['gibbs-with-gradients', { proxy: 'run', steps: 60, temperature: 0.2 }, 0.9],
    ['bib', { steps: 60, mode: 'forward' }, 0.85],
    ['discrete', { mode: 'forward' }, 0.95],
  ];
  for (const [name, options, least] of cases) {
    it(`${name} climbs to at least ${least} of the way`, async () => {
      const { visits } = await createMethod(name, options).design(runOf(truth()));
      expect(reached(visits.map(({ sequence }) => sequence))).toBeGreaterThan(least);
    });
  }
});

/** What a method designs with the model that it trains itself. */
async function designsOf(name: string, options: Record<string, unknown>) {
  const method = createMethod(name, options);
  const run = runOf(truth());
  const measuredSet = run.measured!;
  const objective = await method.fitObjective!({ problem, measured: measuredSet, random: createRandom(3) });
  const exploration = await method.design({ ...run, objective });
  return { objective, exploration, reached: reached(exploration.finals.map(({ sequence }) => sequence)) };
}

const networks = { members: 2, hidden: 32, filters: 8, minSteps: 300, epochs: 1 };

describe('methods that learn their own model', () => {
  const cases: [string, Record<string, unknown>, number][] = [
    ['genetic', { queries: 1000, networks }, 0.5],
    ['gradient-ascent', { steps: 40, eta: 0.1, networks }, 0.2],
    ['gradient-ascent', { steps: 40, eta: 'adaptive', networks }, 0.2],
    ['coms', { hidden: 32, innerSteps: 5, minSteps: 200, maxSteps: 200, steps: 20 }, 0.1],
    ['cbas', { iterations: 8, samples: 200, latent: 4, hidden: 32, priorEpochs: 50, networks }, 0.5],
    ['bo', { queries: 800, rows: 150 }, 0.6],
    ['bo', { queries: 800, rows: 150, acquisition: 'ucb' }, 0.6],
    ['bdi', { steps: 60 }, 0],
  ];
  for (const [name, options, least] of cases) {
    it(`${name} ${JSON.stringify(options).slice(0, 40)} designs better than what was measured`, async () => {
      expect((await designsOf(name, options)).reached).toBeGreaterThan(least);
    });
  }

  it('coms predicts less where it climbs than a network of the same shape that is not held down', async () => {
    const common = { hidden: 32, innerSteps: 5, minSteps: 200, maxSteps: 200, steps: 20 };
    const held = await designsOf('coms', { ...common, alpha: 1, overestimation: 0, alphaRate: 0.05 });
    const loose = await designsOf('coms', { ...common, alpha: 1e-6, overestimation: 1e6, alphaRate: 1e-6 });
    const predicted = ({ exploration }: typeof held) =>
      exploration.finals.reduce((sum, { evaluation }) => sum + evaluation.prediction, 0);
    expect(predicted(held)).toBeLessThan(predicted(loose));
    expect(requireEnsemble(held.objective, 'coms').ensemble.members).toBe(1);
  });

  it('random draws are not looked at, mutants stay near the best', async () => {
    const draws = await designsOf('random', {});
    expect(draws.exploration.visits.length).toBe(20);
    const near = await designsOf('mutants', { mutations: 1 });
    const starts = runOf(truth()).starts.map(({ sequence }) => sequence);
    for (const { sequence } of near.exploration.visits) {
      const distance = Math.min(...starts.map((x) => x.filter((letter, i) => letter !== sequence[i]).length));
      expect(distance).toBeLessThanOrEqual(5);
    }
    expect((await exhaustive({ keep: 20 }).design(runOf(truth()))).visits[0].sequence).toEqual(
      all.reduce((a, b) => (scoreOf(b) > scoreOf(a) ? b : a)),
    );
  });
});
