import type { Sequence } from '../core/alphabet.js';

/** Which letters of a sequence a diffusion model sees. */
export interface RelaxedShape {
  /** 0-based positions, ascending: the designable ones. */
  readonly positions: readonly number[];
  /** A, letters of the alphabet. */
  readonly letters: number;
}

/** D: numbers in a relaxed sequence. */
export function widthOf({ positions, letters }: RelaxedShape): number {
  return positions.length * letters;
}

/** Sequences as relaxed ones, [B x positions x letters]: 1 at each position's letter, -1 elsewhere. */
export function relax({ positions, letters }: RelaxedShape, sequences: readonly Sequence[]): Float64Array {
  const D = positions.length * letters;
  const x = new Float64Array(sequences.length * D).fill(-1);
  sequences.forEach((sequence, b) => {
    positions.forEach((position, i) => (x[b * D + i * letters + sequence[position]] = 1));
  });
  return x;
}

/**
 * A relaxed sequence as logits [L x A] for `decodeLogits`; 0 at positions that the model does not see.
 * @param z holds it from `offset` on
 */
export function logitsOf(
  { positions, letters }: RelaxedShape,
  z: Float64Array,
  offset: number,
  length: number,
): Float64Array {
  const theta = new Float64Array(length * letters);
  positions.forEach((position, i) => {
    const from = offset + i * letters;
    theta.set(z.subarray(from, from + letters), position * letters);
  });
  return theta;
}
