import type { Alphabet, Sequence } from '../core/alphabet.js';
import { InfeasibleError, InputError } from '../core/errors.js';
import type { ProblemOptions } from './problem.js';
import type { MutationBudget, Rules } from './rules.js';

/**
 * Fills in the defaults of a problem's options and checks everything that can be seen without counting sequences.
 * @throws InputError, InfeasibleError; see `createProblem`
 */
export function resolveRules(options: ProblemOptions): Rules {
  const { alphabet, reference = null } = options;
  const label = options.label ?? ((position: number) => `${position + 1}`);
  const length = resolveLength(options);
  const rows = options.measured.filter((row) => row.length === length);
  const designable = resolveDesignable(options, rows, length, label);
  const draft = { alphabet, length, reference, designable, label };
  const letters = resolveLetters(options, draft, rows);
  const rules: Rules = { ...draft, letters, budget: resolveBudget(options) };
  requireMendable(rules);
  return rules;
}

function resolveLength({ length, reference, measured }: ProblemOptions): number {
  if (measured.length === 0) {
    throw new InputError({ what: 'no measured sequence', expected: 'at least one measured sequence' });
  }
  const resolved = length ?? reference?.length ?? measured[0].length;
  if (reference && reference.length !== resolved) {
    throw new InputError({
      what: 'the wild type has another length than the sequences',
      expected: `${resolved} letters`,
      got: `${reference.length}`,
    });
  }
  const odd = measured.find((row) => row.length !== resolved);
  if (odd !== undefined && length === undefined && !reference) {
    throw new InputError({
      what: 'the measured sequences differ in length',
      expected: `${resolved} letters, as the first has`,
      got: `${odd.length}`,
      fix: 'Give the wild type or the length to design.',
    });
  }
  if (resolved < 1)
    throw new InfeasibleError({ what: 'the sequences are empty, so no position can be designed' });
  return resolved;
}

function resolveDesignable(
  options: ProblemOptions,
  rows: readonly Sequence[],
  length: number,
  label: Rules['label'],
): readonly number[] {
  const given =
    options.designable ?? varyingPositions(options.reference ? [options.reference, ...rows] : rows, length);
  for (const position of [...given, ...(options.fixed ?? []), ...(options.lettersAt?.keys() ?? [])]) {
    if (Number.isInteger(position) && position >= 0 && position < length) continue;
    throw new InputError({
      what: `position ${label(position)} lies outside the sequence`,
      expected: `${label(0)} to ${label(length - 1)}`,
      got: label(position),
    });
  }
  const fixed = new Set(options.fixed);
  const designable = [...new Set(given)].filter((position) => !fixed.has(position)).sort((a, b) => a - b);
  if (designable.length > 0) return designable;
  throw new InfeasibleError({
    what: 'no position is left to design',
    expected: 'at least one designable position',
    got: options.designable
      ? 'only fixed positions'
      : 'measured sequences that differ nowhere outside the fixed positions',
    fix: 'Name the positions to design, or fix fewer.',
  });
}

/** Positions at which not all sequences have the same letter, ascending. */
export function varyingPositions(sequences: readonly Sequence[], length: number): number[] {
  const varies = new Uint8Array(length);
  for (const sequence of sequences) {
    for (let i = 0; i < length; i++) if (sequence[i] !== sequences[0][i]) varies[i] = 1;
  }
  return Array.from(varies.keys()).filter((i) => varies[i] === 1);
}

type Draft = Omit<Rules, 'letters' | 'budget'>;

function resolveLetters(options: ProblemOptions, draft: Draft, rows: readonly Sequence[]): string[] {
  const everywhere = checkedLetters(
    draft.alphabet,
    options.letters ?? draft.alphabet.letters,
    'every position',
  );
  const designable = new Set(draft.designable);
  return Array.from({ length: draft.length }, (_, i) => {
    const own = options.lettersAt?.get(i);
    const allowed =
      own === undefined ? null : checkedLetters(draft.alphabet, own, `position ${draft.label(i)}`);
    if (!designable.has(i)) return fixedLetter(draft, rows, i, allowed);
    const letters = allowed ?? everywhere;
    if (letters === '') {
      throw new InfeasibleError({
        what: `no letter is allowed at position ${draft.label(i)}`,
        expected: 'at least one allowed letter at every designable position',
        got: 'none',
        fix: 'Allow a letter there, or fix the position.',
      });
    }
    return letters;
  });
}

/** The letters in the order of the alphabet, each once. */
function checkedLetters(alphabet: Alphabet, letters: string, where: string): string {
  const codes = new Set<number>();
  for (const letter of letters) {
    const code = alphabet.code(letter);
    if (code < 0) {
      throw new InputError({
        what: `letter '${letter}' allowed at ${where} is not in the ${alphabet.name} alphabet`,
        expected: `letters of ${alphabet.letters}`,
        got: `'${letter}'`,
      });
    }
    codes.add(code);
  }
  return [...codes]
    .sort((a, b) => a - b)
    .map((code) => alphabet.letters[code])
    .join('');
}

function fixedLetter(draft: Draft, rows: readonly Sequence[], i: number, allowed: string | null): string {
  const { alphabet, label } = draft;
  const known = draft.reference ?? rows[0];
  const letter = known === undefined ? undefined : alphabet.letters[known[i]];
  if (letter === undefined || (draft.reference === null && rows.some((row) => row[i] !== known[i]))) {
    throw new InfeasibleError({
      what: `position ${label(i)} is fixed, but it is not known at which letter`,
      expected: 'a wild type, or one letter that all measured sequences share there',
      got: 'no wild type, and measured sequences that differ there',
      fix: 'Give the wild type, or make the position designable.',
    });
  }
  if (allowed === null || allowed.includes(letter)) return letter;
  throw new InfeasibleError({
    what: `position ${label(i)} is fixed at ${letter}, which is not among the letters allowed there`,
    expected: allowed === '' ? 'an allowed letter' : `one of ${allowed}`,
    got: letter,
    fix: 'Make the position designable, or allow its letter.',
  });
}

function resolveBudget({ maxMutations, relativeTo, reference }: ProblemOptions): MutationBudget | null {
  if (maxMutations === undefined) return null;
  if (!Number.isInteger(maxMutations) || maxMutations < 0) {
    throw new InputError({
      what: 'the maximum number of mutations is not a whole number',
      expected: 'a whole number of at least 1',
      got: `${maxMutations}`,
    });
  }
  if (maxMutations === 0) {
    throw new InfeasibleError({
      what: 'no mutation is allowed, so there is nothing to design',
      expected: 'at least 1 mutation',
      got: '0',
      fix: 'Raise the maximum number of mutations.',
    });
  }
  const from = relativeTo ?? (reference ? 'reference' : 'start');
  if (from === 'reference' && !reference) {
    throw new InputError({
      what: 'mutations are to be counted from the wild type, but none is given',
      expected: 'a wild type',
      fix: "Give the wild type, or count from each candidate's start.",
    });
  }
  return { max: maxMutations, from };
}

/** @throws InfeasibleError when the wild type has more forbidden letters than the budget can change */
function requireMendable({ budget, reference, letters, alphabet, designable, label }: Rules): void {
  if (budget?.from !== 'reference' || reference === null) return;
  const forced = designable.filter((i) => !letters[i].includes(alphabet.letters[reference[i]]));
  if (forced.length <= budget.max) return;
  throw new InfeasibleError({
    what: `the wild type's letters at ${forced.length} positions are not allowed (${forced.slice(0, 5).map(label).join(', ')}${forced.length > 5 ? ', ...' : ''})`,
    expected: `at most ${budget.max} of them, the maximum number of mutations`,
    got: `${forced.length}`,
    fix: "Allow the wild type's letters there, or more mutations.",
  });
}
