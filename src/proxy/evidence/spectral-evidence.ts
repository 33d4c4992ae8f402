import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Evidence } from './evidence.js';

const LOG_2_PI = Math.log(2 * Math.PI);

/**
 * The evidence of one kernel, `y ~ N(0, a K + s^2 I)`, from the eigenvalues `l_i` of K and the scores `u_i` along its
 * eigenvectors: `-1/2 sum_i (log 2 pi + log c_i + u_i^2 / c_i)`, `c_i = a l_i + s^2`. After the decomposition a value costs
 * N, not N^3.
 * @param K [N x N] symmetric, positive semi-definite
 * @param y [N]
 */
export function spectralEvidence(K: Float64Array, y: Float64Array): Evidence {
  const n = y.length;
  const rows = Array.from({ length: n }, (_, i) => K.subarray(i * n, (i + 1) * n));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  const lambda = realEigenvalues.map((value) => Math.max(0, value));
  const squares = lambda.map((_, k) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += eigenvectorMatrix.get(i, k) * y[i];
    return sum * sum;
  });
  return {
    blocks: 1,
    rows: n,
    at(logWeights, logNoise) {
      const [a, noise] = [Math.exp(logWeights[0]), Math.exp(logNoise)];
      let [logLikelihood, weightSlope, noiseSlope] = [0, 0, 0];
      lambda.forEach((value, k) => {
        const c = a * value + noise;
        logLikelihood -= (LOG_2_PI + Math.log(c) + squares[k] / c) / 2;
        const slope = (squares[k] / c - 1) / (2 * c);
        weightSlope += slope * a * value;
        noiseSlope += slope * noise;
      });
      return { logLikelihood, weightSlopes: Float64Array.of(weightSlope), noiseSlope };
    },
  };
}
