import fc from 'fast-check';
import { DNA } from '../../src/core/alphabet.js';
import type { Sequence } from '../../src/core/alphabet.js';
import type { ProblemOptions } from '../../src/design/problem.js';

/** Random constraints over DNA of up to `maxLength` letters; many are impossible. */
export function problemOptions(maxLength: number): fc.Arbitrary<ProblemOptions> {
  return fc.integer({ min: 1, max: maxLength }).chain((length) => {
    const sequence = fc.uint8Array({ min: 0, max: 3, minLength: length, maxLength: length });
    const positions = fc.uniqueArray(fc.integer({ min: 0, max: length - 1 }));
    const letters = fc.subarray([...DNA.letters], { minLength: 1 }).map((list) => list.join(''));
    return fc.record(
      {
        alphabet: fc.constant(DNA),
        measured: fc.array(sequence, { minLength: 2, maxLength: 12 }),
        reference: fc.option(sequence),
        designable: positions,
        fixed: positions,
        letters,
        lettersAt: fc
          .array(fc.tuple(fc.integer({ min: 0, max: length - 1 }), letters), { maxLength: 2 })
          .map((l) => new Map(l)),
        maxMutations: fc.integer({ min: 1, max: length }),
        relativeTo: fc.constantFrom('reference' as const, 'start' as const),
        count: fc.integer({ min: 1, max: 6 }),
      },
      { requiredKeys: ['alphabet', 'measured', 'count'] },
    );
  });
}

/** All 4^L sequences. */
export function allSequences(length: number): Sequence[] {
  return Array.from({ length: 4 ** length }, (_, n) =>
    Uint8Array.from({ length }, (_, i) => Math.floor(n / 4 ** i) % 4),
  );
}

function distance(a: Sequence, b: Sequence): number {
  return a.reduce((sum, code, i) => sum + (code === b[i] ? 0 : 1), 0);
}

/** Random constraints as in {@link problemOptions}, most of which are possible: for tests that run to the end. */
export function possibleProblemOptions(maxLength: number): fc.Arbitrary<ProblemOptions> {
  const perhaps = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 2, nil: undefined });
  return problemOptions(maxLength).chain((options) =>
    fc.record({
      alphabet: fc.constant(options.alphabet),
      measured: fc.constant(options.measured),
      // a wild type keeps positions from being fixed at an unknown letter
      reference: fc.constant(options.reference ?? options.measured[0]),
      designable: perhaps(fc.constant(options.designable ?? [0])),
      fixed: perhaps(fc.constant(options.fixed?.slice(1))),
      letters: perhaps(fc.constant(options.letters)),
      lettersAt: perhaps(fc.constant(options.lettersAt)),
      maxMutations: fc.constant(options.maxMutations),
      relativeTo: fc.constant(options.relativeTo),
      count: fc.constant(options.count),
    }),
  );
}

const cached = new WeakMap<ProblemOptions, number[]>();

/** Designable positions by their definition; kept per problem, for it is asked for every sequence. */
export function designablePositions(options: ProblemOptions): number[] {
  const positions = cached.get(options) ?? findDesignable(options);
  cached.set(options, positions);
  return positions;
}

function findDesignable(options: ProblemOptions): number[] {
  const { measured, reference } = options;
  const known = reference ? [reference, ...measured] : measured;
  const varies = (i: number) => known.some((row) => row[i] !== known[0][i]);
  return [...known[0].keys()].filter(
    (i) => (options.designable?.includes(i) ?? varies(i)) && !options.fixed?.includes(i),
  );
}

/**
 * The constraints word by word, straight from the options, knowing none of the project's own code.
 * @param start the candidate's start, where mutations count from there
 */
export function keepsConstraints(
  options: ProblemOptions,
  sequence: Sequence,
  start: Sequence | null,
): boolean {
  const { measured, reference = null } = options;
  const known = reference ? [reference, ...measured] : measured;
  const varies = (i: number) => known.some((row) => row[i] !== known[0][i]);
  const designable = designablePositions(options);
  const isDesignable = (i: number) => designable.includes(i);
  for (let i = 0; i < sequence.length; i++) {
    const letter = 'ACGT'[sequence[i]];
    const here = options.lettersAt?.get(i);
    if (isDesignable(i) && !(here ?? options.letters ?? 'ACGT').includes(letter)) return false;
    if (!isDesignable(i) && (sequence[i] !== known[0][i] || (here !== undefined && !here.includes(letter))))
      return false;
    // without a wild type, a fixed position at which the measured rows differ has no letter to be fixed at
    if (!isDesignable(i) && reference === null && varies(i)) return false;
  }
  if (options.maxMutations === undefined) return true;
  const from =
    (options.relativeTo ?? (reference ? 'reference' : 'start')) === 'reference' ? reference : start;
  return from !== null && distance(sequence, from) <= options.maxMutations;
}

/** Whether a sequence may be proposed from some start. */
export function mayBeProposed(
  options: ProblemOptions,
  sequence: Sequence,
  starts: readonly Sequence[],
): boolean {
  if (options.measured.some((row) => distance(row, sequence) === 0)) return false;
  return starts.some((start) => keepsConstraints(options, sequence, start));
}
