import { describe, expect, it } from 'vitest';
import { DNA } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { learn } from '../../../src/proxy/blocks/learn.js';
import { oneHotLetters } from '../../../src/proxy/blocks/letters.js';
import { createPredictor } from '../../../src/proxy/blocks/predict.js';
import { siteFeatures } from '../../../src/proxy/blocks/sites.js';
import { collapseRows } from '../../../src/proxy/evidence/groups.js';
import { IDENTITY } from '../../../src/proxy/evidence/transforms.js';
import { pearson } from '../../../src/stats/index.js';

const random = createRandom('learn');

describe('learn', () => {
  it('leaves out a block that no candidate uses which the spared rows confirm', async () => {
    const [L, N, tried] = [12, 3000, 600];
    const effects = Array.from({ length: 6 * 4 }, () => random.normal());
    const truth = (x: Uint8Array) => effects.reduce((sum, e, k) => sum + (x[k >> 2] === k % 4 ? e : 0), 0);
    const sequences = Array.from({ length: N }, () =>
      Uint8Array.from({ length: L }, () => random.integer(4)),
    );
    const rows = collapseRows(
      DNA,
      sequences,
      sequences.map((x) => truth(x) + 0.2 * random.normal()),
    );
    const block = (name: string, first: number) => ({
      name,
      map: siteFeatures(
        oneHotLetters(DNA),
        Array.from({ length: 6 }, (_, i) => first + i),
      ),
    });
    const candidate = { transform: 0, ridge: 0.03, within: 0, beyond: 0, picks: 0, rank: 0 };
    const used = [block('first half', 0), block('second half', 6)];
    const learned = await learn({
      model: {
        used,
        members: [0, 1].map((b) => ({
          ...{ ...candidate, blocks: [b] },
          outOfFold: rows.scores.subarray(0, tried).map((score) => (b === 0 ? score : random.normal())),
        })),
        ...{ transforms: [IDENTITY], working: 0 },
        triedRows: Uint32Array.from({ length: tried }, (_, row) => row),
        report: { tried: 2, triedRows: tried, cutOff: false, chosen: [] },
      },
      rows,
      groups: Uint32Array.from(rows.sequences, (_, row) => row),
      random: createRandom(0),
    });
    expect(learned.kept).toEqual([0]);
    expect(learned.spared[0]).toBeGreaterThan(0.95);
    expect(learned.weights.every(Number.isFinite)).toBe(true);
    expect(learned.weights.subarray(24).every((weight) => weight === 0)).toBe(true);
    const asked = Array.from({ length: 300 }, () => Uint8Array.from({ length: L }, () => random.integer(4)));
    const predicted = await createPredictor({ ...learned, blocks: used })(asked);
    expect(pearson(predicted, asked.map(truth))).toBeGreaterThan(0.99);
  });
});
