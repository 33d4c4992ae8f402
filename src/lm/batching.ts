/** Padded tokens of one run: where onnxruntime's matrix products are most efficient, and memory stays small. */
export const TOKENS_PER_RUN = 512;
/** Padded lengths are multiples of it. */
const LENGTH_MULTIPLE = 4;

/** Rows that are run together. */
export interface BatchPlan {
  /** Indices of the rows. */
  readonly rows: readonly number[];
  /** Padded length T. */
  readonly length: number;
  /** Rows of the run's tensors, B; those without a row repeat the first. */
  readonly size: number;
}

/**
 * Plans runs of fixed shapes. The shape that a row is run in, [B x T], depends on its own length alone (never on which
 * other rows are missing from a memo, on free memory or on how a table is cut), because onnxruntime's sums may depend
 * on it in the last digit.
 * @param tokenCounts tokens of each row
 * @param copies rows of the graph's widest part for each row of the batch
 */
export function planBatches(tokenCounts: readonly number[], copies = 1): BatchPlan[] {
  const byLength = new Map<number, number[]>();
  tokenCounts.forEach((count, row) => {
    const length = Math.ceil(count / LENGTH_MULTIPLE) * LENGTH_MULTIPLE;
    const rows = byLength.get(length);
    if (rows) rows.push(row);
    else byLength.set(length, [row]);
  });
  const plans: BatchPlan[] = [];
  for (const [length, rows] of byLength) {
    const size = Math.max(1, Math.floor(TOKENS_PER_RUN / (length * copies)));
    for (let at = 0; at < rows.length; at += size)
      plans.push({ rows: rows.slice(at, at + size), length, size });
  }
  return plans;
}

/** Runs a task for each item with a bounded number in flight; stops at the first failure. */
export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) await task(items[next++]);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}
