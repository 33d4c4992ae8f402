import type { Sequence } from '../core/alphabet.js';
import { InfeasibleError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { Start } from './method.js';
import type { Problem } from './problem.js';
import { decodeLogits, startLogits, startNoise } from './relaxation.js';
import { sequenceKey } from './sequence-key.js';

/**
 * The measured sequences that candidates start at: the best that keep every constraint, by score and then by row; where
 * they are too few, the best of the others, from which a candidate moves into the constraints at once. Each distinct
 * sequence starts once, so there may be fewer than `count`.
 * @throws InfeasibleError when no measured sequence can be a start
 */
export function chooseStarts(
  problem: Problem,
  sequences: readonly Sequence[],
  scores: ArrayLike<number>,
  count: number,
): Start[] {
  const usable = sequences
    .map((sequence, row) => ({ row, sequence }))
    .filter(({ sequence }) => problem.canStart(sequence))
    .sort((a, b) => scores[b.row] - scores[a.row] || a.row - b.row);
  const inside = usable.filter(({ sequence }) => problem.allows(sequence, sequence));
  const outside = usable.filter(({ sequence }) => !problem.allows(sequence, sequence));
  const starts = firstOfEach([...inside, ...outside], count);
  if (starts.length > 0) return starts;
  throw new InfeasibleError({
    what: 'no measured sequence can be a start: each needs more mutations than allowed to keep the constraints',
    expected: `a measured sequence of ${problem.length} letters within ${problem.budget?.max ?? problem.length} mutations of the constraints`,
    got: 'none',
    fix: 'Allow more mutations, or the letters that the measured sequences hold.',
  });
}

function firstOfEach(ranked: readonly Start[], count: number): Start[] {
  const seen = new Set<string>();
  const starts: Start[] = [];
  for (const start of ranked) {
    if (starts.length === count) break;
    const key = sequenceKey(start.sequence);
    if (seen.has(key)) continue;
    seen.add(key);
    starts.push(start);
  }
  return starts;
}

/** The start's own sequence or, where that breaks the constraints, one near it that keeps them. */
export function feasibleStart(problem: Problem, start: Sequence, random: Random): Sequence {
  if (problem.allows(start, start)) return start;
  const noise = startNoise(random, problem.length, problem.alphabet.size);
  return decodeLogits(problem, startLogits(problem, start, noise), problem.budgetBase(start));
}
