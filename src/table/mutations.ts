import { type Alphabet, type Sequence, decode } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { RowFault, count } from './faults.js';
import { letterFault, STOP } from './letters.js';
import { readMutationList, type WrittenMutation } from './notation.js';
import type { Numbering } from './numbering.js';

/** One substitution in codes; the number is still the user's. */
export interface Mutation {
  /** Code of the wild-type letter as written, or STOP_CODE. */
  from: number;
  number: number;
  /** Code of the new letter, or STOP_CODE. */
  to: number;
}

/** Stands for the stop `*` where a code is expected. */
export const STOP_CODE = -1;

function letterCode(alphabet: Alphabet, letter: string, mutation: WrittenMutation): number {
  if (letter === STOP) return STOP_CODE;
  const code = alphabet.code(letter);
  if (code < 0) throw letterFault(alphabet, letter, `of mutation ${writtenForm(mutation)}`);
  return code;
}

function writtenForm({ from, number, to }: WrittenMutation): string {
  return `${from}${number}${to}`;
}

/** @throws RowFault for a letter outside the alphabet */
export function encodeMutation(alphabet: Alphabet, mutation: WrittenMutation): Mutation {
  return {
    from: letterCode(alphabet, mutation.from, mutation),
    number: mutation.number,
    to: letterCode(alphabet, mutation.to, mutation),
  };
}

/** `A123G` in the user's own number. */
function mutationText(alphabet: Alphabet, { from, number, to }: Mutation): string {
  const letter = (code: number) => (code === STOP_CODE ? STOP : alphabet.letters[code]);
  return writtenForm({ from: letter(from), number, to: letter(to) });
}

function outsideFault(mutation: Mutation, length: number, { alphabet, firstPosition }: Numbering): RowFault {
  return new RowFault('a mutation outside the sequence', {
    what: `mutation ${mutationText(alphabet, mutation)} lies outside the wild type`,
    expected: `a position from ${firstPosition} to ${firstPosition + length - 1}`,
    got: String(mutation.number),
    fix: 'Check the wild type, or give the number of its first letter by --first-position (firstPosition in the library).',
  });
}

function wildTypeFault(mutation: Mutation, actual: number, { alphabet, firstPosition }: Numbering): RowFault {
  const says = alphabet.letters[mutation.from];
  const has = alphabet.letters[actual];
  return new RowFault('a wrong wild-type letter', {
    what: `mutation ${mutationText(alphabet, mutation)} says ${says}, the wild type has ${has} at ${mutation.number}`,
    expected: `${has}${mutation.number}`,
    got: `${says}${mutation.number}`,
    fix: `Check the wild type and the numbering (its first letter is taken as position ${firstPosition}; --first-position changes that).`,
  });
}

/**
 * Applies substitutions to a wild type, checking each wild-type letter.
 * @returns the variant, or null where a mutation is a stop (its wild-type letters are checked all the same)
 * @throws RowFault for a position outside the wild type, a wrong wild-type letter, a position mutated twice
 */
export function applyMutations(
  wildType: Sequence,
  mutations: Iterable<Mutation>,
  numbering: Numbering,
): Sequence | null {
  const variant = wildType.slice();
  const touched = new Set<number>();
  let stop = false;
  for (const mutation of mutations) {
    const { from, number, to } = mutation;
    if (from === STOP_CODE) {
      stop = true;
      continue;
    }
    const index = number - numbering.firstPosition;
    if (index < 0 || index >= wildType.length) throw outsideFault(mutation, wildType.length, numbering);
    if (wildType[index] !== from) throw wildTypeFault(mutation, wildType[index], numbering);
    if (touched.has(index)) {
      throw new RowFault('a position mutated twice', {
        what: `position ${number} is mutated twice`,
        expected: 'each position at most once in a row',
        got: `${mutationText(numbering.alphabet, mutation)} after another mutation of ${number}`,
        fix: 'Correct or remove the row.',
      });
    }
    touched.add(index);
    if (to === STOP_CODE) stop = true;
    else variant[index] = to;
  }
  return stop ? null : variant;
}

/** What `formatMutations` prints for the wild type itself. */
export const WILD_TYPE_NAME = 'WT';

/**
 * The differences of a sequence from the wild type, in the user's own numbers and separator: `V39A:D40G`, or `WT`.
 * It begins with a letter, so that a spreadsheet takes it for text, never for a formula.
 * @throws InputError where the lengths differ: a list of substitutions cannot say that
 */
export function formatMutations(wildType: Sequence, sequence: Sequence, numbering: Numbering): string {
  if (sequence.length !== wildType.length) {
    throw new InputError({
      what: 'a sequence of another length has no list of substitutions',
      expected: `${count(wildType.length)} letters as in the wild type`,
      got: `${count(sequence.length)} letters`,
    });
  }
  const { letters } = numbering.alphabet;
  const written: string[] = [];
  for (let i = 0; i < sequence.length; i++) {
    if (sequence[i] === wildType[i]) continue;
    written.push(`${numbering.prefix}${letters[wildType[i]]}${numbering.label(i)}${letters[sequence[i]]}`);
  }
  return written.length === 0 ? WILD_TYPE_NAME : written.join(numbering.separator);
}

/**
 * The sequence of a mutation list; the inverse of `formatMutations`, and reads every style that tables use.
 * @throws InputError for text that is no mutation, a wrong wild-type letter, a position outside the wild type or
 *   mutated twice, a letter outside the alphabet, and a stop
 */
export function parseMutations(text: string, wildType: Sequence, numbering: Numbering): Sequence {
  const { alphabet } = numbering;
  const mutations = readMutationList(text).mutations.map((mutation) => encodeMutation(alphabet, mutation));
  const variant = applyMutations(wildType, mutations, numbering);
  if (variant) return variant;
  throw new InputError({
    what: 'a stop (*) is no sequence of the alphabet',
    expected: `mutations of ${decode(alphabet, wildType.slice(0, 10))}${wildType.length > 10 ? '…' : ''} to one of ${alphabet.letters}`,
    got: '*',
  });
}
