import { beforeAll, describe, expect, it } from 'vitest';
import { DNA, type Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { blocksLearner } from '../../src/design/blocks-learner.js';
import type { EnsembleForward } from '../../src/design/ensemble-forward.js';
import type { LearnedProxy } from '../../src/design/learned-proxy.js';
import type { BlocksFit } from '../../src/proxy/blocks/fit-blocks.js';
import { fitBlocks } from '../../src/proxy/blocks/fit-blocks.js';
import { pearson } from '../../src/stats/index.js';

const random = createRandom('ensemble forward');
const drawn = (count: number): Sequence[] =>
  Array.from({ length: count }, () => Uint8Array.from({ length: 6 }, () => random.integer(4)));
const sequences = drawn(60);
const scores = sequences.map((x) => x[0] - 2 * x[1] + x[2] * x[3] + random.normal());
const unseen = drawn(40);

const learn = (forward?: EnsembleForward): Promise<LearnedProxy> =>
  blocksLearner({
    ...{ alphabet: DNA, only: ['onehot'], forward },
    options: { average: 1, heads: 8 },
  })({ sequences, scores, random: createRandom(5) });

let fit: BlocksFit;
beforeAll(async () => {
  fit = await fitBlocks({
    ...{ alphabet: DNA, sequences, scores, only: ['onehot'], random: createRandom(5) },
    options: { average: 1, heads: 8 },
  });
});

/** Features of unseen sequences, a row each. */
async function features({ featureMap }: Pick<LearnedProxy, 'featureMap'>): Promise<Float64Array[]> {
  const D = featureMap.width;
  const phi = await featureMap.features(unseen);
  return unseen.map((_, i) => Float64Array.from(phi.subarray(i * D, (i + 1) * D)));
}

describe('scores by an ensemble', () => {
  it('are the mean of its heads, computed head by head', async () => {
    const proxy = await learn({ by: 'teacher' });
    for (const phi of await features(proxy)) {
      const each = fit.auxiliary.heads.map(
        ({ weights, bias }) => bias + weights.reduce((sum, w, j) => sum + w * phi[j], 0),
      );
      expect(each).toHaveLength(8);
      expect(proxy.head.predict(phi)).toBeCloseTo(each.reduce((a, b) => a + b) / 8, 10);
    }
    // how sure the evidence's head is says nothing of them
    expect(proxy).toMatchObject({ belief: null, predict: null, ridge: null });
  });

  it('are followed by the student that is distilled from it', async () => {
    const teacher = await learn({ by: 'teacher' });
    const rows = await features(teacher);
    const ask = ({ head }: LearnedProxy) => rows.map((phi) => head.predict(phi));
    const follows = (proxy: LearnedProxy) => pearson(ask(proxy), ask(teacher));
    const quick = { steps: 60 };
    const student = await learn({ by: 'student', student: quick });
    expect(ask(await learn({ by: 'student', student: quick }))).toEqual(ask(student));
    expect(follows(student)).toBeGreaterThan(0.8);
    const more = await learn({ by: 'student', student: quick, unmeasured: drawn(200) });
    expect(follows(more)).toBeGreaterThan(0.95);
    expect(follows(more)).toBeGreaterThan(follows(student));
    expect(follows(more)).toBeLessThan(1);
  });

  it('have losses whose gradients central differences confirm; the backward mapping stays as it was', async () => {
    for (const by of ['teacher', 'student'] as const) {
      const { head, featureMap } = await learn({ by, student: { steps: 15 } });
      for (const phi of (await features({ featureMap })).slice(0, 3)) {
        const [losses] = await head.losses(Float64Array.from(phi));
        const [own] = await fit.head.losses(Float64Array.from(phi));
        const [slopes] = await head.cotangents([losses]);
        expect(losses.backward).toBe(own.backward);
        expect(slopes.backward).toEqual((await fit.head.cotangents([own]))[0].backward);
        expect(losses.prediction).toBe(head.predict(phi));
        expect(losses.forward).toBe((losses.prediction - head.target) ** 2);
        for (let j = 0; j < phi.length; j++) {
          const beside = async (step: number) =>
            (await head.losses(Float64Array.from(phi, (x, k) => (k === j ? x + step : x))))[0].forward;
          expect(slopes.forward[j]).toBeCloseTo(((await beside(1e-5)) - (await beside(-1e-5))) / 2e-5, 3);
        }
      }
    }
  });
});
