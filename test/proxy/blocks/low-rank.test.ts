import { describe, expect, it } from 'vitest';
import type { Sequence } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { letterSimilarity, oneHotLetters, similarLetters } from '../../../src/proxy/blocks/letters.js';
import type { LetterEmbedding } from '../../../src/proxy/blocks/letters.js';
import { lowRankFeatures } from '../../../src/proxy/blocks/low-rank.js';
import { neighbourKernel, neighbourRate } from '../../../src/proxy/blocks/neighbour-kernel.js';
import { pairKernel } from '../../../src/proxy/blocks/pair-kernel.js';
import { PROTEIN } from '../../../src/core/alphabet.js';

const A = PROTEIN.size;
const L = 12;
const positions = [0, 2, 3, 5, 6, 7, 9, 11];
const random = createRandom('low rank');
const anySequence = (): Sequence => Uint8Array.from({ length: L }, () => random.integer(A));
const parent = anySequence();
const variant = (): Sequence => {
  const out = parent.slice();
  for (let i = 0; i < 3; i++) out[random.integer(L)] = random.integer(A);
  return out;
};
const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

type Kernel = (x: Sequence, z: Sequence) => number;

/** Pairs of letters by their definition, pair by pair. */
const brutePairs =
  (S: (a: number, b: number) => number): Kernel =>
  (x, z) => {
    let sum = 0;
    for (const p of positions) for (const q of positions) if (p < q) sum += S(x[p], z[p]) * S(x[q], z[q]);
    return sum;
  };
const pairsOf = (embedding: LetterEmbedding) => ({
  key: embedding.name,
  alphabetSize: A,
  between: (fixed: readonly Sequence[]) => pairKernel(embedding, positions, fixed),
});

const similarity = letterSimilarity();
const RATE = 0.7;
const cases = [
  {
    name: 'pairs of one-hot letters',
    source: pairsOf(oneHotLetters(PROTEIN)),
    definition: brutePairs((a, b) => Number(a === b)),
  },
  {
    name: 'pairs of similar letters',
    source: pairsOf(similarLetters(A)),
    definition: brutePairs((a, b) => similarity[a * A + b]),
  },
  {
    name: 'neighbours',
    source: {
      key: 'neighbours',
      alphabetSize: A,
      between: (fixed: readonly Sequence[]) => neighbourKernel(RATE, A, positions, fixed),
    },
    definition: (x: Sequence, z: Sequence) =>
      positions.reduce((product, p) => product * (x[p] === z[p] ? 1 : RATE), 1),
  },
];
const sets = [
  { kind: 'variants of a parent', draw: variant },
  { kind: 'sequences without a parent', draw: anySequence },
];

describe.each(cases)('$name through their kernel', ({ source, definition }) => {
  it.each(sets)('have the kernel of the definition: $kind', ({ draw }) => {
    const fixed = many(9, draw);
    const kernel = source.between(fixed);
    for (const x of [...many(5, draw), fixed[0]]) {
      const out = new Float64Array(11);
      kernel.write(x, out, 2);
      fixed.forEach((z, l) => expect(out[2 + l]).toBeCloseTo(definition(x, z), 9));
      expect(kernel.own(x)).toBeCloseTo(definition(x, x), 9);
    }
  });

  it.each(sets)('have features whose products with the rows are the kernel: $kind', async ({ draw }) => {
    const rows = [...new Map(many(41, draw).map((row) => [String(row), row])).values()];
    const { map } = lowRankFeatures(source, rows);
    const asked = [...many(67, draw), ...rows];
    const [phi, known] = [await map.features(asked), await map.features(rows)];
    const D = map.width;
    asked.forEach((x, b) =>
      rows.forEach((z, l) => {
        let product = 0;
        for (let j = 0; j < D; j++) product += phi[b * D + j] * known[l * D + j];
        expect(product).toBeCloseTo(definition(x, z), 7);
      }),
    );
  });

  it.each(sets)(
    'have the features of a row whoever stands beside it, and sums without features: $kind',
    async (set) => {
      const rows = many(23, set.draw);
      const { map } = lowRankFeatures(source, rows, { width: 15 });
      const D = map.width;
      const v = Float64Array.from({ length: D }, () => random.normal());
      const sum = map.sum?.(v);
      const asked = [...many(35, set.draw), ...rows];
      const together = await map.features(asked);
      for (const [b, x] of asked.entries()) {
        const own = together.slice(b * D, (b + 1) * D);
        if (b < 35) expect(await map.features([x])).toEqual(own);
        let wanted = 0;
        for (let j = 0; j < D; j++) wanted += v[j] * own[j];
        expect(sum?.(x)).toBeCloseTo(wanted, 7);
      }
    },
  );

  it.each(sets)(
    'keep features of their rows that the factor gives to any sequence: $kind',
    async ({ draw }) => {
      const rows = many(23, draw);
      const { map } = lowRankFeatures(source, rows, { width: 15 });
      // a position that the kernel does not read makes it another sequence with the same features
      const twins = rows.map((row) => {
        const twin = row.slice();
        twin[1] = (twin[1] + 1) % A;
        return twin;
      });
      const [own, solved] = [await map.features(rows), await map.features(twins)];
      own.forEach((value, i) => expect(solved[i]).toBeCloseTo(value, 6));
    },
  );

  it('have the gradient of the multilinear extension', async () => {
    const rows = many(23, variant);
    const { map } = lowRankFeatures(source, rows, { width: 15 });
    const x = variant();
    const v = Float64Array.from({ length: map.width }, () => random.normal());
    const { data } = await map.vjp([x], v, 1);
    const sum = map.sum?.(v);
    for (let i = 0; i < L; i++) {
      for (let a = 0; a < A; a++) {
        const y = x.slice();
        y[i] = a;
        const change = (sum?.(y) ?? NaN) - (sum?.(x) ?? NaN);
        expect(data[i * A + a] - data[i * A + x[i]]).toBeCloseTo(change, 7);
      }
    }
  });
});

describe('the rate of neighbours', () => {
  it('falls to 1/e over half the median distance, and over no less than one position', () => {
    const rows = ['AAAA', 'AAAC', 'CCCC'].map((text) =>
      Uint8Array.from(text, (letter) => 'AC'.indexOf(letter)),
    );
    // distances 1, 3, 4
    expect(neighbourRate([0, 1, 2, 3], rows)).toBeCloseTo(Math.exp(-1 / 1.5), 12);
    expect(neighbourRate([3], rows)).toBeCloseTo(Math.exp(-1), 12);
    expect(neighbourRate([0], rows.slice(0, 1))).toBeCloseTo(Math.exp(-1), 12);
  });

  it('does not depend on the order of the rows, of which many may be alike', () => {
    const positions = [0, 1, 2, 3, 4, 5];
    const close = Array.from({ length: 250 }, (_, i) => Uint8Array.from([i % 20, 0, 0, 0, 0, 0]));
    const far = Array.from({ length: 300 }, (_, i) => positions.map((p) => (i * (p + 3) + p * p) % 19)).map(
      (row) => Uint8Array.from(row),
    );
    const distances = [...close, ...far].flatMap((a, i, rows) =>
      rows.slice(0, i).map((b) => positions.filter((p) => a[p] !== b[p]).length),
    );
    const typical = distances.sort((a, b) => a - b)[distances.length >> 1];
    expect(typical).toBeGreaterThan(2);
    expect(neighbourRate(positions, [...close, ...far])).toBeCloseTo(Math.exp(-2 / typical), 12);
    expect(neighbourRate(positions, [...far, ...close])).toBeCloseTo(Math.exp(-2 / typical), 12);
  });
});
