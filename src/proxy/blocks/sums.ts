/** Sums over rows of raw features, from which those of centred, scaled and weighted features follow. */
export interface RawSums {
  rows: number;
  /** [D] */
  sum: Float64Array;
  /** Phi^T Phi [D x D], lower triangle. */
  products: Float64Array;
  /** [targets][D] Phi^T y */
  targets: Float64Array[];
}

/**
 * Sums raw features over batches. Most closed-form features of a row are zero (one-hot letters and their products), so a
 * row costs the square of its non-zero features, not D^2.
 */
export function createRawSums(width: number, targets: number) {
  const sums: RawSums = {
    rows: 0,
    sum: new Float64Array(width),
    products: new Float64Array(width * width),
    targets: Array.from({ length: targets }, () => new Float64Array(width)),
  };
  const support = new Uint32Array(width);
  const values = new Float64Array(width);
  return {
    /**
     * @param phi [B x D]
     * @param y [targets][B]
     */
    add(phi: Float64Array, y: readonly ArrayLike<number>[]): void {
      for (let row = 0; row * width < phi.length; row++) {
        let count = 0;
        for (let j = 0; j < width; j++) {
          const value = phi[row * width + j];
          if (value === 0) continue;
          support[count] = j;
          values[count++] = value;
        }
        addRow(sums, width, support, values, count);
        y.forEach((scores, t) => {
          for (let i = 0; i < count; i++) sums.targets[t][support[i]] += scores[row] * values[i];
        });
      }
    },
    finish: () => sums,
  };
}

function addRow(
  sums: RawSums,
  width: number,
  support: Uint32Array,
  values: Float64Array,
  count: number,
): void {
  const { products } = sums;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    const row = support[i] * width;
    sums.sum[support[i]] += value;
    for (let j = 0; j <= i; j++) products[row + support[j]] += value * values[j];
  }
  sums.rows++;
}

/** Sums of centred and scaled features: G full and symmetric. */
export interface ScaledSums {
  rows: number;
  /** [D x D] */
  G: Float64Array;
  /** [targets][D], for targets of mean 0 */
  targets: Float64Array[];
}

/**
 * `G = F (Phi^T Phi - N m m^T) F`, with F the factor of each feature and m the mean over the rows; targets have mean 0, so
 * that `F (Phi - m)^T y = F Phi^T y`.
 */
export function scaleSums(
  { rows, sum, products, targets }: RawSums,
  factor: Float64Array,
  targetSums: readonly number[],
): ScaledSums {
  const D = sum.length;
  const G = new Float64Array(D * D);
  for (let i = 0; i < D; i++) {
    for (let j = 0; j <= i; j++) {
      const centred = products[i * D + j] - (sum[i] * sum[j]) / rows;
      G[i * D + j] = G[j * D + i] = factor[i] * factor[j] * centred;
    }
  }
  return {
    rows,
    G,
    targets: targets.map((b, t) =>
      b.map((value, j) => factor[j] * (value - (sum[j] * targetSums[t]) / rows)),
    ),
  };
}

/** Mean squared norm of the centred features of each block, for the scales. */
export function blockVariances({ rows, sum, products }: RawSums, widths: readonly number[]): number[] {
  const D = sum.length;
  let from = 0;
  return widths.map((width) => {
    let variance = 0;
    for (let j = from; j < from + width; j++)
      variance += Math.max(0, products[j * D + j] / rows - (sum[j] / rows) ** 2);
    from += width;
    return variance;
  });
}
