import type { Random } from '../../core/random.js';
import type { Auxiliary } from '../auxiliary.js';
import { applyLinear } from '../head.js';
import type { LinearHead } from '../head.js';
import { measuredByRows, measuredBySums } from './learner.js';
import { createRawSums, scaleSums } from './sums.js';

/** Weighted features [n x D] of a sample of measured rows and their standardised scores. */
export interface RowSample {
  phi: Float64Array;
  y: Float64Array;
}

/**
 * The weak supervision f: ridge heads, each fitted to its own bootstrap of the sample with the noise as penalty, and their
 * mean.
 */
export function bootstrapHeads(sample: RowSample, noise: number, random: Random, count: number): Auxiliary {
  const D = sample.phi.length / sample.y.length;
  const heads = Array.from({ length: count }, (_, h) => fitOne(sample, D, noise, random.fork(`head ${h}`)));
  const weights = Float64Array.from({ length: D }, (_, j) => meanOf(heads.map((head) => head.weights[j])));
  return {
    heads,
    weights,
    bias: meanOf(heads.map((head) => head.bias)),
    spread(phi) {
      const predictions = heads.map((head) => applyLinear(head, phi));
      const centre = meanOf(predictions);
      const squares = predictions.reduce((sum, value) => sum + (value - centre) ** 2, 0);
      return Math.sqrt(squares / Math.max(1, heads.length - 1));
    },
  };
}

function fitOne({ phi, y }: RowSample, D: number, noise: number, random: Random): LinearHead {
  const n = y.length;
  const rows = Uint32Array.from({ length: n }, () => random.integer(n));
  const scores = Float64Array.from(rows, (row) => y[row]);
  const bias = meanOf(scores);
  const centred = scores.map((score) => score - bias);
  const drawn = new Float64Array(n * D);
  rows.forEach((row, i) => drawn.set(phi.subarray(row * D, (row + 1) * D), i * D));
  const mean = new Float64Array(D);
  for (let i = 0; i < n; i++) for (let j = 0; j < D; j++) mean[j] += drawn[i * D + j] / n;
  for (let i = 0; i < n; i++) for (let j = 0; j < D; j++) drawn[i * D + j] -= mean[j];
  const weights = solve(drawn, centred, D, noise);
  return { weights, bias: bias - weights.reduce((sum, w, j) => sum + w * mean[j], 0) };
}

function solve(phi: Float64Array, y: Float64Array, D: number, noise: number): Float64Array {
  if (D >= y.length)
    return measuredByRows({ phi, y: [y], widths: [D] })
      .solver(noise)
      .weights(0);
  const sums = createRawSums(D, 1);
  sums.add(phi, [y]);
  const { G, targets, rows } = scaleSums(sums.finish(), new Float64Array(D).fill(1), [0]);
  return measuredBySums({ G, targets, rows, widths: [D] })
    .solver(noise)
    .weights(0);
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
