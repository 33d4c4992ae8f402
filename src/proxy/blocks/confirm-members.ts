import type { CollapsedRows } from '../evidence/groups.js';
import { dealFolds } from '../evidence/groups.js';
import type { Random } from '../../core/random.js';
import { pearson } from '../../stats/index.js';
import { dot } from '../linear-algebra.js';

/** Tables with fewer rows than this have none to spare. */
const LEAST_ROWS = 3000;
/** Held-out rows at most: enough to tell correlations .02 apart. */
const MOST_HELD = 2000;
const SHARE = 10;

/** Whether a table of so many rows spares some, where `chosenBy` of them chose the candidates. */
export function sparesRows(rows: number, chosenBy: number): boolean {
  return rows >= LEAST_ROWS && chosenBy < rows;
}

/**
 * Rows that a large table spares to confirm its candidates, which a small sample of its rows chose: whole groups, a tenth of
 * the rows, at most 2,000; none of a small table, or where all rows chose.
 * @param groups near-duplicate group of each row, never divided
 */
export function sparedRows(
  { sequences }: CollapsedRows,
  chosenBy: number,
  groups: Uint32Array,
  random: Random,
): Uint32Array {
  const n = sequences.length;
  if (!sparesRows(n, chosenBy)) return new Uint32Array(0);
  const parts = Math.max(SHARE, Math.ceil(n / MOST_HELD));
  const foldOfRow = dealFolds(groups, parts, random);
  return Uint32Array.from({ length: n }, (_, row) => row).filter((row) => foldOfRow[row] === 0);
}

/** Features of spared rows and their scores in the user's units. */
export interface SparedRows {
  /** [n x D] */
  phi: Float64Array;
  scores: Float64Array;
}

/**
 * The heads whose predictions of the spared rows correlate with the scores about as well as the best one's: within one
 * standard error of its correlation, `(1 - r^2) / sqrt(n)`.
 * @param heads weights of each candidate, [D]
 * @returns indices of the heads, ascending, and each head's correlation
 */
export function confirmHeads(heads: readonly Float64Array[], { phi, scores }: SparedRows) {
  const n = scores.length;
  const D = phi.length / n;
  const correlations = heads.map((weights) => {
    const predicted = Float64Array.from({ length: n }, (_, i) =>
      dot(weights, phi.subarray(i * D, (i + 1) * D)),
    );
    const r = pearson(predicted, scores);
    return Number.isFinite(r) ? r : 0;
  });
  const best = correlations.reduce((a, b) => Math.max(a, b));
  const least = best - (1 - best ** 2) / Math.sqrt(n);
  return {
    correlations,
    kept: correlations.map((_, h) => h).filter((h) => correlations[h] >= least),
  };
}
