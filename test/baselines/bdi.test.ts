import { Matrix, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { bdiGradient, bdiHead, bdiScores, fitBdi } from '../../src/baselines/bdi-model.js';
import { createMethod } from '../../src/baselines/registry.js';
import { logitEncoding } from '../../src/baselines/networks/encoding.js';
import { DNA } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { createProblem } from '../../src/design/problem.js';
import { createNtk } from '../../src/proxy/ntk.js';

const random = createRandom('bdi');
const sequences = Array.from({ length: 30 }, () => Uint8Array.from({ length: 5 }, () => random.integer(4)));
const y = Float64Array.from(sequences, (x) => (x[1] === 2 ? 1.5 : -0.5) + 0.3 * random.normal());
const problem = createProblem({ alphabet: DNA, measured: sequences, designable: [0, 1, 2, 3, 4] });
const encoding = logitEncoding(problem, sequences);
const model = fitBdi(encoding, sequences, y, 1e-6);

/** Both losses written as the paper does, for a point. */
function losses(x: Float64Array) {
  const { ntk } = createNtk().matrix(model.X, model.X, encoding.width);
  const K = Matrix.from1DArray(30, 30, ntk);
  const ridge = (1e-6 * K.trace()) / 30;
  const dual = solve(Matrix.add(K, Matrix.eye(30).mul(ridge)), Matrix.columnVector([...y])).to1DArray();
  const k = createNtk().matrix(x, model.X, encoding.width).ntk;
  const self = createNtk().matrix(x, x, encoding.width).ntk[0];
  const prediction = k.reduce((sum, value, j) => sum + value * dual[j], 0);
  const s = 10 / (self * (1 + 1e-6));
  const backward = k.reduce((sum, value, j) => sum + (value * s - y[j]) ** 2 / 30, 0);
  return { prediction, forward: (prediction - 10) ** 2, backward };
}

describe('BDI', () => {
  const point = Float64Array.from({ length: encoding.width }, () => random.normal());

  it('losses as the paper writes them', async () => {
    const scores = bdiScores(model, 20);
    const head = bdiHead(model);
    const outputs = await scores.evaluate(sequences.slice(0, 3));
    for (let b = 0; b < 3; b++) {
      const expected = losses(Float64Array.from(encoding.encode([sequences[b]])));
      const [got] = await head.losses(outputs.subarray(4 * b, 4 * b + 4));
      expect(got.prediction).toBeCloseTo(expected.prediction, 4);
      expect(got.forward / expected.forward).toBeCloseTo(1, 5);
      expect(got.backward / expected.backward).toBeCloseTo(1, 8);
    }
  });

  it('gradients of both losses in the point by central differences', () => {
    for (const weights of [
      { forward: 1, backward: 0 },
      { forward: 0, backward: 1 },
      { forward: 1, backward: 1 },
    ]) {
      const loss = (x: Float64Array) => {
        const { forward, backward } = losses(x);
        return (weights.forward * forward + weights.backward * backward) / 2;
      };
      const gradient = bdiGradient(model, point, weights);
      for (const k of [0, 4, 9, 14]) {
        const at = (delta: number) => loss(point.map((value, j) => (j === k ? value + delta : value)));
        const difference = (at(1e-4) - at(-1e-4)) / 2e-4;
        expect(Math.abs(gradient[k] - difference)).toBeLessThan(1e-4 * Math.max(1, Math.abs(difference)));
      }
    }
  });

  it("the head's cotangents are the slopes of its losses", async () => {
    const head = bdiHead(model);
    const phi = Float64Array.of(1.2, 3, 40, 2.5);
    const losses = async (at: Float64Array) => (await head.losses(at))[0];
    const [cotangents] = await head.cotangents([await losses(phi)]);
    for (let k = 0; k < 4; k++) {
      const at = (delta: number) => losses(phi.map((value, j) => (j === k ? value + delta : value)));
      const [above, below] = [await at(1e-5), await at(-1e-5)];
      expect(cotangents.forward[k]).toBeCloseTo((above.forward - below.forward) / 2e-5, 5);
      expect(cotangents.backward[k]).toBeCloseTo((above.backward - below.backward) / 2e-5, 5);
    }
  });

  it('each mode lowers its own loss from the start, with adaptive eta too', async () => {
    const measured = { sequences, y };
    const starts = [{ row: 0, sequence: sequences[0] }];
    const designs = async (options: Record<string, unknown>) => {
      const method = createMethod('bdi', { steps: 40, ...options });
      const objective = await method.fitObjective!({ problem, measured, random: createRandom(1) });
      const run = { problem, objective, starts, measured, random: createRandom(2) };
      const [start] = await objective.score([sequences[0]]);
      const { finals } = await method.design(run);
      return { start, end: finals[0].evaluation, sequence: finals[0].sequence.join() };
    };
    const forward = await designs({ mode: 'forward' });
    expect(forward.end.forward).toBeLessThan(forward.start.forward);
    const backward = await designs({ mode: 'backward' });
    // the point moves, its sequence may not
    expect(backward.end.backward).toBeLessThanOrEqual(backward.start.backward);
    const both = await designs({});
    expect(both.end.forward + both.end.backward).toBeLessThan(both.start.forward + both.start.backward);
    const adaptive = await designs({ eta: 'adaptive', mode: 'forward' });
    expect(adaptive.end.forward).toBeLessThan(adaptive.start.forward);
  });
});
