import { requirePaired, type Values } from './check.js';
import { mean } from './descriptive.js';
import { averageRanks, tiedPairs } from './ranks.js';

/** Pearson's correlation; NaN where one side is constant. */
export function pearson(a: Values, b: Values): number {
  requirePaired(a, b, 'pearson');
  const [centreA, centreB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [a[i] - centreA, b[i] - centreB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Spearman's rank correlation, ties by average ranks; NaN where one side is constant. */
export function spearman(a: Values, b: Values): number {
  requirePaired(a, b, 'spearman');
  return pearson(averageRanks(a), averageRanks(b));
}

/**
 * Kendall's tau-b, `(C - D) / sqrt((n0 - n1)(n0 - n2))`, with C and D the concordant and discordant pairs, n0 all pairs,
 * n1 and n2 the pairs tied on each side. In O(n log n) (Knight, J. Am. Stat. Assoc. 1966). NaN where one side is constant.
 */
export function kendallTauB(a: Values, b: Values): number {
  requirePaired(a, b, 'kendallTauB');
  const n = a.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i] - a[j] || b[i] - b[j]);
  const sorted = Float64Array.from(order, (i) => b[i]);
  const discordant = countInversions(sorted, new Float64Array(n), 0, n);
  const all = (n * (n - 1)) / 2;
  const [tiedA, tiedB, tiedBoth] = [tiedPairs(a), tiedPairs(b), jointlyTiedPairs(a, b, order)];
  const concordantLessDiscordant = all - tiedA - tiedB + tiedBoth - 2 * discordant;
  return concordantLessDiscordant / Math.sqrt(all - tiedA) / Math.sqrt(all - tiedB);
}

/** Pairs of `values[from..to)` in the wrong order, by merge sort; `values` ends up sorted. */
function countInversions(values: Float64Array, buffer: Float64Array, from: number, to: number): number {
  if (to - from < 2) return 0;
  const middle = (from + to) >> 1;
  let count = countInversions(values, buffer, from, middle) + countInversions(values, buffer, middle, to);
  let [left, right] = [from, middle];
  for (let at = from; at < to; at++) {
    if (left < middle && (right >= to || values[left] <= values[right])) buffer[at] = values[left++];
    else {
      buffer[at] = values[right++];
      count += middle - left;
    }
  }
  values.set(buffer.subarray(from, to), from);
  return count;
}

/** Pairs equal in both lists. @param order sorts by a, then by b */
function jointlyTiedPairs(a: Values, b: Values, order: Uint32Array): number {
  let pairs = 0;
  let run = 0;
  for (let i = 1; i < order.length; i++) {
    const [previous, current] = [order[i - 1], order[i]];
    run = a[previous] === a[current] && b[previous] === b[current] ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}
