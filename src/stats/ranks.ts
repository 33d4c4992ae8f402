import { requireFinite, type Values } from './check.js';

/** The indices of the values from the smallest to the largest; ties keep their order. */
export function ascendingOrder(values: Values): Uint32Array {
  return Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => values[a] - values[b] || a - b,
  );
}

/** The indices of the values from the largest to the smallest; ties keep their order. */
export function descendingOrder(values: Values): Uint32Array {
  return Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => values[b] - values[a] || a - b,
  );
}

/** Ranks from 1 (the smallest); tied values share the mean of their ranks. */
export function averageRanks(values: Values): Float64Array {
  requireFinite(values, 'averageRanks');
  const order = ascendingOrder(values);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) ranks[order[i]] = rank;
    start = end;
  }
  return ranks;
}

/** The number of pairs of equal entries. */
export function tiedPairs(values: Values): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < values.length; i++) {
    // -0 and 0 are equal numbers and, as keys of a Map, one key
    counts.set(values[i], (counts.get(values[i]) ?? 0) + 1);
  }
  let pairs = 0;
  for (const count of counts.values()) pairs += (count * (count - 1)) / 2;
  return pairs;
}
