import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { languageModelFeatures } from '../../src/lm/lm-feature-map.js';
import { createPool } from '../../src/runtime/pool.js';
import { fixturePath } from '../helpers/fixtures.js';

const folder = fixturePath('lm/esm2_body_odd');

describe.skipIf(!folder)('the bits of a sequence', () => {
  const [one, two] = [createPool(1), createPool(2)];
  afterAll(() => Promise.all([one.close(), two.close()]));

  it('do not depend on the company, the order, the number of workers or what was computed before', async () => {
    const model = await openLanguageModel(folder!);
    const random = createRandom('bits');
    const A = model.alphabet.size;
    const draw = (length: number) => Uint8Array.from({ length }, () => random.integer(A));
    for (const length of [1, 5, 20, 33, 117]) {
      const sequences = Array.from({ length: 23 }, () => draw(length));
      const [alone, together] = [one, two].map((pool) => languageModelFeatures(model, model.alphabet, pool));
      const D = together.width;
      const K = 3;
      const cotangents = Float64Array.from({ length: sequences.length * K * D }, () => random.normal());
      const phi = await together.features(sequences);
      const gradients = (await together.vjp(sequences, cotangents, K)).data;
      const size = K * length * A;
      for (const i of random.shuffle(sequences.map((_, index) => index))) {
        const own = cotangents.slice(i * K * D, (i + 1) * K * D);
        expect(await alone.features([sequences[i]])).toEqual(phi.slice(i * D, (i + 1) * D));
        expect((await alone.vjp([sequences[i]], own, K)).data).toEqual(
          gradients.slice(i * size, (i + 1) * size),
        );
      }
      const mixed = await alone.features([draw(9), sequences[3], draw(60), sequences[1]]);
      expect(mixed.slice(D, 2 * D)).toEqual(phi.slice(3 * D, 4 * D));
      expect(mixed.slice(3 * D)).toEqual(phi.slice(D, 2 * D));
      await Promise.all([alone.release(), together.release()]);
    }
  });
});
