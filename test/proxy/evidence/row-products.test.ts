import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { dualEvidence, maximiseEvidence } from '../../../src/proxy/evidence/evidence.js';
import { rowProducts } from '../../../src/proxy/evidence/row-products.js';
import { spectralEvidence } from '../../../src/proxy/evidence/spectral-evidence.js';

const random = createRandom('row products');

describe('rowProducts', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 13])(
    'gives each pair of %i rows its inner product over some columns',
    (N) => {
      const D = 9;
      const phi = Float64Array.from({ length: N * D }, () => random.normal());
      const K = rowProducts(phi, N, D, 2, 8);
      for (let i = 0; i < N; i++) {
        for (let j = 0; j < N; j++) {
          let sum = 0;
          for (let k = 2; k < 8; k++) sum += phi[i * D + k] * phi[j * D + k];
          expect(K[i * N + j]).toBeCloseTo(sum, 12);
        }
      }
    },
  );

  it('goes through many columns, of which some are zero', () => {
    const [N, D] = [7, 700];
    const phi = Float64Array.from({ length: N * D }, (_, at) => ((at % D) % 3 === 0 ? 0 : random.normal()));
    const K = rowProducts(phi, N, D, 1, 690);
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < N; j++) {
        let sum = 0;
        for (let k = 1; k < 690; k++) sum += phi[i * D + k] * phi[j * D + k];
        expect(K[i * N + j]).toBeCloseTo(sum, 11);
      }
    }
  });
});

describe('spectralEvidence', () => {
  const n = 30;
  const phi = Float64Array.from({ length: n * 40 }, () => random.normal() / 6);
  const K = rowProducts(phi, n, 40);
  const y = Float64Array.from({ length: n }, (_, i) => phi[i * 40] * 3 + random.normal() / 2);

  it('is the evidence by Cholesky factors, with its slopes', () => {
    for (const [a, s] of [
      [0, 0],
      [-3, 1],
      [2, -4],
    ]) {
      const spectral = spectralEvidence(K, y).at([a], s);
      const dual = dualEvidence([K], y).at([a], s);
      expect(spectral.logLikelihood).toBeCloseTo(dual.logLikelihood, 8);
      expect(spectral.weightSlopes[0]).toBeCloseTo(dual.weightSlopes[0], 8);
      expect(spectral.noiseSlope).toBeCloseTo(dual.noiseSlope, 8);
    }
  });

  it('has the same maximum', () => {
    const options = { maxIterations: 200, tolerance: 1e-8 };
    const spectral = maximiseEvidence(spectralEvidence(K, y), options);
    const dual = maximiseEvidence(dualEvidence([K], y), options);
    expect(spectral.noise / dual.noise).toBeCloseTo(1, 5);
    expect(spectral.weights[0] / dual.weights[0]).toBeCloseTo(1, 5);
  });
});
