import { appendFeature } from './append-feature.js';
import type { StrandedFeatureMap } from './letter-block.js';

/** What the factorisation may leave of a landmark. */
const NOTHING = 1e-6;

/**
 * Features of a kernel with `k(x, x) = 1` and one more, `r = sqrt(1 - |phi|^2)`, what they miss of x itself. Where the
 * measured rows are the landmarks r is 0 on all of them: no score is learned by it (its weight is 0), but a sequence unlike
 * all of them keeps the prior's variance. Its slope is that of the formula, `dr = -(phi . dphi) / r`, and 0 where r is.
 */
export function withRemainder(inner: StrandedFeatureMap): StrandedFeatureMap {
  const m = inner.width;
  const D = m + 1;
  const rest = (phi: ArrayLike<number>, from: number) => {
    let square = 0;
    for (let j = 0; j < m; j++) square += phi[from + j] * phi[from + j];
    return 1 - square > NOTHING ? Math.sqrt(1 - square) : 0;
  };
  return {
    width: D,
    key: `${inner.key}+remainder`,
    async features(sequences, signal) {
      const phi = await inner.features(sequences, signal);
      return appendFeature(phi, m, (b) => rest(phi, b * m));
    },
    async vjp(sequences, cotangents, K, signal) {
      const phi = await inner.features(sequences, signal);
      const own = new Float64Array(sequences.length * K * m);
      sequences.forEach((_, b) => {
        const r = rest(phi, b * m);
        for (let copy = b * K; copy < (b + 1) * K; copy++) {
          const share = r > 0 ? cotangents[copy * D + m] / r : 0;
          for (let j = 0; j < m; j++) own[copy * m + j] = cotangents[copy * D + j] - share * phi[b * m + j];
        }
      });
      return inner.vjp(sequences, own, K, signal);
    },
    // the short way knows nothing of the remainder, which has no weight in a fit
    sum: (v) => (v[m] === 0 ? inner.sum?.(v.subarray(0, m)) : undefined),
  };
}
