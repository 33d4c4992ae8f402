import { shuffler } from 'd3-array';
import { randomNormal } from 'd3-random';
import seedrandom from 'seedrandom';

/**
 * A seeded source of every random draw. `fork(name)` gives an independent stream whose draws do not depend on how
 * many were taken from this one, so that adding a draw in one place never moves another.
 */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Shuffles in place (Fisher-Yates) and returns the array. */
  shuffle<T>(items: T[]): T[];
  fork(name: string | number): Random;
}

/** A generator from a seed; the same seed gives the same draws on every machine. */
export function createRandom(seed: string | number): Random {
  const generator = seedrandom(String(seed));
  const uniform = () => generator();
  const normal = randomNormal.source(uniform)(0, 1);
  const shuffle = shuffler(uniform);
  return {
    uniform,
    normal,
    integer: (n) => Math.floor(uniform() * n),
    shuffle: (items) => shuffle(items),
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}
