import { hammingDistance } from '../../core/alphabet.js';
import type { Sequence } from '../../core/alphabet.js';
import type { SequenceKernel } from './pair-kernel.js';

/**
 * `k(x, z) = r^d`, d the number of positions where x and z differ: the letters of all positions together, with effects of
 * every order, the higher the weaker. It is multilinear in the letters: a product over positions of 1 where they agree and r
 * where they do not.
 * @param rate r, from 0 to 1
 * @param positions 0-based, distinct
 * @param fixed z_l
 */
export function neighbourKernel(
  rate: number,
  alphabetSize: number,
  positions: readonly number[],
  fixed: readonly Sequence[],
): SequenceKernel {
  const powers = Float64Array.from({ length: positions.length + 1 }, (_, d) => rate ** d);
  const m = fixed.length;
  const letters = positions.map((position) => Uint8Array.from(fixed, (z) => z[position]));
  const distances = new Uint16Array(m);
  const measure = (sequence: Sequence) => {
    distances.fill(0);
    positions.forEach((position, i) => {
      const own = sequence[position];
      const column = letters[i];
      for (let l = 0; l < m; l++) if (column[l] !== own) distances[l]++;
    });
  };
  return {
    write(sequence, out, offset) {
      measure(sequence);
      for (let l = 0; l < m; l++) out[offset + l] = powers[distances[l]];
    },
    own: () => 1,
    pullBack(sequence, u, gradient, at) {
      measure(sequence);
      positions.forEach((position, i) => {
        const own = sequence[position];
        const to = at + position * alphabetSize;
        const column = letters[i];
        let all = 0;
        for (let l = 0; l < m; l++) {
          // what the other positions make of it
          const others = u[l] * powers[distances[l] - (column[l] === own ? 0 : 1)];
          all += others * rate;
          gradient[to + column[l]] += others * (1 - rate);
        }
        for (let a = 0; a < alphabetSize; a++) gradient[to + a] += all;
      });
    },
  };
}

/**
 * The rate at which the kernel falls to 1/e over half the typical distance of two measured sequences (the median of all
 * pairs, whatever their order), at least over one position.
 */
export function neighbourRate(positions: readonly number[], rows: readonly Sequence[]): number {
  const letters = rows.map((row) => Uint8Array.from(positions, (position) => row[position]));
  // distances are few and pairs are many: how often each occurs tells the median
  const counts = new Uint32Array(positions.length + 1);
  letters.forEach((a, i) => {
    for (let j = 0; j < i; j++) counts[hammingDistance(a, letters[j])]++;
  });
  const typical = upperMedianOfCounts(counts) ?? 1;
  return Math.exp(-1 / Math.max(1, typical / 2));
}

/** The upper median of whole numbers, of each how often it occurs; null where there are none. */
function upperMedianOfCounts(counts: Uint32Array): number | null {
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let seen = 0;
  for (let value = 0; value < counts.length; value++) {
    seen += counts[value];
    if (seen > half) return value;
  }
  return null;
}
