import { describe, expect, it } from 'vitest';
import { DNA } from '../../src/core/alphabet.js';
import { CancelledError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { cnn, mlp } from '../../src/baselines/networks/architecture.js';
import type { Architecture } from '../../src/baselines/networks/architecture.js';
import { logitEncoding, oneHotEncoding, seenPositions } from '../../src/baselines/networks/encoding.js';
import { compileEnsemble, trainEnsemble } from '../../src/baselines/networks/ensemble.js';
import type { TrainingOptions } from '../../src/baselines/networks/ensemble.js';
import { createTrainer } from '../../src/baselines/networks/trainer.js';
import type { Weights } from '../../src/baselines/networks/trainer.js';
import { createProblem } from '../../src/design/problem.js';

const random = createRandom('networks');
const input = { positions: 6, channels: 3 };
const width = 18;
const points = Float32Array.from({ length: 5 * width }, () => random.normal());

/** Weights of a network as its trainer draws them. */
async function weightsOf(architecture: Architecture, members: number): Promise<Weights> {
  const trainer = await createTrainer(
    (g, parameters) => {
      const x = g.input('x', 'float32', [members, 'B', width]);
      return { loss: g.reduceSum(architecture.build(g, parameters, x, members, input), [0, 1]) };
    },
    createRandom(3),
    { learningRate: 0.1 },
  );
  // biases that are not 0 tell more
  for (const [name, weight] of trainer.weights)
    if (name.endsWith('.bias')) weight.forEach((_, i) => (weight[i] = 0.3 * random.normal()));
  return trainer.weights;
}

/** `x W + b` of member k, in float64. */
function denseBrute(weights: Weights, name: string, k: number, x: number[], to: number): number[] {
  const [W, b] = [weights.get(`${name}.weight`) as Float32Array, weights.get(`${name}.bias`) as Float32Array];
  return Array.from({ length: to }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * W[(k * x.length + i) * to + o], b[k * to + o]),
  );
}
const relu = (x: number[]) => x.map((value) => Math.max(0, value));
const leaky = (x: number[]) => x.map((value) => (value > 0 ? value : 0.3 * value));

function mlpBrute(weights: Weights, k: number, x: number[]): number {
  const h = leaky(denseBrute(weights, 'dense0', k, x, 7));
  return denseBrute(weights, 'out', k, leaky(denseBrute(weights, 'dense1', k, h, 7)), 1)[0];
}

function cnnBrute(weights: Weights, k: number, x: number[]): number {
  let rows = Array.from({ length: 6 }, (_, p) => x.slice(3 * p, 3 * p + 3));
  for (const layer of ['conv0', 'conv1']) {
    const zero = rows[0].map(() => 0);
    rows = rows.map((_, p) =>
      relu(
        denseBrute(
          weights,
          layer,
          k,
          [-1, 0, 1, 2].flatMap((d) => rows[p + d] ?? zero),
          5,
        ),
      ),
    );
  }
  return denseBrute(weights, 'out', k, relu(denseBrute(weights, 'dense', k, rows.flat(), 4)), 1)[0];
}

describe('networks', () => {
  const cases: [string, Architecture, typeof mlpBrute][] = [
    ['mlp', mlp([7, 7]), mlpBrute],
    ['cnn', cnn({ filters: 5, kernel: 4, hidden: 4 }), cnnBrute],
  ];
  for (const [name, architecture, brute] of cases) {
    it(`${name}: predictions as written out, gradients as central differences`, async () => {
      const weights = await weightsOf(architecture, 2);
      const ensemble = await compileEnsemble(architecture, weights, 2, input);
      const values = await ensemble.predict(points);
      const slopes = await ensemble.gradients(points);
      for (let b = 0; b < 5; b++) {
        const x = Array.from(points.subarray(b * width, (b + 1) * width));
        for (let k = 0; k < 2; k++) {
          expect(values[b * 2 + k]).toBeCloseTo(brute(weights, k, x), 5);
          x.forEach((_, i) => {
            const at = (delta: number) =>
              brute(
                weights,
                k,
                x.map((v, j) => (j === i ? v + delta : v)),
              );
            const difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            expect(slopes[(b * 2 + k) * width + i]).toBeCloseTo(difference, 4);
          });
        }
      }
      await ensemble.release();
    });
  }
});

const options: TrainingOptions = {
  members: 2,
  epochs: 1,
  minSteps: 400,
  batch: 32,
  learningRate: 5e-3,
  bootstrap: true,
};
const x = Float32Array.from({ length: 200 * width }, () => random.normal());
const y = Array.from({ length: 200 }, (_, i) => x[i * width] - x[i * width + 5] * x[i * width + 6]);

describe('trainEnsemble', () => {
  const train = (seed: number, more: Partial<TrainingOptions> = {}) =>
    trainEnsemble(mlp([16]), { x, y, input }, { ...options, ...more }, createRandom(seed));

  it('learns, the same from the same seed, and its members differ', async () => {
    const one = await (await train(1)).predict(x);
    const error = (k: number) =>
      y.reduce((sum, value, i) => sum + (one[2 * i + k] - value) ** 2, 0) /
      y.reduce((sum, v) => sum + v * v, 0);
    expect(error(0)).toBeLessThan(0.4);
    expect(error(1)).toBeLessThan(0.4);
    expect(one[0]).not.toBe(one[1]);
    expect(await (await train(1)).predict(x)).toEqual(one);
    expect(await (await train(2)).predict(x)).not.toEqual(one);
  });

  it('gives a row the same bits in any company', async () => {
    const ensemble = await train(1, { minSteps: 20 });
    const all = await ensemble.predict(x);
    const slopes = await ensemble.gradients(x);
    for (const row of [0, 1, 127, 128, 199]) {
      const alone = x.slice(row * width, (row + 1) * width);
      expect(await ensemble.predict(alone)).toEqual(all.slice(2 * row, 2 * row + 2));
      expect(await ensemble.gradients(alone)).toEqual(slopes.slice(2 * row * width, (2 * row + 2) * width));
    }
  });

  it('stops when cancelled', async () => {
    const controller = new AbortController();
    const training = trainEnsemble(mlp([4]), { x, y, input }, options, createRandom(1), {
      signal: controller.signal,
      onProgress: (step) => step === 3 && controller.abort(),
    });
    await expect(training).rejects.toThrow(CancelledError);
  });
});

describe('encodings', () => {
  const measured = Array.from({ length: 40 }, () =>
    Uint8Array.from({ length: 5 }, (_, i) => (i === 2 ? 1 : random.integer(4))),
  );
  const problem = createProblem({ alphabet: DNA, measured, reference: measured[0], designable: [0, 1, 4] });

  it('see what may change and what was varied', () => {
    expect(seenPositions(problem, measured)).toEqual([0, 1, 3, 4]);
  });

  for (const make of [oneHotEncoding, logitEncoding]) {
    it(`${make.name}: a change of letter changes the vector as its gradient says`, () => {
      const encoding = make(problem, measured);
      expect(encoding.width).toBe(4 * encoding.channels);
      const v = Float64Array.from({ length: encoding.width }, () => random.normal());
      const gradient = new Float64Array(20);
      encoding.pull(v, 0, gradient, 0);
      const value = (sequence: Uint8Array) =>
        encoding.encode([sequence]).reduce((sum, number, k) => sum + v[k] * number, 0);
      for (const i of [0, 1, 2, 3, 4]) {
        for (let a = 0; a < 4; a++) {
          const changed = measured[0].slice();
          changed[i] = a;
          const expected = gradient[4 * i + a] - gradient[4 * i + measured[0][i]];
          expect(value(changed) - value(measured[0])).toBeCloseTo(expected, 4);
        }
      }
    });
  }

  it('logits are standardised over the measured set, and stand for their sequence', () => {
    const encoding = logitEncoding(problem, measured);
    const all = encoding.encode(measured);
    for (let k = 0; k < encoding.width; k++) {
      const column = measured.map((_, b) => all[b * encoding.width + k]);
      expect(column.reduce((sum, value) => sum + value, 0) / 40).toBeCloseTo(0, 5);
      expect(column.reduce((sum, value) => sum + value * value, 0) / 40).toBeCloseTo(1, 5);
    }
    measured.forEach((sequence, b) => {
      const logits = encoding.logits(all.subarray(b * encoding.width, (b + 1) * encoding.width));
      for (const i of [0, 1, 3, 4]) {
        const row = Array.from(logits.subarray(4 * i, 4 * i + 4));
        expect(row.indexOf(Math.max(...row))).toBe(sequence[i]);
        // design-bench's softened one-hot: 0.7 for the letter, 0.1 for each other of four
        expect(Math.max(...row) - Math.min(...row)).toBeCloseTo(Math.log(7), 5);
      }
    });
  });
});
