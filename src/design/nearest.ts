import type { Sequence } from '../core/alphabet.js';

/** The measured sequence nearest to a design. */
export interface Nearest {
  /** Index of the measured row; the first of those that are equally near. */
  row: number;
  /** Hamming distance. */
  distance: number;
}

/** Finds nearest measured sequences by Hamming distance. */
export interface NearestIndex {
  /** null where no measured sequence has the same length. */
  find(sequence: Sequence): Nearest | null;
}

/** Letters packed into one 32-bit word. */
const PACKED = 4;

/**
 * An index over the measured sequences. Only positions at which they differ are compared, four letters at a time, and a
 * row is left as soon as it is no better than the best; positions at which all agree are counted once.
 */
export function createNearestIndex(measured: readonly Sequence[]): NearestIndex {
  const byLength = new Map<number, number[]>();
  measured.forEach((sequence, row) => {
    const rows = byLength.get(sequence.length);
    if (rows === undefined) byLength.set(sequence.length, [row]);
    else rows.push(row);
  });
  const indices = new Map(
    [...byLength].map(([length, rows]) => [length, sameLengthIndex(measured, rows, length)]),
  );
  return { find: (sequence) => indices.get(sequence.length)?.find(sequence) ?? null };
}

function sameLengthIndex(
  measured: readonly Sequence[],
  rows: readonly number[],
  length: number,
): NearestIndex {
  const first = measured[rows[0]];
  const varying = Array.from({ length }, (_, i) => i).filter((i) =>
    rows.some((row) => measured[row][i] !== first[i]),
  );
  const varies = new Set(varying);
  const words = Math.ceil(varying.length / PACKED);
  const packed = new Uint32Array(rows.length * words);
  rows.forEach((row, k) => packed.set(pack(measured[row], varying, words), k * words));

  return {
    find(sequence) {
      let shared = 0;
      for (let i = 0; i < length; i++) if (!varies.has(i) && sequence[i] !== first[i]) shared++;
      const { index, distance } = nearestPacked(packed, pack(sequence, varying, words), rows.length);
      return { row: rows[index], distance: distance + shared };
    },
  };
}

function pack(sequence: Sequence, positions: readonly number[], words: number): Uint32Array {
  const bytes = new Uint8Array(words * PACKED);
  positions.forEach((position, k) => (bytes[k] = sequence[position]));
  return new Uint32Array(bytes.buffer);
}

function nearestPacked(
  packed: Uint32Array,
  wanted: Uint32Array,
  rows: number,
): { index: number; distance: number } {
  const words = wanted.length;
  let best = { index: 0, distance: Infinity };
  for (let index = 0; index < rows && best.distance > 0; index++) {
    let distance = 0;
    for (let w = 0; w < words && distance < best.distance; w++) {
      const difference = packed[index * words + w] ^ wanted[w];
      if (difference !== 0) distance += differingBytes(difference);
    }
    if (distance < best.distance) best = { index, distance };
  }
  return best;
}

function differingBytes(word: number): number {
  return (
    ((word & 0xff) !== 0 ? 1 : 0) +
    ((word & 0xff00) !== 0 ? 1 : 0) +
    ((word & 0xff0000) !== 0 ? 1 : 0) +
    ((word & 0xff000000) !== 0 ? 1 : 0)
  );
}
