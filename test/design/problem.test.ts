import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DNA, PROTEIN, encode } from '../../src/core/alphabet.js';
import { InfeasibleError, InputError } from '../../src/core/errors.js';
import { createProblem } from '../../src/design/problem.js';
import type { Problem, ProblemOptions } from '../../src/design/problem.js';
import {
  allSequences,
  designablePositions,
  keepsConstraints,
  mayBeProposed,
  problemOptions,
} from './random-problem.js';

const dna = (text: string) => encode(DNA, text);
const measured = ['ACGT', 'ACGA', 'TCGT'].map(dna);
const base: ProblemOptions = { alphabet: DNA, measured };

describe('createProblem', () => {
  it('designs the positions that vary, and fixes the others', () => {
    const problem = createProblem(base);
    expect(problem.designable).toEqual([0, 3]);
    expect(problem.letters).toEqual(['ACGT', 'C', 'G', 'ACGT']);
    expect(problem.room([], 1)).toBe(13n);
    expect(createProblem({ ...base, reference: dna('ACTT') }).designable).toEqual([0, 2, 3]);
  });

  it('takes designable and fixed positions, letters and letters at positions', () => {
    const problem = createProblem({
      ...base,
      designable: [3, 1, 0],
      fixed: [0],
      letters: 'gca',
      lettersAt: new Map([[3, 'T']]),
      reference: dna('ACGT'),
    });
    expect(problem.designable).toEqual([1, 3]);
    expect(problem.letters).toEqual(['A', 'ACG', 'G', 'T']);
  });

  it('says why a sequence is not feasible', () => {
    const problem = createProblem({
      ...base,
      reference: dna('ACGT'),
      maxMutations: 1,
      lettersAt: new Map([[0, 'ACT']]),
    });
    const why = (text: string) => problem.whyInfeasible(dna(text));
    expect(why('ACGC')).toBeNull();
    expect(why('TCGT')).toBe('it was measured already');
    expect(why('CCGC')).toBe('it has 2 mutations from the wild type, more than 1');
    expect(why('GCGT')).toBe('position 1 may hold ACT, not G');
    expect(why('AAGT')).toBe('position 2 is fixed at C, not A');
    expect(why('ACG')).toBe('it has 3 letters, not 4');
    expect(problem.whyInfeasible(Uint8Array.of(0, 1, 2, 9))).toBe(
      'position 4 holds no letter of the dna alphabet',
    );
    const fromStart = createProblem({ ...base, maxMutations: 1 });
    expect(fromStart.budget).toEqual({ max: 1, from: 'start' });
    expect(fromStart.whyInfeasible(dna('CCGC'), dna('ACGT'))).toBe(
      'it has 2 mutations from its start, more than 1',
    );
    expect(fromStart.whyInfeasible(dna('ACGC'), dna('ACGT'))).toBeNull();
    expect(fromStart.whyInfeasible(dna('ACGC'))).toMatch(/cannot be counted without its start/);
  });

  it('names positions in the numbering of the user', () => {
    const options = { ...base, label: (position: number) => `${position + 100}` };
    expect(createProblem(options).whyInfeasible(dna('AAGT'))).toBe('position 101 is fixed at C, not A');
    expect(() => createProblem({ ...options, designable: [4] })).toThrow(
      /position 104 lies outside.*100 to 103/,
    );
  });

  const wildType = { ...base, reference: dna('ACGT') };
  it.each<[string, ProblemOptions, RegExp]>([
    ['no mutation', { ...wildType, maxMutations: 0 }, /no mutation is allowed/],
    [
      'equal sequences',
      { ...base, measured: [dna('ACGT')] },
      /no position is left to design.*differ nowhere/,
    ],
    [
      'only fixed positions',
      { ...base, designable: [0], fixed: [0] },
      /no position is left to design.*only fixed/,
    ],
    ['empty sequences', { ...base, measured: [dna('')] }, /sequences are empty/],
    ['no letter anywhere', { ...base, letters: '' }, /no letter is allowed at position 1/],
    [
      'no letter at one position',
      { ...base, lettersAt: new Map([[3, '']]) },
      /no letter is allowed at position 4/,
    ],
    [
      'a forbidden letter at a fixed position',
      { ...wildType, lettersAt: new Map([[1, 'AG']]) },
      /position 2 is fixed at C, which is not among the letters allowed there/,
    ],
    [
      'a fixed position of unknown letter',
      { ...base, designable: [3] },
      /position 1 is fixed, but it is not known at which letter/,
    ],
    [
      'more forbidden letters than mutations',
      { ...wildType, designable: [0, 1, 2], letters: 'T', maxMutations: 2 },
      /wild type's letters at 3 positions are not allowed \(1, 2, 3\).*at most 2.*got 3/,
    ],
    ['too few sequences', { ...base, count: 14 }, /too few sequences.*at least 14.*got 13/],
    ['too few within the budget', { ...wildType, maxMutations: 1, count: 5 }, /at least 5.*got 4/],
    ['too few around the starts', { ...base, maxMutations: 1, count: 10 }, /at least 10.*got 9/],
  ])('refuses %s as infeasible', (_, options, message) => {
    expect(() => createProblem(options)).toThrow(InfeasibleError);
    expect(() => createProblem(options)).toThrow(message);
  });

  it.each<[string, ProblemOptions, RegExp]>([
    ['nothing measured', { ...base, measured: [] }, /no measured sequence/],
    ['a position that does not exist', { ...base, fixed: [-1] }, /position 0 lies outside the sequence/],
    ['a position that is no number', { ...base, designable: [0.5] }, /lies outside the sequence/],
    ['a letter of another alphabet', { ...base, letters: 'ACGU' }, /letter 'U' allowed at every position/],
    ['sequences of different lengths', { ...base, measured: [dna('AC'), dna('ACG')] }, /differ in length/],
    [
      'a wild type of another length',
      { ...base, reference: dna('A'), length: 4 },
      /wild type has another length/,
    ],
    ['half a mutation', { ...base, maxMutations: 1.5 }, /not a whole number/],
    ['a budget from nowhere', { ...base, maxMutations: 1, relativeTo: 'reference' }, /none is given/],
  ])('refuses %s', (_, options, message) => {
    expect(() => createProblem(options)).toThrow(InputError);
    expect(() => createProblem(options)).toThrow(message);
  });

  it('leaves rows of another length out where the length is known', () => {
    const problem = createProblem({ ...base, measured: [...measured, dna('AC')], length: 4 });
    expect(problem.designable).toEqual([0, 3]);
    expect(problem.canStart(dna('AC'))).toBe(false);
  });

  it('counts huge spaces exactly', () => {
    const wild = new Uint8Array(300);
    const problem = createProblem({
      alphabet: PROTEIN,
      measured: [wild],
      reference: wild,
      designable: [...wild.keys()],
      maxMutations: 2,
    });
    expect(problem.room([], 1)).toBe(300n * 19n + ((300n * 299n) / 2n) * 19n ** 2n);
    const free = createProblem({ alphabet: PROTEIN, measured: [wild], designable: [...wild.keys()] });
    expect(free.room([], 1)).toBe(20n ** 300n - 1n);
  });
});

/** null where the problem is refused. */
function tryProblem(options: ProblemOptions): Problem | null {
  try {
    return createProblem(options);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

describe('problems against brute force', () => {
  it('judges and counts as the options say, and refuses only what is impossible (10,000 problems)', () => {
    let refused = 0;
    fc.assert(
      fc.property(problemOptions(4), (options) => {
        const length = options.measured[0].length;
        const everything = allSequences(length);
        const feasible = everything.filter((sequence) => mayBeProposed(options, sequence, options.measured));
        const problem = tryProblem(options);
        if (problem === null) {
          refused++;
          const { relativeTo, maxMutations, reference, count = 1 } = options;
          const fromNowhere = relativeTo === 'reference' && maxMutations !== undefined && !reference;
          const nothing = designablePositions(options).length === 0;
          expect(nothing || fromNowhere || feasible.length < count).toBe(true);
          return;
        }
        expect(feasible.length).toBeGreaterThanOrEqual(options.count as number);
        expect(problem.room(options.measured, 1e6)).toBe(BigInt(feasible.length));
        const start = options.measured[0];
        const misjudged = everything.filter((sequence) => {
          const kept = keepsConstraints(options, sequence, start);
          const proposable = kept && !problem.isMeasured(sequence);
          return (
            problem.allows(sequence, start) !== kept ||
            (problem.whyInfeasible(sequence, start) === null) !== proposable
          );
        });
        expect(misjudged).toEqual([]);
      }),
      { numRuns: 10_000, seed: 1 },
    );
    expect(refused).toBeGreaterThan(1000);
    expect(refused).toBeLessThan(9000);
  });
});
