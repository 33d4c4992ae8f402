import { describe, expect, it } from 'vitest';
import { DNA } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import {
  applySubstitutions,
  atDistinctPositions,
  rankSubstitutions,
} from '../../src/design/discrete-moves.js';
import type { DiscreteSearchOptions } from '../../src/design/discrete-options.js';
import { discreteSearch } from '../../src/design/discrete-search.js';
import { exhaustive } from '../../src/design/exhaustive.js';
import { merit } from '../../src/design/method.js';
import type { Exploration, MethodRun, Ranking } from '../../src/design/method.js';
import { createObjective } from '../../src/design/objective.js';
import type { Objective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import type { ProblemOptions } from '../../src/design/problem.js';
import { chooseStarts } from '../../src/design/starts.js';
import { fitProxy } from '../../src/proxy/fit.js';
import { randomToyMap } from './toy-feature-map.js';

const random = createRandom('discrete');
const L = 7;
const measured = Array.from({ length: 60 }, () => Uint8Array.from({ length: L }, () => random.integer(4)));
const scores = measured.map((x) => x[0] - x[3] + 0.3 * random.normal());
const map = randomToyMap(random, L, 4, 8);

async function runOf(options: Partial<ProblemOptions> = {}, starts = 8): Promise<MethodRun> {
  const problem = createProblem({ alphabet: DNA, measured, designable: [0, 1, 2, 3, 4, 5, 6], ...options });
  const proxy = await fitProxy(
    { featureMap: map, sequences: measured, scores, random: createRandom(1) },
    { auxiliary: { steps: 200 } },
  );
  return {
    problem,
    objective: createObjective({ featureMap: map, head: proxy.head, auxiliary: proxy.auxiliary }),
    starts: chooseStarts(problem, measured, scores, starts),
    random: createRandom(2),
    count: 16,
  };
}

describe('substitutions', () => {
  const problem = createProblem({
    alphabet: DNA,
    measured: [Uint8Array.of(0, 0, 0)],
    reference: Uint8Array.of(0, 0, 0),
    designable: [0, 2],
    lettersAt: new Map([[2, 'AC']]),
    maxMutations: 1,
  });
  const gradient = [0, 3, -1, 2, 9, 9, 9, 9, 1, -1, -7, -7];

  it('ranks every allowed change of one letter by its slope', () => {
    expect(rankSubstitutions(problem, Uint8Array.of(0, 0, 0), gradient)).toEqual([
      { position: 2, letter: 1, change: -2 },
      { position: 0, letter: 2, change: -1 },
      { position: 0, letter: 3, change: 2 },
      { position: 0, letter: 1, change: 3 },
    ]);
    const ranked = rankSubstitutions(problem, Uint8Array.of(0, 0, 0), gradient);
    expect(atDistinctPositions(ranked, 9).map(({ position }) => position)).toEqual([2, 0]);
  });

  it('keeps the budget by taking back the mutation that costs least, or says that it cannot', () => {
    const base = Uint8Array.of(0, 0, 0);
    const apply = (sequence: Uint8Array, ...changes: [number, number][]) =>
      applySubstitutions(
        problem,
        base,
        sequence,
        changes.map(([position, letter]) => ({ position, letter })),
        gradient,
      );
    expect(apply(base, [0, 3])).toEqual(Uint8Array.of(3, 0, 0));
    expect(apply(Uint8Array.of(3, 0, 0), [2, 1])).toEqual(Uint8Array.of(0, 0, 1));
    expect(apply(Uint8Array.of(3, 0, 0), [0, 1])).toEqual(Uint8Array.of(1, 0, 0));
    expect(apply(base, [0, 1], [2, 1])).toBeNull();
  });
});

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Merits of all that is new among the visits, best first. */
function ranked({ visits }: Exploration, ranking: Ranking): number[] {
  const known = new Set(measured.map((x) => x.join()));
  return visits
    .filter(({ sequence }) => !known.has(sequence.join()))
    .map(({ evaluation }) => merit(ranking, evaluation))
    .sort((a, b) => b - a);
}

describe('discreteSearch', () => {
  const cases: [string, DiscreteSearchOptions][] = [
    ['forward', { mode: 'forward' }],
    ['gamma fixed', { gamma: 0.5 }],
    ['backward', { mode: 'backward' }],
  ];
  for (const [name, options] of cases) {
    it(`comes as far as enumeration with a fraction of the passes, ${name}`, async () => {
      const by = name === 'forward' ? 'forward' : name === 'backward' ? 'backward' : 'mixed';
      const method = exhaustive({ by, keep: 4 ** L });
      const all = ranked(await method.design(await runOf()), method.ranking);
      const run = await runOf();
      const found = ranked(await discreteSearch(options).design(run), method.ranking);
      const gap = mean(all.slice(0, 16)) - mean(found.slice(0, 16));
      expect(gap / (mean(all.slice(0, 16)) - mean(all))).toBeLessThan(0.05);
      expect(run.objective.passes().forward).toBeLessThan(4 ** L / 10);
    });
  }

  it('never scores a sequence twice, and ends when there is nothing new', async () => {
    const run = await runOf({ designable: [0, 1], reference: measured[0] });
    const seen: string[] = [];
    const objective: Objective = {
      ...run.objective,
      score: (sequences, signal) => {
        seen.push(...sequences.map((x) => x.join()));
        return run.objective.score(sequences, signal);
      },
    };
    const { visits } = await discreteSearch({ steps: 500 }).design({ ...run, objective });
    // the starts move into the constraints, where some may meet
    const proposed = seen.slice(run.starts.length);
    expect(new Set(proposed).size).toBe(proposed.length);
    expect(visits.length).toBe(16);
  });

  it('adapts gamma and eta: they change what is visited, and only where they are adaptive', async () => {
    const visited = async (options: DiscreteSearchOptions) =>
      (await discreteSearch({ steps: 6, ...options }).design(await runOf())).visits.map(({ sequence }) =>
        sequence.join(),
      );
    const adaptive = await visited({});
    expect(await visited({ gamma: 0.5 })).not.toEqual(adaptive);
    expect(await visited({ eta: 2 })).not.toEqual(adaptive);
    expect(await visited({ gamma: 1, eta: 1 })).toEqual(await visited({ mode: 'forward', eta: 1 }));
    expect(await visited({ eta: 1 })).not.toEqual(await visited({ eta: 4 }));
  });

  it('refuses options that make no sense', () => {
    expect(() => discreteSearch({ eta: 0.5 })).toThrow(/eta/);
    expect(() => discreteSearch({ gamma: 2 })).toThrow(/gamma/);
    expect(() => discreteSearch({ steps: 0 })).toThrow(/steps/);
    expect(() => discreteSearch({ proposals: 0 })).toThrow(/proposals/);
  });
});
