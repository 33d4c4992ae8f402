import type { Alphabet, Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { count } from './faults.js';
import { type Mutation, STOP_CODE } from './mutations.js';

/** A position number and the wild-type letter written with it, with the number of times that they were. */
interface Evidence {
  number: number;
  from: number;
  times: number;
}

/** What the wild-type letters say about the numbering. */
export interface InferredNumbering {
  /** The user's number of the wild type's first letter. */
  firstPosition: number;
  /** One sentence for the notes. */
  note: string;
}

/** First positions are looked for within this distance of 1. */
const RANGE = 100_000;
/** A numbering that explains fewer of the letters than this is none. */
const PLAUSIBLE = 0.5;

/** Expected number of accidental fits above which few letters are no evidence for an unusual numbering. */
const ACCIDENTS = 0.05;

/**
 * True where some numbering may fit so few distinct letters by accident: a wrong letter would then move the whole
 * table. A letter agrees by chance at a rate of about 2 / (letters of the alphabet), at each of L shifts.
 */
function isThin(alphabet: Alphabet, wildType: Sequence, evidence: readonly Evidence[]): boolean {
  return wildType.length * (2 / alphabet.size) ** evidence.length > ACCIDENTS;
}

function gather(mutations: Iterable<Mutation>): Evidence[] {
  const found = new Map<string, Evidence>();
  for (const { number, from } of mutations) {
    if (from === STOP_CODE) continue;
    const key = `${number}/${from}`;
    const known = found.get(key);
    if (known) known.times++;
    else found.set(key, { number, from, times: 1 });
  }
  return [...found.values()];
}

/**
 * For every first position that puts some number inside the wild type, how many letters agree. Instead of trying
 * each, every (number, letter) votes for the first positions that put it on the same letter of the wild type.
 */
function votes(wildType: Sequence, evidence: readonly Evidence[], size: number): Map<number, number> {
  const places: number[][] = Array.from({ length: size }, () => []);
  wildType.forEach((code, index) => places[code].push(index));
  const agreeing = new Map<number, number>();
  for (const { number, from, times } of evidence) {
    for (const index of places[from]) {
      const first = number - index;
      if (Math.abs(first - 1) <= RANGE) agreeing.set(first, (agreeing.get(first) ?? 0) + times);
    }
  }
  return agreeing;
}

/** 1 before 0 before the nearest to 1. */
const preference = (first: number): number => (first === 1 ? -2 : first === 0 ? -1 : Math.abs(first - 1));

function describe(firstPosition: number): string {
  if (firstPosition === 1) return 'positions are counted from 1';
  if (firstPosition === 0) return 'positions are counted from 0';
  return `the wild type's first letter is position ${firstPosition} (offset ${1 - firstPosition})`;
}

/**
 * Infers how a table counts positions from the wild-type letters of all its mutations. Numbers from 1 are preferred
 * where they fit, then from 0, then the only other numbering that fits. Where none fits every letter, the best is
 * returned, so that the rows that disagree can be named.
 * @throws InputError where several unusual numberings fit equally, where one fits but so few letters that it may be
 *   by accident, or where none explains half of the letters
 */
export function inferFirstPosition(
  alphabet: Alphabet,
  wildType: Sequence,
  mutations: Iterable<Mutation>,
  file: string,
): InferredNumbering {
  const evidence = gather(mutations);
  const total = evidence.reduce((sum, { times }) => sum + times, 0);
  if (total === 0)
    return { firstPosition: 1, note: 'no mutation says how positions are counted; taken from 1' };
  const ranked = [...votes(wildType, evidence, alphabet.size)]
    .map(([first, agreeing]) => ({ first, agreeing }))
    .sort((a, b) => b.agreeing - a.agreeing || preference(a.first) - preference(b.first));
  const plausible = ranked.filter(({ agreeing }) => agreeing >= PLAUSIBLE * total);
  if (plausible.length === 0) throw noFit(file, ranked[0] ?? { first: 1, agreeing: 0 }, total);
  const chosen = choose(plausible, isThin(alphabet, wildType, evidence), evidence.length, file);
  const others = tied(plausible, chosen).slice(0, 3);
  const agreement =
    chosen.agreeing === total
      ? `all ${count(total)} wild-type letters agree`
      : `${count(chosen.agreeing)} of ${count(total)} wild-type letters agree`;
  const also = others.length > 0 ? `; first letter at ${others.join(', ')} would agree as well` : '';
  return { firstPosition: chosen.first, note: `${describe(chosen.first)}: ${agreement}${also}` };
}

/** A first position and the number of wild-type letters that agree with it. */
interface Candidate {
  first: number;
  agreeing: number;
}

/** The other first positions that fit as well. */
function tied(candidates: readonly Candidate[], { first, agreeing }: Candidate): number[] {
  return candidates
    .filter((other) => other.agreeing === agreeing && other.first !== first)
    .map((other) => other.first);
}

/** @param plausible best first */
function choose(plausible: readonly Candidate[], thin: boolean, letters: number, file: string): Candidate {
  const [best] = plausible;
  const isUsual = ({ first }: Candidate): boolean => first === 1 || first === 0;
  const rivals = tied(plausible, best);
  if (isUsual(best) || (rivals.length === 0 && !thin)) return best;
  // Rather a wrong letter in a table counted from 1 than an odd numbering on thin evidence.
  const usual = plausible.find(isUsual);
  if (usual) return usual;
  throw rivals.length > 0 ? severalFit(file, [best.first, ...rivals]) : tooFew(file, best.first, letters);
}

function noFit(file: string, { first, agreeing }: Candidate, total: number): InputError {
  return new InputError({
    what: 'the mutations do not fit the wild type in any numbering',
    file,
    expected: 'wild-type letters that agree with the wild type',
    got: `at best ${count(agreeing)} of ${count(total)} agree (first letter at position ${first})`,
    fix: 'Check the wild type, or give the number of its first letter by --first-position (firstPosition in the library).',
  });
}

function severalFit(file: string, tied: readonly number[]): InputError {
  return new InputError({
    what: `${tied.length} numberings fit the mutations equally well`,
    file,
    expected: 'one',
    got: `first letter at position ${tied.slice(0, 5).join(', ')}${tied.length > 5 ? ', ...' : ''}`,
    fix: 'Give the number of the first letter of the wild type by --first-position (firstPosition in the library).',
  });
}

function tooFew(file: string, best: number, letters: number): InputError {
  return new InputError({
    what: 'the mutations do not fit the wild type with positions counted from 1 or 0',
    file,
    expected: 'wild-type letters that agree with the wild type',
    got: `${letters} distinct letters, which fit with its first letter at position ${best}, too few to rule out accident`,
    fix: `Check the wild type, or say --first-position ${best} (firstPosition in the library) if that is right.`,
  });
}
