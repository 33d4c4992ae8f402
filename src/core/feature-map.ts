import type { Sequence } from './alphabet.js';

/** A batch of one-hot gradients: `data[((b * K + k) * L + i) * A + a]`, float32 or float64. */
export interface OneHotGradients {
  /** [B x K x L x A] row-major. */
  data: Float32Array | Float64Array;
  /** A, letters of the design alphabet (not of the model's vocabulary). */
  alphabetSize: number;
}

/**
 * Turns sequences into features and pulls feature gradients back to letters. The seam between language models (or
 * any other block of features) and everything that designs.
 */
export interface FeatureMap {
  /** D, the number of features. */
  readonly width: number;
  /** Identifies the map for memo and cache: model, weights' checksum, graph version. */
  readonly key: string;
  /** phi of each sequence, [B x D] row-major. The same sequence always gives the same bits. */
  features(sequences: readonly Sequence[], signal?: AbortSignal): Promise<Float32Array | Float64Array>;
  /**
   * Vector-Jacobian products d<v, phi(x)>/d onehot(x) for K cotangents a sequence.
   * @param cotangents [B x K x D] row-major
   * @param K cotangents per sequence
   * @returns [B x K x L x A]; all sequences of one call have the same length L
   */
  vjp(
    sequences: readonly Sequence[],
    cotangents: Float64Array,
    K: number,
    signal?: AbortSignal,
  ): Promise<OneHotGradients>;
}
