import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DNA } from '../../src/core/alphabet.js';
import { InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { auto } from '../../src/design/auto.js';
import { exhaustive } from '../../src/design/exhaustive.js';
import { createTopList } from '../../src/design/exhaustive-top.js';
import type { MethodRun } from '../../src/design/method.js';
import { createObjective } from '../../src/design/objective.js';
import type { Objective } from '../../src/design/objective.js';
import { createProblem } from '../../src/design/problem.js';
import type { ProblemOptions } from '../../src/design/problem.js';
import { forEachInSpace } from '../../src/design/space.js';
import { walkSpace } from '../../src/design/space-walk.js';
import { chooseStarts } from '../../src/design/starts.js';
import { fitProxy } from '../../src/proxy/fit.js';
import { allSequences, mayBeProposed } from './random-problem.js';
import { randomToyMap } from './toy-feature-map.js';

const random = createRandom('exhaustive');
const L = 6;
const measured = Array.from({ length: 30 }, () => Uint8Array.from({ length: L }, () => random.integer(4)));
const scores = measured.map((x) => x[0] - x[3] + random.normal());
const map = randomToyMap(random, L, 4, 5);

async function runOf(
  options: Partial<ProblemOptions> = {},
): Promise<MethodRun & { options: ProblemOptions; objective: Objective }> {
  const all = { alphabet: DNA, measured, designable: [0, 1, 2, 3, 4, 5], ...options };
  const problem = createProblem(all);
  const proxy = await fitProxy(
    { featureMap: map, sequences: measured, scores, random: createRandom(1) },
    { auxiliary: { steps: 5 } },
  );
  const objective = createObjective({ featureMap: map, head: proxy.head, auxiliary: proxy.auxiliary });
  return {
    options: all,
    problem,
    objective,
    starts: chooseStarts(problem, measured, scores, 3),
    random: createRandom(2),
    count: 20,
  };
}

/** What an enumeration must find, by brute force over all sequences. */
async function bruteForce(run: Awaited<ReturnType<typeof runOf>>, by: 'forward' | 'backward' | 'mixed') {
  const starts = run.starts.map(({ sequence }) => sequence);
  const candidates = allSequences(L).filter((x) => mayBeProposed(run.options, x, starts));
  const evaluations = await run.objective.score(candidates);
  const loss = evaluations.map((e) =>
    by === 'forward' ? -e.prediction : by === 'backward' ? e.backward : 0.3 * e.forward + 0.7 * e.backward,
  );
  return candidates.map((x, i) => ({ key: x.join(), loss: loss[i] })).sort((a, b) => a.loss - b.loss);
}

describe('exhaustive', () => {
  const constraints: [string, Partial<ProblemOptions>][] = [
    ['no budget', {}],
    ['fixed positions and letters', { designable: [1, 2, 3, 5], letters: 'ACG', reference: measured[0] }],
    ['a budget from the wild type', { reference: measured[0], maxMutations: 2 }],
    ['a budget from each start', { relativeTo: 'start', maxMutations: 2 }],
  ];
  for (const [name, options] of constraints) {
    for (const by of ['forward', 'backward', 'mixed'] as const) {
      it(`finds the best by brute force, ${by}, with ${name}`, async () => {
        const run = await runOf(options);
        const expected = await bruteForce(run, by);
        const { visits, notes } = await exhaustive({ by, gamma: 0.3, keep: 50 }).design(run);
        const kept = Math.min(80, expected.length);
        expect(visits.map(({ sequence }) => sequence.join())).toEqual(
          expected.slice(0, kept).map(({ key }) => key),
        );
        expect(notes?.[0]).toMatch(/scored all \d+ sequences/);
        for (const { sequence, start } of visits)
          expect(run.problem.whyInfeasible(sequence, start.sequence)).toBeNull();
      });
    }
  }

  it('spares the backward mapping of most sequences where the bound tells', async () => {
    const run = await runOf();
    let scored = 0;
    const objective: Objective = {
      ...run.objective,
      score: (sequences, signal) => ((scored += sequences.length), run.objective.score(sequences, signal)),
    };
    await exhaustive({ by: 'mixed', gamma: 1, keep: 20 }).design({ ...run, objective, count: 1 });
    expect(scored).toBeLessThan(100);
  });

  it('refuses a space above its limit', async () => {
    const run = await runOf();
    await expect(exhaustive({ limit: 4000 }).design(run)).rejects.toThrow(/got 4096/);
    await expect(exhaustive({ limit: 4000 }).design(run)).rejects.toThrow(InputError);
    expect(() => exhaustive({ gamma: 2 })).toThrow(/gamma/);
  });
});

describe('auto', () => {
  it('enumerates a small space, searches a large one, and says so', async () => {
    const run = await runOf();
    const small = await auto().design(run);
    expect(small.notes?.[0]).toBe(
      'chose exhaustive scoring: the space holds 4096 sequences, no more than 2000000',
    );
    const expected = await exhaustive().design(run);
    expect(small.visits.map(({ sequence }) => sequence.join())).toEqual(
      expected.visits.map(({ sequence }) => sequence.join()),
    );
    const large = await auto({ limit: 4095, search: { steps: 2 } }).design(run);
    expect(large.notes?.[0]).toBe(
      'chose the discrete search: the space holds 4096 sequences, more than 4095',
    );
    expect(large.visits.length).toBeLessThan(40);
  });
});

describe('walkSpace', () => {
  it('visits what forEachInSpace visits, in its order (1,000 spaces)', () => {
    const spaces = fc.integer({ min: 1, max: 5 }).chain((length) =>
      fc.record({
        length: fc.constant(length),
        alphabetSize: fc.constant(3),
        mask: fc.uint8Array({ min: 0, max: 1, minLength: 3 * length, maxLength: 3 * length }),
        base: fc.option(fc.uint8Array({ min: 0, max: 2, minLength: length, maxLength: length })),
        max: fc.integer({ min: 0, max: length }),
      }),
    );
    fc.assert(
      fc.property(spaces, (space) => {
        const expected: string[] = [];
        forEachInSpace(space, (sequence) => expected.push(sequence.join()) > 0);
        expect([...walkSpace(space)].length).toBe(expected.length);
        const walked: string[] = [];
        for (const sequence of walkSpace(space)) walked.push(sequence.join());
        expect(walked).toEqual(expected);
      }),
      { numRuns: 1000, seed: 3 },
    );
  });
});

describe('createTopList', () => {
  it('keeps what sorting would (ties: who came first)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 })),
        fc.integer({ min: 1, max: 8 }),
        (merits, size) => {
          const top = createTopList(size);
          merits.forEach((merit, i) => top.offer(Uint8Array.of(i), merit));
          const expected = merits
            .map((merit, i) => ({ merit, i }))
            .sort((a, b) => b.merit - a.merit || a.i - b.i);
          expect(top.sorted().map(({ sequence }) => sequence[0])).toEqual(
            expected.slice(0, size).map(({ i }) => i % 256),
          );
          expect(top.threshold()).toBe(merits.length < size ? -Infinity : expected[size - 1].merit);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});
