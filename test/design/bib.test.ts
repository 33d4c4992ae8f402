import { describe, expect, it } from 'vitest';
import { DNA, PROTEIN } from '../../src/core/alphabet.js';
import type { Alphabet } from '../../src/core/alphabet.js';
import { CancelledError, InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { adaptEta } from '../../src/design/adaptive-eta.js';
import { bib, runBib } from '../../src/design/bib.js';
import type { BibStep } from '../../src/design/bib.js';
import type { BibOptions } from '../../src/design/bib-options.js';
import { createVisitLog } from '../../src/design/method.js';
import type { MethodProgress, Start } from '../../src/design/method.js';
import { createObjective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import { fitProxy } from '../../src/proxy/fit.js';
import { adam, sgd } from '../../src/design/optimisers.js';
import { randomToyMap } from './toy-feature-map.js';

const L = 5;

async function setUp(alphabet: Alphabet = DNA) {
  const random = createRandom('bib');
  const featureMap = randomToyMap(random, L, alphabet.size, 6);
  const sequences = Array.from({ length: 20 }, () => Uint8Array.from({ length: L }, () => random.integer(4)));
  const scores = sequences.map((x) => x[0] - x[1] * x[2] + random.normal());
  const problem = createProblem({ alphabet, measured: sequences, designable: [0, 1, 2, 3, 4] });
  const fit = await fitProxy({ featureMap, sequences, scores, random }, { auxiliary: { steps: 50 } });
  const objective = createObjective({ featureMap, head: fit.head, auxiliary: fit.auxiliary });
  const starts = sequences.slice(0, 6).map((sequence, row): Start => ({ row, sequence }));
  return { problem, objective, starts, random: createRandom(11) };
}

async function stepsOf(run: Awaited<ReturnType<typeof setUp>>, options: BibOptions): Promise<BibStep[]> {
  const steps: BibStep[] = [];
  await runBib({ ...run, options, onStep: (step) => steps.push(step) });
  return steps;
}

/** One candidate's path: its sequences and logits. */
const pathOf = (steps: BibStep[], candidate: number) =>
  steps
    .filter((step) => step.candidate === candidate)
    .map(({ theta, gamma, eta, look }) => ({ theta, gamma, eta, look }));

describe('BIB', () => {
  it('gives a candidate the same path whoever runs beside it', async () => {
    const run = await setUp();
    const options: BibOptions = { steps: 8, gammaAt: 'lookahead' };
    const all = await stepsOf(run, options);
    const few = await stepsOf({ ...run, starts: [run.starts[4], run.starts[1]] }, options);
    expect(pathOf(few, 0)).toEqual(pathOf(all, 4));
    expect(pathOf(few, 1)).toEqual(pathOf(all, 1));
    expect(pathOf(all, 1)).not.toEqual(pathOf(all, 4));
  });

  it('gives candidates with one start different noise', async () => {
    const run = await setUp();
    const steps = await stepsOf({ ...run, starts: [run.starts[0], run.starts[0]] }, { steps: 1 });
    expect(steps[0].look.sequence).toEqual(steps[1].look.sequence);
    expect(steps[0].theta).not.toEqual(steps[1].theta);
  });

  it('is a function of its seed', async () => {
    const run = await setUp();
    const again = async (seed: number) =>
      stepsOf({ ...(await setUp()), random: createRandom(seed) }, { steps: 5 });
    expect(await again(11)).toEqual(await stepsOf(run, { steps: 5 }));
    expect(await again(12)).not.toEqual(await again(11));
  });

  it('fixes gamma at the ends in the one-directional modes, and moves it in both', async () => {
    const run = await setUp();
    const gammas = async (options: BibOptions) =>
      (await stepsOf(run, { steps: 4, ...options })).map(({ gamma }) => gamma);
    expect(new Set(await gammas({ mode: 'forward' }))).toEqual(new Set([1]));
    expect(new Set(await gammas({ mode: 'backward' }))).toEqual(new Set([0]));
    expect(new Set(await gammas({ gamma: 0.3 }))).toEqual(new Set([0.3]));
    expect(new Set(await gammas({})).size).toBeGreaterThan(3);
    expect(bib({ mode: 'backward' }).ranking).toBe('backward');
    expect(bib({ mode: 'forward' }).ranking).toBe('prediction');
  });

  it.each(['forward', 'backward', 'both'] as const)(
    'adapts eta with every optimiser in mode %s',
    async (mode) => {
      for (const inner of ['adam', 'sgd'] as const) {
        for (const etaMode of ['accumulate', 'restart'] as const) {
          const steps = pathSteps(await stepsOf(await setUp(), { mode, inner, etaMode, steps: 4 }));
          for (const path of steps) {
            path.forEach((step, t) => {
              const from = etaMode === 'restart' || t === 0 ? 0.1 : path[t - 1].eta;
              const slope = step.look.auxiliary.reduce((sum, value, i) => sum + value * step.direction[i], 0);
              expect(step.eta).toBeCloseTo(Math.min(0.5, Math.max(1e-4, from - 0.01 * slope)), 12);
            });
          }
        }
      }
    },
  );

  it('takes T = 100 for DNA and 25 for proteins unless told', async () => {
    for (const [alphabet, steps] of [
      [DNA, 100],
      [PROTEIN, 25],
    ] as const) {
      const run = await setUp(alphabet);
      const progress: MethodProgress[] = [];
      const found = await bib({}).design({ ...run, onProgress: (now) => progress.push(now) });
      expect(progress.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
      expect(progress.every((now) => now.steps === steps)).toBe(true);
      expect(found.finals.length).toBe(6);
      expect(new Set(found.visits.map(({ sequence }) => sequence.join())).size).toBe(found.visits.length);
      expect(progress.at(-1)?.visited).toBeLessThanOrEqual(found.visits.length);
    }
  });

  it('stops at the next step once cancelled', async () => {
    const run = await setUp();
    const controller = new AbortController();
    let steps = 0;
    const onProgress = ({ step }: MethodProgress) => {
      steps = step;
      if (step === 3) controller.abort();
    };
    const design = runBib({ ...run, signal: controller.signal, onProgress });
    await expect(design).rejects.toThrow(CancelledError);
    expect(steps).toBe(3);
  });

  it.each<[BibOptions, RegExp]>([
    [{ gamma: 1.5 }, /option gamma is wrong; expected a number from 0 to 1, got 1.5/],
    [{ gamma0: -1 }, /option gamma0/],
    [{ eta: 0 }, /option eta/],
    [{ eta0: 0.6 }, /option eta0/],
    [{ steps: 0 }, /option steps/],
    [{ steps: 2.5 }, /option steps/],
    [{ mode: 'sideways' as 'both' }, /option mode is wrong; expected one of forward, backward, both/],
    [{ inner: 'lion' as 'adam' }, /option inner/],
    [{ etaMode: 'x' as 'restart' }, /option etaMode/],
    [{ gammaAt: 'x' as 'current' }, /option gammaAt/],
  ])('refuses %o', (options, message) => {
    expect(() => bib(options)).toThrow(InputError);
    expect(() => bib(options)).toThrow(message);
  });
});

function pathSteps(steps: BibStep[]): BibStep[][] {
  const candidates = new Set(steps.map(({ candidate }) => candidate));
  return [...candidates].map((candidate) => steps.filter((step) => step.candidate === candidate));
}

it.each([adam(), sgd])(
  'adaptive eta serves a gradient method of its own, here ascent on f itself',
  async (optimiser) => {
    // f(theta) = -|theta - 1|^2 / 2, ascended by the optimiser on -f: eta grows while steps are short, falls at the top
    let theta = Float64Array.of(8, -7);
    let state = (optimiser as ReturnType<typeof adam>).init(2);
    let eta = 0.01;
    const etas: number[] = [];
    for (let t = 0; t < 200; t++) {
      const g = theta.map((value) => 1 - value);
      const step = (optimiser as ReturnType<typeof adam>).update(
        g.map((value) => -value),
        state,
      );
      state = step.state;
      eta = adaptEta(eta, g, step.direction);
      theta = theta.map((value, i) => value - eta * step.direction[i]);
      etas.push(eta);
    }
    expect(etas[3]).toBeGreaterThan(0.1);
    theta.forEach((value) => expect(Math.abs(value - 1)).toBeLessThan(0.2));
  },
);

it('a visit log keeps the first visit of each sequence', () => {
  const log = createVisitLog();
  const evaluation = { prediction: 1, forward: 0, backward: 0, auxiliary: 0 };
  const start = { row: 0, sequence: Uint8Array.of(0) };
  log.add({ sequence: Uint8Array.of(1, 2), start, evaluation });
  log.add({ sequence: Uint8Array.of(1, 2), start: { ...start, row: 9 }, evaluation });
  expect(log.visits.map((visit) => visit.start.row)).toEqual([0]);
  expect(log.has(Uint8Array.of(1, 2))).toBe(true);
  expect(log.has(Uint8Array.of(2, 1))).toBe(false);
});
