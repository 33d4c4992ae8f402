import type { FeatureMap } from '../../src/core/feature-map.js';
import type { Random } from '../../src/core/random.js';

/** Matrices of the toy map: W [A][D], P [L][D]. */
export interface ToyWeights {
  W: number[][];
  P: number[][];
}

/** `phi(x) = mean over positions of tanh(x W + P)` with its analytic vjp; counts the sequences it was given. */
export function toyFeatureMap({
  W,
  P,
}: ToyWeights): FeatureMap & { calls: { features: number; vjp: number } } {
  const [L, A, D] = [P.length, W.length, W[0].length];
  const calls = { features: 0, vjp: 0 };
  return {
    width: D,
    key: 'toy',
    calls,
    async features(sequences) {
      calls.features += sequences.length;
      return Float64Array.from(
        sequences.flatMap((x) =>
          W[0].map((_, d) => P.reduce((sum, row, i) => sum + Math.tanh(W[x[i]][d] + row[d]), 0) / L),
        ),
      );
    },
    async vjp(sequences, cotangents, K) {
      calls.vjp += sequences.length;
      const data = new Float64Array(sequences.length * K * L * A);
      let at = 0;
      sequences.forEach((x, b) => {
        for (let k = 0; k < K; k++) {
          for (let i = 0; i < L; i++) {
            for (let a = 0; a < A; a++, at++) {
              for (let d = 0; d < D; d++) {
                const t = Math.tanh(W[x[i]][d] + P[i][d]);
                data[at] += (cotangents[(b * K + k) * D + d] * (1 - t * t) * W[a][d]) / L;
              }
            }
          }
        }
      });
      return { data, alphabetSize: A };
    },
  };
}

/** A toy map with normal weights. */
export function randomToyMap(
  random: Random,
  L: number,
  A: number,
  D: number,
): ReturnType<typeof toyFeatureMap> {
  const matrix = (rows: number) =>
    Array.from({ length: rows }, () => Array.from({ length: D }, () => random.normal()));
  return toyFeatureMap({ W: matrix(A), P: matrix(L) });
}
