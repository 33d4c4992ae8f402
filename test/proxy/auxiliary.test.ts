import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { fitAuxiliary } from '../../src/proxy/auxiliary.js';
import { applyLinear } from '../../src/proxy/head.js';
import { fitBibHead } from '../../src/proxy/bib-head.js';
import { createGramAccumulator } from '../../src/proxy/gram.js';

const D = 24;

/** Features like a language model's: a large mean, a falling spectrum, in a mixed basis; y is a noisy linear function. */
function lmLike(rows: number) {
  const random = createRandom('lm-like');
  const normals = (n: number) => Array.from({ length: n }, () => random.normal());
  const basis = Array.from({ length: D }, () => normals(D));
  const mean = normals(D).map((value) => 5 * value);
  const spectrum = Array.from({ length: D }, (_, j) => 0.8 ** j / 10);
  const slope = normals(D).map((value, j) => value / Math.sqrt(spectrum[j]));
  const phi = new Float32Array(rows * D);
  const truth = Array.from({ length: rows }, (_, i) => {
    const z = spectrum.map((s) => s * random.normal());
    for (let j = 0; j < D; j++)
      phi[i * D + j] = mean[j] + basis[j].reduce((sum, value, k) => sum + value * z[k], 0);
    return slope.reduce((sum, value, j) => sum + value * z[j], 0);
  });
  const std = Math.sqrt(truth.reduce((sum, value) => sum + value * value, 0) / rows);
  const scaled = truth.map((value) => value / std);
  return { phi, truth: scaled, y: scaled.map((value) => value + 0.3 * random.normal()) };
}

function correlation(a: number[], b: number[]): number {
  const mean = (x: number[]) => x.reduce((sum, value) => sum + value, 0) / x.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  return (
    sum((i) => (a[i] - ma) * (b[i] - mb)) /
    Math.sqrt(sum((i) => (a[i] - ma) ** 2) * sum((i) => (b[i] - mb) ** 2))
  );
}

const TRAIN = 300;
const all = lmLike(TRAIN + 200);
const train = { phi: all.phi.subarray(0, TRAIN * D), width: D, y: all.y.slice(0, TRAIN) };
const heldOut = Array.from({ length: 200 }, (_, i) => all.phi.subarray((TRAIN + i) * D, (TRAIN + i + 1) * D));

describe('the auxiliary ensemble', () => {
  const auxiliary = fitAuxiliary(train, createRandom(7));

  it('predicts held-out rows of ill-conditioned features', () => {
    const truth = all.truth.slice(TRAIN);
    const predictions = heldOut.map((phi) => applyLinear(auxiliary, phi));
    expect(correlation(predictions, truth)).toBeGreaterThan(0.95);
    const error = predictions.reduce((sum, value, i) => sum + (value - truth[i]) ** 2, 0) / 200;
    expect(error).toBeLessThan(0.1);
  });

  it('is five heads that differ, and their mean', () => {
    expect(auxiliary.heads.length).toBe(5);
    const [phi] = heldOut;
    const predictions = auxiliary.heads.map((head) => applyLinear(head, phi));
    expect(new Set(predictions).size).toBe(5);
    const mean = predictions.reduce((sum, value) => sum + value, 0) / 5;
    expect(applyLinear(auxiliary, phi)).toBeCloseTo(mean, 10);
    const variance = predictions.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
    expect(auxiliary.spread(phi)).toBeCloseTo(Math.sqrt(variance), 10);
  });

  it('has heads that disagree by less than they explain', () => {
    const spread = heldOut.reduce((sum, phi) => sum + auxiliary.spread(phi), 0) / heldOut.length;
    expect(spread).toBeGreaterThan(0.01);
    expect(spread).toBeLessThan(0.5);
  });

  it('differs from the ridge head: it is another model of the same features', () => {
    const accumulator = createGramAccumulator(D);
    accumulator.add(train.phi, train.y);
    const { weights } = fitBibHead(accumulator.finish());
    expect([...weights]).not.toEqual([...auxiliary.weights]);
  });

  it('is a function of its seed', () => {
    const again = fitAuxiliary(train, createRandom(7));
    expect(again.heads).toEqual(auxiliary.heads);
    expect(fitAuxiliary(train, createRandom(8)).weights).not.toEqual(auxiliary.weights);
  });

  it('gives features that do not vary no weight', () => {
    const phi = Float64Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1e9 : i));
    const fitted = fitAuxiliary(
      { phi, width: 2, y: Array.from({ length: 10 }, (_, i) => i / 3 - 1.5) },
      createRandom(1),
    );
    expect(fitted.weights[0]).toBe(0);
    expect(fitted.weights[1]).toBeCloseTo(1 / 6, 2);
  });

  it('refuses features that never vary', () => {
    const data = { phi: new Float64Array(6).fill(2), width: 2, y: [1, 2, 3] };
    expect(() => fitAuxiliary(data, createRandom(1))).toThrow(InputError);
  });
});
