import type { Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { sequenceKey } from '../design/sequence-key.js';
import { ascendingOrder } from '../stats/ranks.js';
import { median } from '../stats/descriptive.js';
import type { MeasuredRule } from './definition.js';
import type { Landscape, ScoredRows } from './task.js';

/**
 * The rows that a task gives as measured.
 *
 * - `random: n`: n rows drawn without replacement, in the order of the table.
 * - `lowest: n`: the n rows with the lowest scores, ascending; among equal scores the earlier row.
 * - `lowerHalf`: all rows with a score up to (`inclusive`) or below (`exclusive`) the median of all rows, ascending.
 * - `sampled: n`: n distinct sequences of the formula's own distribution, as they come.
 *
 * @param random is used by `random` and `sampled` only
 * @throws InputError where there are fewer rows than asked for
 */
export function measuredRows(landscape: Landscape, rule: MeasuredRule, random: Random): ScoredRows {
  if ('sampled' in rule) return sampleDistinct(landscape, rule.sampled, random);
  const rows = landscape.rows!;
  const total = rows.sequences.length;
  if ('random' in rule) return pick(rows, drawRows(total, requireFewer(rule.random, total), random));
  const order = ascendingOrder(rows.scores);
  if ('lowest' in rule) return pick(rows, order.subarray(0, requireFewer(rule.lowest, total)));
  const middle = median(rows.scores);
  const inside = (score: number) => (rule.lowerHalf === 'inclusive' ? score <= middle : score < middle);
  const lower = order.filter((row) => inside(rows.scores[row]));
  return pick(rows, lower.subarray(0, requireFewer(lower.length, total)));
}

/** At least two rows are needed to learn, and one must be left to find. */
function requireFewer(count: number, total: number): number {
  if (count >= 2 && count < total) return count;
  throw new InputError({
    what: 'the task cannot measure so many rows of its table',
    expected: `from 2 to ${total - 1}`,
    got: `${count}`,
  });
}

function pick({ sequences, scores }: ScoredRows, rows: ArrayLike<number>): ScoredRows {
  const indices = Array.from(rows);
  return {
    sequences: indices.map((row) => sequences[row]),
    scores: Float64Array.from(indices, (row) => scores[row]),
  };
}

/** `count` of the numbers below `total`, ascending: the first draws of a Fisher-Yates shuffle. */
export function drawRows(total: number, count: number, random: Random): Uint32Array {
  const rows = Uint32Array.from({ length: total }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(total - i);
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  return rows.slice(0, count).sort();
}

/** Draws that bring nothing new before the formula is taken to have no more sequences. */
const FRUITLESS = 10_000;

function sampleDistinct({ sample, score }: Landscape, count: number, random: Random): ScoredRows {
  const found = new Map<string, Sequence>();
  for (let fruitless = 0; found.size < count; fruitless++) {
    if (fruitless > FRUITLESS) {
      throw new InputError({
        what: 'the function has too few feasible sequences',
        expected: `${count} to measure`,
        got: `${found.size}`,
      });
    }
    const sequence = sample!(random);
    const key = sequenceKey(sequence);
    if (found.has(key)) continue;
    found.set(key, sequence);
    fruitless = -1;
  }
  const sequences = [...found.values()];
  return { sequences, scores: Float64Array.from(sequences, (sequence) => score(sequence)!) };
}
