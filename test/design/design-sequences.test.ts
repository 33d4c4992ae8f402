import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DNA, hammingDistance } from '../../src/core/alphabet.js';
import { CancelledError, InfeasibleError, InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { bib } from '../../src/design/bib.js';
import type { BibOptions } from '../../src/design/bib-options.js';
import { designSequences } from '../../src/design/design-sequences.js';
import type {
  DesignOptions,
  DesignProgress,
  DesignRequest,
  DesignResult,
} from '../../src/design/design-sequences.js';
import { createProblem } from '../../src/design/problem.js';
import type { ProblemOptions } from '../../src/design/problem.js';
import { chooseStarts } from '../../src/design/starts.js';
import { applyLinear } from '../../src/proxy/head.js';
import { allSequences, mayBeProposed, possibleProblemOptions } from './random-problem.js';
import { randomToyMap } from './toy-feature-map.js';

const FAST = { auxiliary: { steps: 5, batch: 2 } };

function request(options: ProblemOptions, seed: number, design: DesignOptions): DesignRequest {
  const random = createRandom(`data ${seed}`);
  return {
    sequences: options.measured,
    scores: options.measured.map((x, i) => i + x[0] * 2 + random.normal()),
    problem: createProblem(options),
    featureMap: randomToyMap(random, options.measured[0].length, 4, 3),
    options: { proxy: FAST, ...design },
    random: createRandom(seed),
  };
}

const letters = createRandom('table');
const sequences = Array.from({ length: 30 }, () => Uint8Array.from({ length: 6 }, () => letters.integer(4)));
const table: ProblemOptions = {
  alphabet: DNA,
  measured: sequences,
  designable: [0, 1, 2, 3, 4, 5],
  count: 20,
};
const run = (design: DesignOptions, seed = 5) =>
  designSequences(request(table, seed, { count: 20, starts: 8, ...design }));
const steps = (n: number, options: BibOptions = {}) => bib({ ...options, steps: n });

const methods: fc.Arbitrary<BibOptions> = fc.record({
  mode: fc.constantFrom('forward' as const, 'backward' as const, 'both' as const),
  gamma: fc.constantFrom('adaptive' as const, 0.25),
  gammaAt: fc.constantFrom('current' as const, 'lookahead' as const),
  eta: fc.constantFrom('adaptive' as const, 0.3),
  etaMode: fc.constantFrom('accumulate' as const, 'restart' as const),
  inner: fc.constantFrom('adam' as const, 'sgd' as const),
  steps: fc.integer({ min: 1, max: 4 }),
});

/** null where the problem itself is refused; that refusals are right is tested with the problems. */
function tryRequest(make: () => DesignRequest): DesignRequest | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** null where the chosen starts have no room for the designs, which brute force must confirm. */
async function tryDesign(
  options: ProblemOptions,
  made: DesignRequest,
  starts: number,
): Promise<DesignResult | null> {
  try {
    return await designSequences(made);
  } catch (error) {
    if (!(error instanceof InfeasibleError)) throw error;
    const usable = options.measured.filter(made.problem.canStart);
    const chosen =
      usable.length === 0 ? [] : chooseStarts(made.problem, options.measured, made.scores, starts);
    const from = chosen.map(({ sequence }) => sequence);
    const reachable = allSequences(options.measured[0].length).filter((x) => mayBeProposed(options, x, from));
    expect(made.problem.budget?.from).toBe('start');
    expect(reachable.length).toBeLessThan(options.count as number);
    return null;
  }
}

describe('designs of random problems', () => {
  it('keep every constraint, are new, distinct and as many as asked, in every mode (10,000 problems)', async () => {
    let [designed, filled] = [0, 0];
    const take = fc.constantFrom('visited' as const, 'final' as const);
    const starts = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(
        possibleProblemOptions(5),
        methods,
        take,
        starts,
        fc.integer(),
        async (options, method, take, starts, seed) => {
          const count = options.count as number;
          const made = tryRequest(() => request(options, seed, { count, starts, take, method: bib(method) }));
          // equal rows leave nothing to learn
          fc.pre(made !== null && new Set(options.measured.map(String)).size > 1);
          const result = await tryDesign(options, made, starts);
          if (result === null) return;
          designed++;
          filled += result.stats.filled;
          const { designs } = result;
          expect(designs.length).toBe(count);
          expect(new Set(designs.map(({ sequence }) => sequence.join())).size).toBe(count);
          const broken = designs.filter(({ sequence, start }) => {
            const origin = options.measured[start];
            return (
              !mayBeProposed(options, sequence, [origin]) ||
              made.problem.whyInfeasible(sequence, origin) !== null
            );
          });
          expect(broken).toEqual([]);
        },
      ),
      { numRuns: 10_000, seed: 6 },
    );
    expect(designed).toBeGreaterThan(9000);
    expect(filled).toBeGreaterThan(5000);
  });
});

describe('designSequences', () => {
  it('gives the same bytes for the same seed, with the memo on, off, or too small', async () => {
    const expected = await run({ method: steps(10) });
    for (const memoBytes of [undefined, 0, 2000]) {
      const again = await run({ method: steps(10), memoBytes });
      expect(again.designs).toEqual(expected.designs);
    }
    expect((await run({ method: steps(10) }, 6)).designs).not.toEqual(expected.designs);
  });

  it('spares most passes of a run that circles', async () => {
    const { stats } = await run({ method: steps(30) });
    expect(stats.passes.memoHits).toBeGreaterThan(0);
    expect(stats.passes.asked).toBe(stats.passes.done + stats.passes.memoHits);
    expect(stats.passes.asked).toBeGreaterThanOrEqual(8 * 30 * 2);
    expect(stats).toMatchObject({ rows: 30, width: 3, starts: 8 });
  });

  it('ranks by predicted score, or by backward loss in mode backward', async () => {
    const both = (await run({ method: steps(6) })).designs.map((design) => design.predicted);
    expect(both).toEqual([...both].sort((a, b) => b - a));
    const backward = (await run({ method: steps(6, { mode: 'backward' }) })).designs.map(
      (design) => design.backwardLoss,
    );
    expect(backward).toEqual([...backward].sort((a, b) => a - b));
  });

  it('tells of each design what the proxy says, in the units of the table', async () => {
    const made = request(table, 5, { count: 20, starts: 8, method: steps(6) });
    const { designs, proxy } = await designSequences(made);
    const phi = await made.featureMap.features(designs.map((design) => design.sequence));
    const ofAll = await proxy.head.losses(phi);
    designs.forEach((design, i) => {
      const features = phi.subarray(3 * i, 3 * i + 3);
      const losses = ofAll[i];
      expect(design.predicted).toBeCloseTo(proxy.scale.mean + proxy.scale.std * losses.prediction, 10);
      expect(design.auxiliary).toBeCloseTo(
        proxy.scale.mean + proxy.scale.std * applyLinear(proxy.auxiliary, features),
        10,
      );
      expect([design.forwardLoss, design.backwardLoss]).toEqual([losses.forward, losses.backward]);
      const distances = sequences.map((row) => hammingDistance(row, design.sequence));
      const distance = Math.min(...distances);
      expect(design.nearest).toEqual({ distance, row: distances.indexOf(distance) });
      expect(design.start).toBeLessThan(30);
    });
  });

  it('can take the final iterates, as the paper does', async () => {
    const made = request(table, 5, { count: 4, starts: 8, take: 'final', method: steps(12) });
    const method = steps(12);
    const finals = new Set<string>();
    const watched = {
      ...method,
      design: async (inner: Parameters<typeof method.design>[0]) => {
        const found = await method.design(inner);
        for (const { sequence } of found.finals) finals.add(sequence.join());
        return found;
      },
    };
    const { designs } = await designSequences({ ...made, options: { ...made.options, method: watched } });
    const measured = new Set(sequences.map((row) => row.join()));
    const proposable = [...finals].filter((key) => !measured.has(key));
    expect(proposable.length).toBeGreaterThanOrEqual(4);
    designs.forEach(({ sequence }) => expect(proposable).toContain(sequence.join()));
  });

  it('exhausts the space when all of it is asked for', async () => {
    for (const limits of [{}, { maxMutations: 2 }, { maxMutations: 2, relativeTo: 'start' as const }]) {
      const reference = sequences[0];
      const options: ProblemOptions = {
        ...table,
        measured: sequences.slice(0, 6),
        reference,
        designable: [0, 1, 2, 3],
        ...limits,
      };
      const room = Number(createProblem({ ...options, count: 1 }).room(options.measured, 1e6));
      const all = { ...options, count: room };
      const { designs } = await designSequences(
        request(all, 1, { count: room, starts: 6, method: steps(2) }),
      );
      expect(new Set(designs.map(({ sequence }) => sequence.join())).size).toBe(room);
      expect(() => createProblem({ ...options, count: room + 1 })).toThrow(InfeasibleError);
    }
  });

  it('refuses what cannot be met before any pass of the model', async () => {
    const made = request({ ...table, maxMutations: 1, count: 1 }, 1, { count: 600, method: steps(1) });
    const map = made.featureMap as ReturnType<typeof randomToyMap>;
    await expect(designSequences(made)).rejects.toThrow(/at least 600/);
    await expect(designSequences({ ...made, options: { count: 0 } })).rejects.toThrow(/option count/);
    await expect(
      designSequences({ ...made, sequences: [...sequences, Uint8Array.of(9, 9)] }),
    ).rejects.toThrow(/row 31/);
    expect(map.calls).toEqual({ features: 0, vjp: 0 });
  });

  it('reports progress phase by phase, and stops when cancelled in any of them', async () => {
    const made = request(table, 5, { count: 200, starts: 3, method: steps(2) });
    const seen: DesignProgress[] = [];
    await designSequences({ ...made, onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ phase, step, steps: total }) => `${phase} ${step}/${total}`)).toEqual([
      ...['features 30/30', 'design 1/2', 'design 2/2', 'selection 200/200'],
    ]);
    for (const phase of ['features', 'design']) {
      const controller = new AbortController();
      const onProgress = (progress: DesignProgress) => progress.phase === phase && controller.abort();
      const cancelled = designSequences({ ...made, onProgress, signal: controller.signal });
      await expect(cancelled).rejects.toThrow(CancelledError);
    }
  });
});
