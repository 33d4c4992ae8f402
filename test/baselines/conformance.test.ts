import { describe, expect, it } from 'vitest';
import { createMethod, methodNames } from '../../src/baselines/registry.js';
import { itConforms } from './conformance.js';

const tiny = { members: 1, hidden: 4, filters: 2, kernel: 2, epochs: 1, minSteps: 2, batch: 16 };
/** Settings under which a run takes milliseconds, and how many random problems that allows. */
const settings: Record<string, [number, Record<string, unknown>]> = {
  auto: [300, { limit: 200, steps: 3 }],
  bib: [300, { steps: 3 }],
  discrete: [300, { steps: 4 }],
  exhaustive: [300, {}],
  bdi: [100, { steps: 3 }],
  random: [300, {}],
  mutants: [300, {}],
  genetic: [25, { queries: 60, population: 12, networks: tiny, recombination: 0.3 }],
  adalead: [25, { queries: 30, rounds: 2, parents: 6, networks: tiny }],
  'gradient-ascent': [25, { steps: 4, networks: { ...tiny, members: 2, aggregate: 'min' } }],
  coms: [20, { steps: 3, innerSteps: 2, hidden: 4, minSteps: 2, maxSteps: 2 }],
  cbas: [20, { iterations: 2, samples: 20, latent: 2, hidden: 4, priorEpochs: 1, epochs: 1, networks: tiny }],
  reinforce: [25, { iterations: 3, batch: 12, networks: tiny }],
  'cma-es': [25, { generations: 3, strategies: 2, population: 4, networks: tiny }],
  bo: [40, { queries: 100, pool: 20 }],
  'gibbs-with-gradients': [25, { steps: 4, networks: tiny }],
  edit: [15, { leads: 2, draws: 4, noiseSteps: 4, pool: 20, trainingSteps: 2, hidden: 4 }],
};

it('covers every method', () => {
  expect(Object.keys(settings).sort()).toEqual(methodNames().sort());
});

for (const [name, [problems, options]] of Object.entries(settings))
  describe(`method ${name}`, () => itConforms(() => createMethod(name, options), { problems }));

describe("searches on the run's own proxy", () => {
  for (const name of ['genetic', 'adalead', 'reinforce', 'cma-es', 'gibbs-with-gradients']) {
    const { networks: _, ...options } = settings[name][1];
    describe(name, () =>
      itConforms(() => createMethod(name, { ...options, proxy: 'run' }), { problems: 50 }),
    );
  }
});
