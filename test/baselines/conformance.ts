import { expect, it } from 'vitest';
import fc from 'fast-check';
import { DNA } from '../../src/core/alphabet.js';
import { CancelledError, InfeasibleError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { designSequences } from '../../src/design/design-sequences.js';
import type { DesignRequest } from '../../src/design/design-sequences.js';
import type { Method } from '../../src/design/method.js';
import { createProblem } from '../../src/design/problem.js';
import type { ProblemOptions } from '../../src/design/problem.js';
import { mayBeProposed, possibleProblemOptions } from '../design/random-problem.js';
import { randomToyMap } from '../design/toy-feature-map.js';

/** How often the random problems are drawn; methods that train networks cost more a run. */
export interface ConformanceOptions {
  problems: number;
}

const FAST = { auxiliary: { steps: 5, batch: 2 } };

function requestFor(
  options: ProblemOptions,
  method: Method,
  seed: number,
  rest: { count?: number; starts?: number; signal?: AbortSignal } = {},
): DesignRequest {
  const random = createRandom(`data ${seed}`);
  const { signal, ...design } = rest;
  return {
    sequences: options.measured,
    scores: options.measured.map((x, i) => 0.1 * i + 2 * x[0] + random.normal()),
    problem: createProblem(options),
    featureMap: randomToyMap(random, options.measured[0].length, 4, 3),
    options: { proxy: FAST, starts: 3, ...design, method },
    random: createRandom(seed),
    signal,
  };
}

const letters = createRandom('conformance');
const measured = Array.from({ length: 24 }, () => Uint8Array.from({ length: 6 }, () => letters.integer(4)));
const table: ProblemOptions = { alphabet: DNA, measured, designable: [0, 1, 2, 3, 4, 5], count: 12 };

/** The same, feasible within each kind of constraint. */
const kinds: [string, ProblemOptions][] = [
  ['no constraint', table],
  [
    'fixed positions and letters',
    { ...table, reference: measured[0], designable: [0, 2, 4], letters: 'ACG' },
  ],
  ['a budget from the wild type', { ...table, reference: measured[0], maxMutations: 2 }],
  ['a budget from each start', { ...table, maxMutations: 2, relativeTo: 'start' }],
];

/**
 * What every method must keep, whatever it does: constraints, distinctness, newness, exactly the number asked for, the same
 * designs from the same seed, and an end when it is cancelled.
 */
export function itConforms(make: () => Method, { problems }: ConformanceOptions): void {
  for (const [name, options] of kinds) {
    it(`keeps ${name}: designs feasible by brute force, new, distinct, as many as asked`, async () => {
      const request = requestFor(options, make(), 1, { count: 12 });
      const { designs, stats } = await designSequences(request);
      expect(designs.length).toBe(12);
      expect(new Set(designs.map(({ sequence }) => sequence.join())).size).toBe(12);
      for (const { sequence, start } of designs)
        expect(mayBeProposed(options, sequence, [options.measured[start]])).toBe(true);
      expect(stats.visited).toBeGreaterThan(0);
    });
  }

  it('visits nothing that the constraints forbid', async () => {
    for (const [, options] of kinds) {
      const method = make();
      const watched: Method = {
        ...method,
        async design(run) {
          const found = await method.design(run);
          for (const { sequence, start } of [...found.visits, ...found.finals])
            expect(run.problem.allows(sequence, start.sequence)).toBe(true);
          return found;
        },
      };
      await designSequences(requestFor(options, watched, 2, { count: 4 }));
    }
  });

  it('gives the same designs for the same seed', async () => {
    const run = async (seed: number) =>
      (await designSequences(requestFor(table, make(), seed, { count: 8 }))).designs;
    expect(await run(3)).toEqual(await run(3));
  });

  it('stops when cancelled, before it begins and at its first step', async () => {
    const before = new AbortController();
    before.abort();
    await expect(designSequences(requestFor(table, make(), 4, { signal: before.signal }))).rejects.toThrow(
      CancelledError,
    );
    const during = new AbortController();
    const request = requestFor(table, make(), 4, { signal: during.signal });
    const onProgress = ({ phase }: { phase: string }) => phase === 'design' && during.abort();
    await expect(designSequences({ ...request, onProgress })).rejects.toThrow(CancelledError);
  });

  it(`keeps every constraint on ${problems} random problems`, async () => {
    let designed = 0;
    await fc.assert(
      fc.asyncProperty(possibleProblemOptions(5), fc.integer(), async (options, seed) => {
        const request = await tryRequest(options, make(), seed);
        fc.pre(request !== null && new Set(options.measured.map(String)).size > 1);
        const result = await designSequences(request).catch((error: unknown) => {
          // the starts may have too little room where the budget counts from them
          if (error instanceof InfeasibleError) return null;
          throw error;
        });
        if (result === null) return;
        designed++;
        const { designs } = result;
        expect(designs.length).toBe(options.count);
        expect(new Set(designs.map(({ sequence }) => sequence.join())).size).toBe(options.count);
        const broken = designs.filter(
          ({ sequence, start }) => !mayBeProposed(options, sequence, [options.measured[start]]),
        );
        expect(broken).toEqual([]);
      }),
      { numRuns: problems, seed: 7 },
    );
    expect(designed).toBeGreaterThan(problems / 2);
  });
}

/** null where the problem itself is refused; that refusals are right is tested with the problems. */
async function tryRequest(
  options: ProblemOptions,
  method: Method,
  seed: number,
): Promise<DesignRequest | null> {
  try {
    return requestFor(options, method, seed, { count: options.count });
  } catch (error) {
    if (error instanceof InfeasibleError) return null;
    throw error;
  }
}
