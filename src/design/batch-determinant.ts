/**
 * Greedy maximisation of the determinant of `q_i q_j S_ij` over sets of `count` items (Chen, Zhang and Zhou, NeurIPS 2018,
 * algorithm 1): each step takes the item that multiplies the determinant most, by `q_i^2 d_i^2`, where `d_i^2` is what is
 * left of S_ii after projecting out the items taken. O(count^2 n) time, O(count n) memory. Ties go to the earlier item.
 * @param logQuality log q, [n]
 * @param similarity S, positive semidefinite with ones on the diagonal
 */
export function greedyDeterminant(
  logQuality: readonly number[],
  similarity: (i: number, j: number) => number,
  count: number,
): number[] {
  const n = logQuality.length;
  const left = new Float64Array(n).fill(1);
  /** Rows of the incremental Cholesky factor, one for each item taken. */
  const rows: Float64Array[] = [];
  const taken = new Uint8Array(n);
  const chosen: number[] = [];
  while (chosen.length < count) {
    let top = -1;
    let topGain = -Infinity;
    for (let i = 0; i < n; i++) {
      if (taken[i] === 1) continue;
      const gain = 2 * logQuality[i] + Math.log(left[i]);
      if (top >= 0 && gain <= topGain) continue;
      [top, topGain] = [i, gain];
    }
    chosen.push(top);
    taken[top] = 1;
    rows.push(projectOut(top, similarity, rows, left, taken));
  }
  return chosen;
}

/** Smallest share of an item that is taken to be left; below, rounding decides. */
const FLOOR = 1e-12;

function projectOut(
  top: number,
  similarity: (i: number, j: number) => number,
  rows: readonly Float64Array[],
  left: Float64Array,
  taken: Uint8Array,
): Float64Array {
  const root = Math.sqrt(left[top]);
  const row = new Float64Array(left.length);
  for (let i = 0; i < left.length; i++) {
    if (taken[i] === 1) continue;
    let rest = similarity(top, i);
    for (const earlier of rows) rest -= earlier[top] * earlier[i];
    row[i] = rest / root;
    left[i] = Math.max(FLOOR, left[i] - row[i] * row[i]);
  }
  return row;
}
