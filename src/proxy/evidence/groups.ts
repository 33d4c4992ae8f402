import type { Alphabet, Sequence } from '../../core/alphabet.js';
import { hammingDistance } from '../../core/alphabet.js';
import { canonicalStrand } from '../../core/dna.js';
import type { Random } from '../../core/random.js';
import { sequenceKey } from '../../core/sequence-key.js';

/** Measured rows with equivalent sequences put together. */
export interface CollapsedRows {
  /** One representative of each class of equivalent sequences, in the order of first appearance. */
  sequences: Sequence[];
  /** Mean score of the class. */
  scores: Float64Array;
  /** Class of each original row. */
  classOfRow: Uint32Array;
  /** Whether a sequence and its reverse complement count as one. */
  bothStrands: boolean;
}

/** Share of reverse-complement twins that must agree for the strands to count as one. */
const AGREE = 0.9;
/** Fewer twins than this say nothing. */
const ENOUGH_TWINS = 8;

/**
 * Puts rows of the same genotype together and, where the table's own twins show that both strands share one score, also
 * each sequence and its reverse complement: twins would otherwise tell a fold its answers and count twice in the
 * evidence.
 */
export function collapseRows(
  alphabet: Alphabet,
  sequences: readonly Sequence[],
  scores: ArrayLike<number>,
): CollapsedRows {
  const same = collapse(sequences, scores, (sequence) => sequence);
  if (alphabet.name !== 'dna' || !strandsAgree(same)) return { ...same, bothStrands: false };
  return { ...collapse(sequences, scores, canonicalStrand), bothStrands: true };
}

function collapse(
  sequences: readonly Sequence[],
  scores: ArrayLike<number>,
  representative: (sequence: Sequence) => Sequence,
): Omit<CollapsedRows, 'bothStrands'> {
  const classes = new Map<string, number>();
  const kept: Sequence[] = [];
  const sums: number[] = [];
  const counts: number[] = [];
  const classOfRow = Uint32Array.from(sequences, (sequence, row) => {
    const shown = representative(sequence);
    const key = sequenceKey(shown);
    const known = classes.get(key) ?? kept.length;
    if (known === kept.length) {
      classes.set(key, known);
      kept.push(shown);
      sums.push(0);
      counts.push(0);
    }
    sums[known] += scores[row];
    counts[known]++;
    return known;
  });
  return { sequences: kept, scores: Float64Array.from(sums, (sum, i) => sum / counts[i]), classOfRow };
}

/** Whether rows whose reverse complement was measured too have the same score as it, up to 1 % of the spread. */
function strandsAgree({ sequences, scores }: Omit<CollapsedRows, 'bothStrands'>): boolean {
  const rows = new Map(sequences.map((sequence, row) => [sequenceKey(sequence), row]));
  const spread = standardDeviation(scores);
  let [twins, agreeing] = [0, 0];
  sequences.forEach((sequence, row) => {
    const canonical = canonicalStrand(sequence);
    if (canonical === sequence) return;
    const twin = rows.get(sequenceKey(canonical));
    if (twin === undefined) return;
    twins++;
    if (Math.abs(scores[row] - scores[twin]) <= 0.01 * spread) agreeing++;
  });
  return twins >= ENOUGH_TWINS && agreeing >= AGREE * twins;
}

function standardDeviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/**
 * Groups of near-duplicates, which must not be divided between folds: sequences of one length that differ in at most a
 * tenth of the median distance of two rows (nothing for libraries of close mutants, where that is below one letter), and
 * whatever such links connect.
 * @returns group number of each sequence
 */
export function nearDuplicateGroups(sequences: readonly Sequence[], random: Random): Uint32Array {
  const parent = Uint32Array.from(sequences, (_, i) => i);
  const find = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]];
      i = parent[i];
    }
    return i;
  };
  const limit = Math.floor(medianDistance(sequences, random) / 10);
  if (limit >= 1) {
    forEachClosePair(sequences, limit, (i, j) => {
      parent[find(i)] = find(j);
    });
  }
  return parent.map((_, i) => find(i));
}

function medianDistance(sequences: readonly Sequence[], random: Random): number {
  const distances: number[] = [];
  for (let draw = 0; draw < 500; draw++) {
    const a = sequences[random.integer(sequences.length)];
    const b = sequences[random.integer(sequences.length)];
    if (a !== b && a.length === b.length) distances.push(hammingDistance(a, b));
  }
  return distances.sort((a, b) => a - b)[distances.length >> 1] ?? 0;
}

/**
 * Pairs of sequences of one length within a Hamming distance: of `limit + 1` segments of the sequence at least one must
 * agree, so only sequences that share a segment are compared.
 */
function forEachClosePair(
  sequences: readonly Sequence[],
  limit: number,
  visit: (i: number, j: number) => void,
): void {
  for (let segment = 0; segment <= limit; segment++) {
    const buckets = new Map<string, number[]>();
    sequences.forEach((sequence, i) => {
      const L = sequence.length;
      const from = Math.floor((segment * L) / (limit + 1));
      const to = Math.floor(((segment + 1) * L) / (limit + 1));
      const key = `${L}/${sequenceKey(sequence.subarray(from, to))}`;
      const bucket = buckets.get(key);
      if (bucket) bucket.push(i);
      else buckets.set(key, [i]);
    });
    for (const bucket of buckets.values()) {
      // a segment that a thousand rows share is a constant region; another segment will tell them apart
      if (bucket.length > 1000) continue;
      bucket.forEach((i, at) => {
        for (const j of bucket.slice(at + 1))
          if (hammingDistance(sequences[i], sequences[j]) <= limit) visit(i, j);
      });
    }
  }
}

/**
 * Deals groups to folds at random, the largest first, each to the fold that has the fewest rows.
 * @returns fold of each row
 */
export function dealFolds(groups: Uint32Array, folds: number, random: Random): Uint8Array {
  const members = new Map<number, number[]>();
  groups.forEach((group, row) => {
    const rows = members.get(group);
    if (rows) rows.push(row);
    else members.set(group, [row]);
  });
  const shuffled = random.shuffle([...members.values()]).sort((a, b) => b.length - a.length);
  const sizes = new Uint32Array(folds);
  const fold = new Uint8Array(groups.length);
  for (const rows of shuffled) {
    const smallest = sizes.indexOf(Math.min(...sizes));
    for (const row of rows) fold[row] = smallest;
    sizes[smallest] += rows.length;
  }
  return fold;
}
