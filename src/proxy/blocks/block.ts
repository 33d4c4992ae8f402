import { InputError } from '../../core/errors.js';
import type { FeatureMap, OneHotGradients } from '../../core/feature-map.js';

/** A feature map with the name that users know it by. */
export interface Block {
  readonly name: string;
  readonly map: FeatureMap;
  /** Share of a kernel's trace that approximate features miss; absent for exact ones. */
  readonly error?: number;
}

/** Mean and spread of blocks over the measured rows. */
export interface BlockMoments {
  /** [D] mean of each feature. */
  mean: Float64Array;
  /** Per block, the factor that makes the mean squared norm of the centred rows 1; 0 for a block that does not vary. */
  scales: number[];
}

/** Sums for {@link BlockMoments}, in one pass over batches. */
export function createMoments(widths: readonly number[]) {
  const D = widths.reduce((sum, width) => sum + width, 0);
  const shift = new Float64Array(D);
  const sum = new Float64Array(D);
  const squares = new Float64Array(D);
  let rows = 0;
  return {
    /** @param phi [B x D] raw features */
    add(phi: Float64Array): void {
      // the first row as origin keeps the squares free of cancellation
      if (rows === 0) shift.set(phi.subarray(0, D));
      for (let at = 0; at < phi.length; at += D, rows++) {
        for (let j = 0; j < D; j++) {
          const value = phi[at + j] - shift[j];
          sum[j] += value;
          squares[j] += value * value;
        }
      }
    },
    finish(): BlockMoments {
      let from = 0;
      const scales = widths.map((width) => {
        let variance = 0;
        let size = 0;
        for (let j = from; j < from + width; j++) {
          variance += Math.max(0, squares[j] / rows - (sum[j] / rows) ** 2);
          size += (shift[j] + sum[j] / rows) ** 2;
        }
        from += width;
        return variance > 1e-20 + 1e-12 * size ? 1 / Math.sqrt(variance) : 0;
      });
      return { mean: sum.map((value, j) => shift[j] + value / rows), scales };
    },
  };
}

/**
 * Blocks side by side as one feature map, each centred, scaled so that the measured rows' mean squared norm is 1, and
 * weighted: `phi(x) = [sqrt(a_b) (phi_b(x) - mean_b) / norm_b]`.
 * @param weights a_b of each block, at least 0
 */
export function weightedBlocks(
  blocks: readonly Block[],
  moments: BlockMoments,
  weights: ArrayLike<number>,
): FeatureMap {
  const widths = blocks.map((block) => block.map.width);
  const D = widths.reduce((sum, width) => sum + width, 0);
  const factors = blocks.map((_, b) => Math.sqrt(weights[b]) * moments.scales[b]);
  return {
    width: D,
    key: blocks.map((block, b) => `${block.name}*${factors[b]}:${block.map.key}`).join('|'),
    async features(sequences, signal) {
      const raw = await rawFeatures(blocks, sequences, signal);
      scaleRows(raw, widths, moments.mean, factors);
      return raw;
    },
    async vjp(sequences, cotangents, K, signal): Promise<OneHotGradients> {
      const copies = sequences.length * K;
      let total: Float64Array | null = null;
      let alphabetSize = 0;
      let from = 0;
      for (const [b, block] of blocks.entries()) {
        const part = new Float64Array(copies * widths[b]);
        for (let c = 0; c < copies; c++)
          for (let j = 0; j < widths[b]; j++)
            part[c * widths[b] + j] = factors[b] * cotangents[c * D + from + j];
        const gradients = await block.map.vjp(sequences, part, K, signal);
        ({ alphabetSize } = gradients);
        if (total === null) total = Float64Array.from(gradients.data);
        else for (let i = 0; i < total.length; i++) total[i] += gradients.data[i];
        from += widths[b];
      }
      return { data: total ?? new Float64Array(0), alphabetSize };
    },
  };
}

/** Raw features of all blocks, [B x D], the blocks side by side. */
export async function rawFeatures(
  blocks: readonly Block[],
  sequences: Parameters<FeatureMap['features']>[0],
  signal?: AbortSignal,
): Promise<Float64Array> {
  const D = blocks.reduce((sum, block) => sum + block.map.width, 0);
  const out = new Float64Array(sequences.length * D);
  let from = 0;
  for (const { name, map } of blocks) {
    const phi = await map.features(sequences, signal);
    requireFinite(phi, name);
    for (let b = 0; b < sequences.length; b++)
      out.set(phi.subarray(b * map.width, (b + 1) * map.width), b * D + from);
    from += map.width;
  }
  return out;
}

function requireFinite(values: Float32Array | Float64Array, name: string): void {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw new InputError({
    what: `block ${name} gives a feature that is not finite`,
    expected: 'finite features',
    got: `${values[wrong]}`,
    fix: 'Leave the block out, or check the model behind it.',
  });
}

/** In place: `(raw - mean) * factor of its block`. */
export function scaleRows(
  raw: Float64Array,
  widths: readonly number[],
  mean: Float64Array,
  factors: readonly number[],
): void {
  const D = mean.length;
  const factor = new Float64Array(D);
  let from = 0;
  widths.forEach((width, b) => {
    factor.fill(factors[b], from, from + width);
    from += width;
  });
  for (let at = 0; at < raw.length; at += D)
    for (let j = 0; j < D; j++) raw[at + j] = (raw[at + j] - mean[j]) * factor[j];
}
