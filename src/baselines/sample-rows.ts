import type { MeasuredSet } from '../design/method.js';
import type { Random } from '../core/random.js';

/**
 * At most `limit` rows of a measured set, for models whose cost grows with the cube of the rows: the best half of them, and
 * the rest drawn at random from the others, in the order of the table.
 */
export function sampleRows({ sequences, y }: MeasuredSet, limit: number, random: Random): MeasuredSet {
  if (sequences.length <= limit) return { sequences, y };
  const order = Array.from(y, (_, row) => row).sort((a, b) => y[b] - y[a] || a - b);
  const best = Math.ceil(limit / 2);
  const others = random.shuffle(order.slice(best)).slice(0, limit - best);
  const rows = [...order.slice(0, best), ...others].sort((a, b) => a - b);
  return {
    sequences: rows.map((row) => sequences[row]),
    y: Float64Array.from(rows, (row) => y[row]),
  };
}
