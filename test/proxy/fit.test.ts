import { Matrix, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { CancelledError, InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { fitBibHead } from '../../src/proxy/bib-head.js';
import { fitProxy } from '../../src/proxy/fit.js';
import { createGramAccumulator } from '../../src/proxy/gram.js';
import { applyLinear } from '../../src/proxy/head.js';
import { standardise } from '../../src/proxy/standardise.js';
import { randomToyMap } from '../design/toy-feature-map.js';

const random = createRandom('fit');
const featureMap = randomToyMap(random, 6, 4, 5);
const sequences = Array.from({ length: 600 }, () => Uint8Array.from({ length: 6 }, () => random.integer(4)));
const phi = await featureMap.features(sequences);
/** Linear in the features, with noise of about a third of the variance. */
const scores = sequences.map((_, i) => 40 + 9 * phi[i * 5] - 12 * phi[i * 5 + 3] + 2 * random.normal());

describe('fitProxy', () => {
  it('fits the head to all rows, read once in batches', async () => {
    const progress: number[] = [];
    featureMap.calls.features = 0;
    const fit = await fitProxy({
      featureMap,
      sequences,
      scores,
      random: createRandom(0),
      onProgress: (rows) => progress.push(rows),
    });
    expect(featureMap.calls.features).toBe(600);
    expect(progress).toEqual([256, 512, 600]);
    const accumulator = createGramAccumulator(5);
    accumulator.add(phi, standardise(scores).y);
    expect(fit.head.weights).toEqual(fitBibHead(accumulator.finish()).weights);
    expect(fit.scale.toUserUnits(0)).toBeCloseTo(fit.scale.mean, 12);
  });

  it('samples rows for the auxiliary heads by the seed, and still learns', async () => {
    const fitWith = (seed: number) =>
      fitProxy({ featureMap, sequences, scores, random: createRandom(seed) }, { auxiliaryRows: 200 });
    const [fit, same, other] = [await fitWith(0), await fitWith(0), await fitWith(1)];
    expect(same.auxiliary.weights).toEqual(fit.auxiliary.weights);
    expect(other.auxiliary.weights).not.toEqual(fit.auxiliary.weights);
    const { y } = standardise(scores);
    const rows = sequences.map((_, i) => [1, ...phi.subarray(i * 5, (i + 1) * 5)]);
    const target = Matrix.columnVector(y);
    const best =
      new Matrix(rows)
        .mmul(solve(new Matrix(rows), target, true))
        .sub(target)
        .norm() ** 2;
    const residual = rows.reduce(
      (sum, row, i) => sum + (y[i] - applyLinear(fit.auxiliary, row.slice(1))) ** 2,
      0,
    );
    expect(best / 600).toBeLessThan(0.6);
    // the heads saw a third of the rows, so they come near the least squares of all but do not reach it
    expect(residual).toBeLessThan(1.1 * best);
  });

  it('refuses scores that do not match the sequences, and stops when cancelled', async () => {
    const data = { featureMap, sequences, scores: scores.slice(1), random: createRandom(0) };
    await expect(fitProxy(data)).rejects.toThrow(InputError);
    const signal = AbortSignal.abort();
    await expect(fitProxy({ ...data, scores, signal })).rejects.toThrow(CancelledError);
  });
});
