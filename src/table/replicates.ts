import type { Sequence } from '../core/alphabet.js';
import { count, plural } from './faults.js';
import type { MeasuredRow } from './table.js';

/** One row of the file, after checking. */
export interface Measurement {
  id: string;
  line: number;
  sequence: Sequence;
  score: number;
}

interface Group {
  first: Measurement;
  others: Measurement[];
}

/** A string that is the same for the same sequence. */
function keyOf({ buffer, byteOffset, length }: Sequence): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}

/** Groups in order of first appearance. */
function group(measurements: readonly Measurement[]): Group[] {
  const groups = new Map<string, Group>();
  for (const measurement of measurements) {
    const key = keyOf(measurement.sequence);
    const known = groups.get(key);
    if (known) known.others.push(measurement);
    else groups.set(key, { first: measurement, others: [] });
  }
  return [...groups.values()];
}

function average({ first, others }: Group): MeasuredRow {
  const { id, line, sequence } = first;
  if (others.length === 0) return { id, line, sequence, score: first.score, replicates: 1, spread: null };
  const scores = [first.score, ...others.map(({ score }) => score)];
  // Around the first score, so that equal scores average to themselves exactly.
  const mean = first.score + scores.reduce((sum, score) => sum + (score - first.score), 0) / scores.length;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  const spread = Math.sqrt(squares / (scores.length - 1));
  return { id, line, sequence, score: mean, replicates: scores.length, spread };
}

/** The two measurements of a group that lie furthest apart. */
function extremes({ first, others }: Group): [Measurement, Measurement] {
  let low = first;
  let high = first;
  for (const measurement of others) {
    if (measurement.score < low.score) low = measurement;
    if (measurement.score > high.score) high = measurement;
  }
  return low.line < high.line ? [low, high] : [high, low];
}

/** How many repeats there were, and which disagree most. */
function describeRepeats(groups: readonly Group[]): string[] {
  const repeated = groups.filter(({ others }) => others.length > 0);
  if (repeated.length === 0) return [];
  const rows = repeated.reduce((sum, { others }) => sum + others.length + 1, 0);
  const notes = [
    `${plural(repeated.length, 'sequence')} measured more than once (${plural(rows, 'row')}), averaged`,
  ];
  const differing = repeated
    .map(extremes)
    .map(([a, b]) => ({ a, b, gap: Math.abs(a.score - b.score) }))
    .filter(({ gap }) => gap > 0)
    .sort((x, y) => y.gap - x.gap || x.a.line - y.a.line);
  if (differing.length > 0) {
    const shown = differing
      .slice(0, 3)
      .map(({ a, b }) => `lines ${a.line} and ${b.line}: ${a.score} and ${b.score}`);
    notes.push(
      `${count(differing.length)} of them with different scores, furthest apart: ${shown.join('; ')}`,
    );
  }
  return notes;
}

/** Averages the rows of each sequence and keeps their spread; says what was repeated and what contradicts itself. */
export function mergeReplicates(measurements: readonly Measurement[]): {
  rows: MeasuredRow[];
  notes: string[];
} {
  const groups = group(measurements);
  return { rows: groups.map(average), notes: describeRepeats(groups) };
}
