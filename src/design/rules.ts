import type { Alphabet, Sequence } from '../core/alphabet.js';

/** How many letters may change, and counted from where. */
export interface MutationBudget {
  /** K, the largest number of changed positions; at least 1. */
  max: number;
  /** `reference`: from the wild type. `start`: from the measured sequence that a candidate started at. */
  from: 'reference' | 'start';
}

/** The constraints of a problem, resolved: every default filled in, every position and letter known to be valid. */
export interface Rules {
  readonly alphabet: Alphabet;
  /** L */
  readonly length: number;
  /** The wild type, or null. */
  readonly reference: Sequence | null;
  /** Designable positions, 0-based, ascending. */
  readonly designable: readonly number[];
  /** The letters that each position may hold, [L] strings; a fixed position has one letter. */
  readonly letters: readonly string[];
  /** null: any number of changes. */
  readonly budget: MutationBudget | null;
  /** Names a 0-based position in the user's numbering. */
  label(position: number): string;
}

/**
 * Checks one sequence against the rules letter by letter, or says null. It shares no code with the mask, the decoder and
 * the counting that designs come from, so it can stand as their judge.
 * @param start where the candidate started; needed where the budget counts from there
 */
export function explainViolation(rules: Rules, sequence: Sequence, start: Sequence | null): string | null {
  if (sequence.length !== rules.length) return `it has ${sequence.length} letters, not ${rules.length}`;
  for (let i = 0; i < rules.length; i++) {
    const letter = rules.alphabet.letters[sequence[i]];
    if (letter === undefined)
      return `position ${rules.label(i)} holds no letter of the ${rules.alphabet.name} alphabet`;
    if (rules.letters[i].includes(letter)) continue;
    if (!rules.designable.includes(i))
      return `position ${rules.label(i)} is fixed at ${rules.letters[i]}, not ${letter}`;
    return `position ${rules.label(i)} may hold ${rules.letters[i]}, not ${letter}`;
  }
  return rules.budget === null ? null : explainBudget(rules, rules.budget, sequence, start);
}

function explainBudget(
  rules: Rules,
  budget: MutationBudget,
  sequence: Sequence,
  start: Sequence | null,
): string | null {
  const from = budget.from === 'reference' ? rules.reference : start;
  const name = budget.from === 'reference' ? 'the wild type' : 'its start';
  if (from === null) return `its number of mutations from ${name} cannot be counted without ${name}`;
  let changed = 0;
  sequence.forEach((code, i) => (changed += code === from[i] ? 0 : 1));
  return changed > budget.max ? `it has ${changed} mutations from ${name}, more than ${budget.max}` : null;
}
