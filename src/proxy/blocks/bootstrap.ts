import type { Random } from '../../core/random.js';
import type { Auxiliary } from '../auxiliary.js';
import { applyLinear } from '../head.js';
import type { LinearHead } from '../head.js';
import { rowProducts } from '../evidence/row-products.js';
import { factor } from '../evidence/tiled-cholesky.js';
import { centredKernel } from '../evidence/trials.js';
import { dot, solveCholesky } from '../linear-algebra.js';
import { measuredBySums } from './learner.js';
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
  const n = sample.y.length;
  const D = sample.phi.length / n;
  const kernel = D >= n ? rowProducts(sample.phi, n, D) : null;
  const heads = Array.from({ length: count }, (_, h) => {
    const draw = random.fork(`head ${h}`);
    const rows = Uint32Array.from({ length: n }, () => draw.integer(n));
    return kernel === null ? fitFeatures(sample, D, noise, rows) : fitKernel(sample, D, noise, rows, kernel);
  });
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

/** A ridge head on the drawn rows, from sums over them. */
function fitFeatures({ phi, y }: RowSample, D: number, noise: number, rows: Uint32Array): LinearHead {
  const n = rows.length;
  const bias = rows.reduce((sum, row) => sum + y[row], 0) / n;
  const drawn = new Float64Array(n * D);
  rows.forEach((row, i) => drawn.set(phi.subarray(row * D, (row + 1) * D), i * D));
  const sums = createRawSums(D, 1);
  sums.add(drawn, [Float64Array.from(rows, (row) => y[row] - bias)]);
  const raw = sums.finish();
  const { G, targets } = scaleSums(raw, new Float64Array(D).fill(1), [0]);
  const weights = measuredBySums({ G, targets, rows: n, widths: [D] })
    .solver(noise)
    .weights(0);
  return { weights, bias: bias - dot(weights, raw.sum) / n };
}

/** The same from the inner products of all rows, [N x N]: the weights are a sum of rows whose coefficients add up to 0. */
function fitKernel(
  { phi, y }: RowSample,
  D: number,
  noise: number,
  rows: Uint32Array,
  kernel: Float64Array,
): LinearHead {
  const n = rows.length;
  const { inner } = centredKernel(kernel, y.length, rows, new Uint32Array(0));
  for (let i = 0; i < n; i++) inner[i * n + i] += noise;
  const bias = rows.reduce((sum, row) => sum + y[row], 0) / n;
  const alpha = solveCholesky(
    factor(inner, n),
    Float64Array.from(rows, (row) => y[row] - bias),
  );
  const weights = new Float64Array(D);
  const mean = new Float64Array(D);
  rows.forEach((row, i) => {
    for (let j = 0; j < D; j++) {
      weights[j] += alpha[i] * phi[row * D + j];
      mean[j] += phi[row * D + j] / n;
    }
  });
  return { weights, bias: bias - dot(weights, mean) };
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
