import type { Sequence } from '../../core/alphabet.js';
import type { Problem } from '../../design/problem.js';

/**
 * Sequences as the vectors that networks and kernels see. Every coordinate is affine in the one-hot sequence, so that a
 * gradient goes back to letters exactly.
 */
export interface Encoding {
  /** Positions that are seen, ascending: those that may change, and those at which measured sequences differ. */
  readonly positions: readonly number[];
  /** Numbers per position. */
  readonly channels: number;
  /** `positions.length * channels` */
  readonly width: number;
  /** [B x width] row-major. */
  encode(sequences: readonly Sequence[]): Float32Array;
  /**
   * Adds the gradient in the letters to `out`.
   * @param gradient holds the gradient in the vector, [width], from `offset` on
   * @param out [L x A] from `outOffset` on
   */
  pull(gradient: ArrayLike<number>, offset: number, out: Float64Array, outOffset: number): void;
}

/** An {@link Encoding} that gradient methods move in; its points stand for sequences. */
export interface ContinuousEncoding extends Encoding {
  /** Logits [L x A] of a point, for `decodeLogits`; 0 at positions that are not seen. */
  logits(point: ArrayLike<number>): Float64Array;
}

/** Positions that a model of the measured set has to see. */
export function seenPositions(problem: Problem, measured: readonly Sequence[]): number[] {
  const designable = new Set(problem.designable);
  const first = measured[0];
  return Array.from({ length: problem.length }, (_, i) => i).filter(
    (i) => designable.has(i) || measured.some((row) => row[i] !== first[i]),
  );
}

/** One-hot letters at the seen positions. */
export function oneHotEncoding(problem: Problem, measured: readonly Sequence[]): Encoding {
  const A = problem.alphabet.size;
  const positions = seenPositions(problem, measured);
  const width = positions.length * A;
  return {
    positions,
    channels: A,
    width,
    encode(sequences) {
      const out = new Float32Array(sequences.length * width);
      sequences.forEach((sequence, b) => {
        positions.forEach((position, i) => (out[b * width + i * A + sequence[position]] = 1));
      });
      return out;
    },
    pull(gradient, offset, out, outOffset) {
      positions.forEach((position, i) => {
        for (let a = 0; a < A; a++) out[outOffset + position * A + a] += gradient[offset + i * A + a];
      });
    },
  };
}

/** Weight of the letter itself in the softened one-hot vector; the rest is spread evenly. */
const SOFT = 0.6;

/**
 * Design-bench's logits (Trabucco et al., ICML 2022): the one-hot vector is mixed with the uniform distribution (0.6 to
 * 0.4), its logarithm taken, the first letter's subtracted from the others' (A - 1 numbers a position), and each coordinate
 * is standardised over the measured set.
 */
export function logitEncoding(problem: Problem, measured: readonly Sequence[]): ContinuousEncoding {
  const A = problem.alphabet.size;
  const channels = A - 1;
  const positions = seenPositions(problem, measured);
  const width = positions.length * channels;
  // log of the letter's probability over that of another letter
  const high = Math.log((SOFT + (1 - SOFT) / A) / ((1 - SOFT) / A));
  const raw = (letter: number, channel: number) =>
    high * ((letter === channel + 1 ? 1 : 0) - (letter === 0 ? 1 : 0));
  const { mean, std } = coordinateMoments(measured, positions, channels, raw);
  return {
    positions,
    channels,
    width,
    encode(sequences) {
      const out = new Float32Array(sequences.length * width);
      sequences.forEach((sequence, b) => {
        for (let k = 0; k < width; k++) {
          const letter = sequence[positions[Math.floor(k / channels)]];
          out[b * width + k] = (raw(letter, k % channels) - mean[k]) / std[k];
        }
      });
      return out;
    },
    pull(gradient, offset, out, outOffset) {
      for (let k = 0; k < width; k++) {
        const slope = (high * gradient[offset + k]) / std[k];
        const row = outOffset + positions[Math.floor(k / channels)] * A;
        out[row + (k % channels) + 1] += slope;
        out[row] -= slope;
      }
    },
    logits(point) {
      const out = new Float64Array(problem.length * A);
      for (let k = 0; k < width; k++)
        out[positions[Math.floor(k / channels)] * A + (k % channels) + 1] = point[k] * std[k] + mean[k];
      return out;
    },
  };
}

/** Mean and standard deviation of each coordinate over the measured set; 1 where a coordinate does not vary. */
function coordinateMoments(
  measured: readonly Sequence[],
  positions: readonly number[],
  channels: number,
  raw: (letter: number, channel: number) => number,
): { mean: Float64Array; std: Float64Array } {
  const width = positions.length * channels;
  const mean = new Float64Array(width);
  const std = new Float64Array(width);
  for (let k = 0; k < width; k++) {
    const value = (row: Sequence) => raw(row[positions[Math.floor(k / channels)]], k % channels);
    for (const row of measured) mean[k] += value(row) / measured.length;
    for (const row of measured) std[k] += (value(row) - mean[k]) ** 2 / measured.length;
    std[k] = std[k] > 1e-12 ? Math.sqrt(std[k]) : 1;
  }
  return { mean, std };
}
