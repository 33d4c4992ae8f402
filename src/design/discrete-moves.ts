import type { Sequence } from '../core/alphabet.js';
import type { Problem } from './problem.js';

/** A change of one letter, with what it changes to first order. */
export interface Substitution {
  position: number;
  /** Code of the new letter. */
  letter: number;
  /** `g[i, a] - g[i, x_i]`: first-order change of the loss whose gradient g is. */
  change: number;
}

/**
 * All changes of one letter that the mask allows, most promising (lowest) first; ties by position, then letter. The
 * mutation budget is not looked at: {@link applySubstitutions} keeps it.
 * @param gradient [L x A] gradient at the one-hot sequence
 */
export function rankSubstitutions(
  problem: Problem,
  sequence: Sequence,
  gradient: ArrayLike<number>,
): Substitution[] {
  const A = problem.alphabet.size;
  const found: Substitution[] = [];
  for (const position of problem.designable) {
    const here = gradient[position * A + sequence[position]];
    for (let letter = 0; letter < A; letter++) {
      if (letter === sequence[position] || problem.mask[position * A + letter] !== 1) continue;
      found.push({ position, letter, change: gradient[position * A + letter] - here });
    }
  }
  return found.sort((a, b) => a.change - b.change || a.position - b.position || a.letter - b.letter);
}

/**
 * A feasible sequence with the substitutions made. Where they exceed the mutation budget, other mutated positions go back
 * to the base's letter, those first whose way back costs least to first order; null where none is left to go back.
 * @param base where mutations count from (`problem.budgetBase(start)`)
 * @param gradient [L x A], prices the way back
 */
export function applySubstitutions(
  problem: Problem,
  base: Sequence | null,
  sequence: Sequence,
  substitutions: readonly Pick<Substitution, 'position' | 'letter'>[],
  gradient: ArrayLike<number>,
): Sequence | null {
  const next = sequence.slice();
  for (const { position, letter } of substitutions) next[position] = letter;
  if (base === null || problem.budget === null) return next;
  let excess = mutationsFrom(base, next) - problem.budget.max;
  if (excess <= 0) return next;
  const kept = new Set(substitutions.map(({ position }) => position));
  for (const position of waysBack(problem, base, next, gradient)) {
    if (kept.has(position)) continue;
    next[position] = base[position];
    if (--excess === 0) return next;
  }
  return null;
}

function mutationsFrom(base: Sequence, sequence: Sequence): number {
  let count = 0;
  for (let i = 0; i < base.length; i++) if (sequence[i] !== base[i]) count++;
  return count;
}

/** Mutated positions whose base letter is allowed, cheapest way back first. */
function waysBack(
  problem: Problem,
  base: Sequence,
  sequence: Sequence,
  gradient: ArrayLike<number>,
): number[] {
  const A = problem.alphabet.size;
  const cost = (i: number) => gradient[i * A + base[i]] - gradient[i * A + sequence[i]];
  return problem.designable
    .filter((i) => sequence[i] !== base[i] && problem.mask[i * A + base[i]] === 1)
    .sort((a, b) => cost(a) - cost(b) || a - b);
}

/** The best substitutions at up to `count` different positions, in their order. */
export function atDistinctPositions(ranked: readonly Substitution[], count: number): Substitution[] {
  const taken = new Set<number>();
  const chosen: Substitution[] = [];
  for (const substitution of ranked) {
    if (chosen.length === count) break;
    if (taken.has(substitution.position)) continue;
    taken.add(substitution.position);
    chosen.push(substitution);
  }
  return chosen;
}
