import { describe, expect, it } from 'vitest';
import type { Sequence } from '../../src/core/alphabet.js';
import { CancelledError, ModelError } from '../../src/core/errors.js';
import type { FeatureMap } from '../../src/core/feature-map.js';
import { createRandom } from '../../src/core/random.js';
import { createMemo } from '../../src/design/memo.js';
import { createObjective } from '../../src/design/objective.js';
import type { Objective } from '../../src/design/objective.js';
import { fitBibHead } from '../../src/proxy/bib-head.js';
import { createGramAccumulator } from '../../src/proxy/gram.js';
import { toyFeatureMap } from './toy-feature-map.js';

const [L, A, D] = [4, 4, 3];
const random = createRandom('objective');
const matrix = (rows: number) =>
  Array.from({ length: rows }, () => Array.from({ length: D }, () => random.normal()));
const weights = { W: matrix(A), P: matrix(L) };
const auxiliary = { weights: Float64Array.of(0.3, -1, 2), bias: 0.1 };
const some = Array.from({ length: 12 }, () => Uint8Array.from({ length: L }, () => random.integer(A)));
const y = some.map(() => random.normal());
const gram = createGramAccumulator(D);
gram.add(await toyFeatureMap(weights).features(some), y);
const head = fitBibHead(gram.finish(), { target: 3 });

function objective(memoBytes?: number): { objective: Objective; map: ReturnType<typeof toyFeatureMap> } {
  const map = toyFeatureMap(weights);
  return { map, objective: createObjective({ featureMap: map, head, auxiliary, memoBytes }) };
}

/** phi at a relaxed input [L][A], from the toy map's definition. */
function phiOf(input: number[][]): number[] {
  return weights.W[0].map((_, d) => {
    const at = (row: number[], i: number) =>
      Math.tanh(row.reduce((sum, value, a) => sum + value * weights.W[a][d], weights.P[i][d]));
    return input.reduce((sum, row, i) => sum + at(row, i), 0) / L;
  });
}

describe('the objective', () => {
  const sequence: Sequence = Uint8Array.of(2, 0, 3, 1);

  it('has the one-hot gradients of its three scalars, by central differences', async () => {
    const [result] = await objective().objective.evaluate([sequence]);
    const onehot = [...sequence].map((code) => Array.from({ length: A }, (_, a) => (a === code ? 1 : 0)));
    const scalars = async (input: number[][]) => {
      const phi = phiOf(input);
      const [{ forward, backward }] = await head.losses(Float64Array.from(phi));
      return [
        forward,
        backward,
        phi.reduce((sum, value, j) => sum + value * auxiliary.weights[j], auxiliary.bias),
      ];
    };
    const values = [result.forward, result.backward, result.auxiliary];
    (await scalars(onehot)).forEach((value, k) => expect(values[k]).toBeCloseTo(value, 10));
    for (let k = 0; k < 3; k++) {
      for (let i = 0; i < L * A; i++) {
        const at = async (h: number) =>
          (
            await scalars(
              onehot.map((row, r) => row.map((value, a) => (r * A + a === i ? value + h : value))),
            )
          )[k];
        expect(result.gradients[k * L * A + i]).toBeCloseTo(((await at(1e-6)) - (await at(-1e-6))) / 2e-6, 5);
      }
    }
    expect(result.forward).toBeCloseTo((result.prediction - 3) ** 2, 12);
  });

  it('spends no pass twice, and counts what was asked and done', async () => {
    const { objective: warm, map } = objective();
    await warm.evaluate([some[0], some[1], some[0]]);
    expect(warm.passes()).toEqual({ asked: 6, done: 4, memoHits: 2, forward: 2, vjp: 2 });
    await warm.score([some[1], some[2]]);
    expect(warm.passes()).toEqual({ asked: 8, done: 5, memoHits: 3, forward: 3, vjp: 2 });
    await warm.evaluate([some[2]]);
    expect(warm.passes()).toEqual({ asked: 10, done: 6, memoHits: 4, forward: 3, vjp: 3 });
    expect(map.calls).toEqual({ features: 3, vjp: 3 });
  });

  it('gives the same bits cold, warm, without memo and with one that forgets', async () => {
    const { objective: warm } = objective();
    await warm.score(some.slice(3, 7));
    await warm.evaluate(some.slice(0, 5));
    const expected = await warm.evaluate(some);
    expect(await warm.evaluate(some)).toEqual(expected);
    for (const memoBytes of [undefined, 0, 1500]) {
      const { objective: cold } = objective(memoBytes);
      expect(await cold.evaluate(some)).toEqual(expected);
      expect(await cold.evaluate(some)).toEqual(expected);
    }
  });

  it('remembers nothing with no memory', async () => {
    const { objective: forgetful } = objective(0);
    await forgetful.evaluate([some[0], some[0]]);
    await forgetful.evaluate([some[0]]);
    expect(forgetful.passes()).toEqual({ asked: 6, done: 6, memoHits: 0, forward: 3, vjp: 3 });
  });

  it('asks the map once for features and once for gradients, whatever the batch', async () => {
    const calls: string[] = [];
    const map = toyFeatureMap(weights);
    const counting: FeatureMap = {
      ...map,
      features: (sequences) => (calls.push(`features ${sequences.length}`), map.features(sequences)),
      vjp: (sequences, cotangents, K) => (
        calls.push(`vjp ${sequences.length} x ${K}`),
        map.vjp(sequences, cotangents, K)
      ),
    };
    await createObjective({ featureMap: counting, head, auxiliary }).evaluate(some.slice(0, 5));
    expect(calls).toEqual(['features 5', 'vjp 5 x 3']);
  });

  it('passes the signal on and refuses values that are not finite', async () => {
    const map = toyFeatureMap(weights);
    const cancelled: FeatureMap = {
      ...map,
      features: async (_, signal) => (signal?.throwIfAborted(), new Float64Array(D)),
    };
    const run = createObjective({ featureMap: cancelled, head, auxiliary });
    await expect(run.score([sequence], AbortSignal.abort(new CancelledError()))).rejects.toThrow(
      CancelledError,
    );
    await expect(run.score([sequence])).rejects.toThrow(ModelError);
    const broken: FeatureMap = {
      ...map,
      vjp: async () => ({ data: new Float64Array(3 * L * A).fill(NaN), alphabetSize: A }),
    };
    const blind = createObjective({ featureMap: broken, head, auxiliary });
    await expect(blind.evaluate([sequence])).rejects.toThrow(/not finite/);
  });
});

describe('the memo', () => {
  it('forgets what was used least recently, and never holds more than it may', () => {
    const memo = createMemo<number>(30);
    memo.set('a', 1, 10);
    memo.set('b', 2, 10);
    memo.set('c', 3, 10);
    memo.get('a');
    memo.set('d', 4, 10);
    expect(['a', 'b', 'c', 'd'].map(memo.get)).toEqual([1, undefined, 3, 4]);
    memo.set('c', 5, 25);
    expect(['a', 'c', 'd'].map(memo.get)).toEqual([undefined, 5, undefined]);
    memo.set('e', 6, 31);
    expect(memo.get('e')).toBeUndefined();
  });
});
