import type { Random } from '../../core/random.js';
import { dealFolds } from './groups.js';

/** Rows to learn from and rows to ask for. */
export interface Part {
  train: Uint32Array;
  test: Uint32Array;
}

/** How a candidate is examined. */
export interface Examination {
  /** Grouped folds: every row is asked for once, by a fit that saw none of its group. */
  folds: Part[];
  /** Fold of each row. */
  foldOfRow: Uint8Array;
  /** Low to high: learn from the lower rows, ask for the upper ones, as a design run does. */
  beyond: Part;
}

/** Share of the rows that the low-to-high part learns from. */
export const LOWER_SHARE = 0.7;

/**
 * Divides rows into grouped folds and a low-to-high part.
 * @param scores [N], any monotone scale
 * @param groups group of each row, never divided between folds
 */
export function divideRows(
  scores: ArrayLike<number>,
  groups: Uint32Array,
  random: Random,
  folds = 5,
): Examination {
  const n = scores.length;
  const count = Math.max(2, Math.min(folds, new Set(groups).size));
  const foldOfRow = dealFolds(groups, count, random);
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => scores[a] - scores[b] || a - b);
  const cut = Math.min(n - 1, Math.max(2, Math.round(LOWER_SHARE * n)));
  return {
    foldOfRow,
    folds: Array.from({ length: count }, (_, fold) => ({
      train: rowsWhere(n, (row) => foldOfRow[row] !== fold),
      test: rowsWhere(n, (row) => foldOfRow[row] === fold),
    })),
    beyond: { train: order.slice(0, cut).sort(), test: order.slice(cut).sort() },
  };
}

function rowsWhere(n: number, keep: (row: number) => boolean): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => i).filter(keep);
}
