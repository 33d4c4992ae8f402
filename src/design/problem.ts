import type { Alphabet, Sequence } from '../core/alphabet.js';
import { InfeasibleError } from '../core/errors.js';
import { resolveRules } from './resolve-rules.js';
import { explainViolation } from './rules.js';
import type { MutationBudget, Rules } from './rules.js';
import { sequenceKey } from './sequence-key.js';
import { forcedMutations, forEachInSpace, inSpace, spaceSize } from './space.js';
import type { Space } from './space.js';

/** What may be designed. Positions are 0-based throughout. */
export interface ProblemOptions {
  alphabet: Alphabet;
  /** Every measured sequence; none of them is ever proposed. */
  measured: readonly Sequence[];
  /** The wild type. Default null: none is known. */
  reference?: Sequence | null;
  /** L. Default: the reference's length, else the measured sequences' common length. */
  length?: number;
  /** Positions that may change. Default: those where the measured sequences (and the reference) differ. */
  designable?: readonly number[];
  /** Positions that must not change, taken out of `designable`. Default none. */
  fixed?: readonly number[];
  /** Letters allowed at every designable position. Default: the whole alphabet. */
  letters?: string;
  /** Letters allowed at single positions, instead of `letters`. Default none. */
  lettersAt?: ReadonlyMap<number, string>;
  /** Largest number of changed positions. Default: any number. */
  maxMutations?: number;
  /** Where `maxMutations` counts from. Default `reference` if there is one, else `start`. */
  relativeTo?: MutationBudget['from'];
  /** How many designs will be asked for; the space must hold as many unmeasured sequences. Default 1. */
  count?: number;
  /** Names a position in the user's numbering, for messages. Default: 1-based. */
  label?: (position: number) => string;
}

/**
 * A checked set of constraints. A fixed position has one allowed letter: the reference's or, without a reference, the
 * one that all measured sequences share.
 */
export interface Problem extends Rules {
  /** [L x A] row-major, 1 where the letter is allowed. */
  readonly mask: Uint8Array;
  isMeasured(sequence: Sequence): boolean;
  /** Where mutations are counted from for a candidate with this start; null without a budget. */
  budgetBase(start: Sequence): Sequence | null;
  /** Whether a candidate may start here: of length L, and mendable within the budget. */
  canStart(start: Sequence): boolean;
  /** Whether a sequence keeps every constraint, measured or not. */
  allows(sequence: Sequence, start: Sequence): boolean;
  /**
   * Why a sequence must not be proposed, or null if it may. Independent of everything that makes designs.
   * @param start the candidate's start; needed where the budget counts from there
   */
  whyInfeasible(sequence: Sequence, start?: Sequence | null): string | null;
  /**
   * How many unmeasured sequences keep every constraint, exactly; where the budget counts from the start, those around
   * `starts`, counted no further than `enough`.
   */
  room(starts: readonly Sequence[], enough: number): bigint;
}

/**
 * Checks the constraints once, before any work.
 * @throws InputError for options that make no sense (a position outside the sequence, a letter outside the alphabet)
 * @throws InfeasibleError with the reason when the constraints leave fewer than `count` sequences to propose
 */
export function createProblem(options: ProblemOptions): Problem {
  const rules = resolveRules(options);
  const measured = new Set(options.measured.map(sequenceKey));
  const problem = buildProblem(rules, maskOf(rules), measured, options.measured);
  requireRoom(problem, options.measured, options.count ?? 1);
  return problem;
}

/** @throws InfeasibleError when fewer than `count` unmeasured sequences can be reached from these starts */
export function requireRoom(problem: Problem, starts: readonly Sequence[], count: number): void {
  const room = problem.room(starts, count);
  if (room >= BigInt(count)) return;
  throw new InfeasibleError({
    what: `the constraints leave too few sequences that were not measured yet`,
    expected: `at least ${count}, the number of designs asked for`,
    got: `${room}`,
    fix: 'Ask for fewer designs, or allow more positions, letters or mutations.',
  });
}

function maskOf(rules: Rules): Uint8Array {
  const A = rules.alphabet.size;
  const mask = new Uint8Array(rules.length * A);
  rules.letters.forEach((letters, i) => {
    for (const letter of letters) mask[i * A + rules.alphabet.code(letter)] = 1;
  });
  return mask;
}

function buildProblem(
  rules: Rules,
  mask: Uint8Array,
  measured: ReadonlySet<string>,
  rows: readonly Sequence[],
): Problem {
  const { budget, length, alphabet, reference } = rules;
  const budgetBase = (start: Sequence) =>
    budget === null ? null : budget.from === 'reference' ? reference : start;
  const space = (base: Sequence | null): Space => ({
    mask,
    length,
    alphabetSize: alphabet.size,
    base,
    max: budget?.max ?? length,
  });
  const canStart = (start: Sequence) =>
    start.length === length &&
    (budget?.from !== 'start' || forcedMutations(mask, alphabet.size, start) <= budget.max);
  return {
    ...rules,
    mask,
    isMeasured: (sequence) => measured.has(sequenceKey(sequence)),
    budgetBase,
    canStart,
    allows: (sequence, start) => inSpace(space(budgetBase(start)), sequence),
    whyInfeasible: (sequence, start = null) =>
      measured.has(sequenceKey(sequence))
        ? 'it was measured already'
        : explainViolation(rules, sequence, start),
    room: (starts, enough) => {
      if (budget?.from !== 'start') return unmeasuredIn(space(budget === null ? null : reference), rows);
      return roomAround(starts.filter(canStart).map(space), measured, enough);
    },
  };
}

/** Size of the space less the distinct measured sequences inside it. */
function unmeasuredIn(space: Space, rows: readonly Sequence[]): bigint {
  const inside = new Set(rows.filter((row) => inSpace(space, row)).map(sequenceKey));
  return spaceSize(space) - BigInt(inside.size);
}

/** Unmeasured sequences in the union of the spaces, counted no further than `enough`. */
function roomAround(spaces: readonly Space[], measured: ReadonlySet<string>, enough: number): bigint {
  const wanted = BigInt(enough) + BigInt(measured.size);
  const large = spaces.slice(0, 1).find((space) => spaceSize(space) >= wanted);
  if (large !== undefined) return spaceSize(large) - BigInt(measured.size);
  const found = new Set<string>();
  for (const space of spaces) {
    if (found.size >= enough) break;
    forEachInSpace(space, (sequence) => {
      const key = sequenceKey(sequence);
      if (!measured.has(key)) found.add(key);
      return found.size < enough;
    });
  }
  return BigInt(found.size);
}
