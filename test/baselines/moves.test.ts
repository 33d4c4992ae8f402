import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSampler, keepBudget, mutate, recombine } from '../../src/baselines/moves.js';
import { DNA, PROTEIN, hammingDistance } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { createProblem } from '../../src/design/problem.js';
import { walkSpace } from '../../src/design/space-walk.js';

const reference = Uint8Array.of(0, 1, 2, 3, 0);
const budget = createProblem({
  alphabet: DNA,
  measured: [reference],
  reference,
  designable: [0, 1, 2, 4],
  // the wild type's own letter is forbidden at 4, so one mutation is forced
  lettersAt: new Map([[4, 'CG']]),
  maxMutations: 2,
});
const free = createProblem({
  alphabet: DNA,
  measured: [reference],
  reference,
  designable: [0, 1, 2],
  letters: 'ACG',
});

describe('createSampler', () => {
  for (const [name, problem, max] of [
    ['a budget', budget, 2],
    ['no budget', free, 5],
  ] as const) {
    it(`draws every feasible sequence equally often, with ${name}`, () => {
      const space = {
        mask: problem.mask,
        length: 5,
        alphabetSize: 4,
        base: problem.budgetBase(reference),
        max,
      };
      const counts = new Map<string, number>();
      for (const sequence of walkSpace(space)) counts.set(sequence.join(), 0);
      const sample = createSampler(problem, reference);
      const random = createRandom('uniform');
      const n = 200 * counts.size;
      for (let draw = 0; draw < n; draw++) {
        const key = sample(random).join();
        expect(counts.has(key)).toBe(true);
        counts.set(key, (counts.get(key) as number) + 1);
      }
      // chi-square with k - 1 degrees of freedom: mean k - 1, variance 2 (k - 1)
      const chi = [...counts.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
      const k = counts.size - 1;
      expect(Math.abs(chi - k)).toBeLessThan(4 * Math.sqrt(2 * k));
    });
  }

  it('counts where float64 would overflow', () => {
    const long = new Uint8Array(400);
    const problem = createProblem({
      alphabet: PROTEIN,
      measured: [long],
      reference: long,
      designable: Array.from({ length: 400 }, (_, i) => i),
      maxMutations: 390,
    });
    const sample = createSampler(problem, long);
    const random = createRandom(1);
    const distances = Array.from({ length: 50 }, () => hammingDistance(sample(random), long));
    // without a budget 380 in the mean, with standard deviation 4.4
    const mean = distances.reduce((sum, value) => sum + value, 0) / 50;
    expect(mean).toBeGreaterThan(377);
    expect(mean).toBeLessThan(383);
  });
});

describe('moves', () => {
  it('mutate: feasible, the asked number of mutations in the mean, equally among positions and letters', () => {
    const random = createRandom(2);
    const parent = Uint8Array.of(0, 1, 2, 3, 0);
    const changes = new Map<string, number>();
    let total = 0;
    for (let draw = 0; draw < 6000; draw++) {
      const child = mutate(free, null, parent, 1.5, random);
      expect(free.allows(child, parent)).toBe(true);
      child.forEach((letter, i) => {
        if (letter === parent[i]) return;
        total++;
        changes.set(`${i}${letter}`, (changes.get(`${i}${letter}`) ?? 0) + 1);
      });
    }
    expect(total / 6000).toBeCloseTo(1.5, 1);
    expect([...changes.keys()].sort()).toEqual(['01', '02', '10', '12', '20', '21']);
    for (const count of changes.values()) expect(Math.abs(count - 1500)).toBeLessThan(160);
  });

  it('keepBudget: takes back as many as it must, and never a forced one (1,000 cases)', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ min: 0, max: 3, minLength: 5, maxLength: 5 }),
        fc.integer(),
        (drawn, seed) => {
          const sequence = Uint8Array.of(drawn[0], drawn[1], drawn[2], 3, drawn[4] % 2 === 0 ? 1 : 2);
          const before = sequence.slice();
          const kept = keepBudget(budget, reference, sequence, createRandom(seed));
          expect(budget.allows(kept, reference)).toBe(true);
          kept.forEach((letter, i) => expect([before[i], reference[i]]).toContain(letter));
          if (budget.allows(before, reference)) expect(kept).toEqual(before);
          else expect(hammingDistance(kept, reference)).toBe(2);
        },
      ),
      { numRuns: 1000, seed: 5 },
    );
  });

  it('recombine: two children with all their parents’ letters, place by place', () => {
    const [one, other] = [Uint8Array.of(0, 0, 0, 0), Uint8Array.of(1, 1, 1, 1)];
    for (let seed = 0; seed < 50; seed++) {
      const [a, b] = recombine(one, other, 0.5, createRandom(seed));
      a.forEach((letter, i) => expect(letter + b[i]).toBe(1));
    }
    expect(recombine(one, other, 0, createRandom(1))).toEqual([one, other]);
    expect(recombine(one, other, 1, createRandom(1))[0]).toEqual(Uint8Array.of(1, 0, 1, 0));
  });
});
