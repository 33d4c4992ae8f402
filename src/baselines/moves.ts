import type { Sequence } from '../core/alphabet.js';
import { hammingDistance } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import type { Problem } from '../design/problem.js';

/** Codes of the letters allowed at a position. */
export function allowedLetters({ mask, alphabet }: Problem, position: number): number[] {
  const A = alphabet.size;
  return Array.from({ length: A }, (_, a) => a).filter((a) => mask[position * A + a] === 1);
}

/**
 * Takes mutations back, drawn at random among those that can be, until the budget holds.
 * @param base where mutations count from (`problem.budgetBase(start)`)
 * @param sequence changed in place; allowed letter by letter
 */
export function keepBudget(
  problem: Problem,
  base: Sequence | null,
  sequence: Sequence,
  random: Random,
): Sequence {
  if (base === null || problem.budget === null) return sequence;
  const excess = hammingDistance(base, sequence) - problem.budget.max;
  if (excess <= 0) return sequence;
  const A = problem.alphabet.size;
  const optional = problem.designable.filter(
    (i) => sequence[i] !== base[i] && problem.mask[i * A + base[i]] === 1,
  );
  for (const position of random.shuffle(optional).slice(0, excess)) sequence[position] = base[position];
  return sequence;
}

/**
 * A random mutant: every designable position changes with the same probability, `mutations` in the mean, to another
 * allowed letter; then the budget is kept.
 * @param parent feasible
 */
export function mutate(
  problem: Problem,
  base: Sequence | null,
  parent: Sequence,
  mutations: number,
  random: Random,
): Sequence {
  const rate = mutations / problem.designable.length;
  const child = parent.slice();
  for (const position of problem.designable) {
    if (random.uniform() >= rate) continue;
    const others = allowedLetters(problem, position).filter((letter) => letter !== parent[position]);
    if (others.length > 0) child[position] = others[random.integer(others.length)];
  }
  return keepBudget(problem, base, child, random);
}

/**
 * Two children that share out their parents' letters: reading along the sequence, they change sides with probability
 * `rate` before each letter (Sinai et al., 2020).
 */
export function recombine(
  one: Sequence,
  other: Sequence,
  rate: number,
  random: Random,
): [Sequence, Sequence] {
  const [a, b] = [one.slice(), other.slice()];
  let switched = false;
  for (let i = 0; i < one.length; i++) {
    if (random.uniform() < rate) switched = !switched;
    if (switched) [a[i], b[i]] = [other[i], one[i]];
  }
  return [a, b];
}

/** Draws feasible sequences uniformly; see {@link createSampler}. */
export type Sampler = (random: Random) => Sequence;

/**
 * A uniform sampler of the sequences that the constraints allow from one start (measured or not). With a mutation budget
 * the draw goes position by position, each letter with the share of sequences that go on from it, counted in logarithms
 * because a protein's counts exceed float64.
 */
export function createSampler(problem: Problem, start: Sequence): Sampler {
  const letters = Array.from({ length: problem.length }, (_, i) => allowedLetters(problem, i));
  const base = problem.budgetBase(start);
  if (base === null || problem.budget === null)
    return (random) => Uint8Array.from(letters, (list) => list[random.integer(list.length)]);
  const { max } = problem.budget;
  const counts = logCounts(letters, base, max);
  return (random) => {
    let left = max;
    return Uint8Array.from(letters, (list, i) => {
      const keep = list.includes(base[i]) ? counts[i + 1][left] : -Infinity;
      const others = list.filter((letter) => letter !== base[i]);
      const change =
        left > 0 && others.length > 0 ? Math.log(others.length) + counts[i + 1][left - 1] : -Infinity;
      if (Math.log(random.uniform()) >= change - logSum(keep, change)) return base[i];
      left--;
      return others[random.integer(others.length)];
    });
  };
}

/** `counts[i][k]`: log of the number of ways to write positions i and on with at most k mutations from the base. */
function logCounts(letters: readonly (readonly number[])[], base: Sequence, max: number): Float64Array[] {
  const counts = Array.from({ length: letters.length + 1 }, () => new Float64Array(max + 1));
  for (let i = letters.length - 1; i >= 0; i--) {
    const kept = letters[i].includes(base[i]);
    const others = letters[i].length - (kept ? 1 : 0);
    for (let k = 0; k <= max; k++) {
      const keep = kept ? counts[i + 1][k] : -Infinity;
      const change = k > 0 && others > 0 ? Math.log(others) + counts[i + 1][k - 1] : -Infinity;
      counts[i][k] = logSum(keep, change);
    }
  }
  return counts;
}

function logSum(a: number, b: number): number {
  const top = Math.max(a, b);
  return top === -Infinity ? -Infinity : top + Math.log(Math.exp(a - top) + Math.exp(b - top));
}
