import { describe, expect, it } from 'vitest';
import { DNA, PROTEIN, decode, encode } from '../../../src/core/alphabet.js';
import type { Sequence } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { avoidedPairs, withAvoidedPairs } from '../../../src/proxy/blocks/avoided-pairs.js';
import { fitBlocks } from '../../../src/proxy/blocks/fit-blocks.js';
import { kmerFeatures } from '../../../src/proxy/blocks/kmers.js';
import { oneHotLetters } from '../../../src/proxy/blocks/letters.js';
import { motifPairFeatures } from '../../../src/proxy/blocks/motif-pairs.js';
import { siteFeatures } from '../../../src/proxy/blocks/sites.js';

const random = createRandom('avoided pairs');
const draw = (L: number, letters: number): Sequence =>
  Uint8Array.from({ length: L }, () => random.integer(letters));

/** Random sequences of the first few letters without the banned pairs. */
function library(N: number, L: number, letters: string, banned: readonly string[]): Sequence[] {
  const found = new Map<string, Sequence>();
  while (found.size < N) {
    const text = Array.from({ length: L }, () => letters[random.integer(letters.length)]).join('');
    if (!banned.some((pair) => text.includes(pair))) found.set(text, encode(PROTEIN, text));
  }
  return [...found.values()];
}

describe('avoidedPairs', () => {
  const banned = ['AC', 'DD', 'EA'];

  it('finds the pairs that a library never has, and no others', () => {
    const found = avoidedPairs(PROTEIN, library(400, 10, 'ACDE', banned));
    expect(found?.names).toEqual(banned);
    expect(found?.mask.reduce((sum, is) => sum + is, 0)).toBe(banned.length);
    expect(found?.mask[PROTEIN.code('A') * PROTEIN.size + PROTEIN.code('C')]).toBe(1);
  });

  it('does not call avoided what few rows had no chance to show', () => {
    expect(avoidedPairs(PROTEIN, library(8, 10, 'ACDE', banned))).toBeNull();
    expect(avoidedPairs(PROTEIN, library(400, 10, 'ACDE', []))).toBeNull();
  });

  it('asks how often letters are at their positions: letters that never could meet avoid nothing', () => {
    // A stands first, C last, whatever is between
    const rows = Array.from({ length: 300 }, (_, i) =>
      encode(PROTEIN, `A${'DE'[i % 2]}${'DE'[(i >> 1) % 2]}C`),
    );
    expect(avoidedPairs(PROTEIN, rows)).toBeNull();
  });

  it('says nothing of sequences of several lengths', () => {
    const rows = library(400, 10, 'ACDE', banned);
    expect(avoidedPairs(PROTEIN, [...rows, rows[0].slice(1)])).toBeNull();
  });
});

describe('withAvoidedPairs', () => {
  const A = DNA.size;
  const L = 6;
  const mask = Uint8Array.from({ length: A * A }, (_, pair) => Number(pair % 5 === 2));
  const avoided = { mask, names: ['x'], length: L };
  const sequences = Array.from({ length: 6 }, () => draw(L, A));
  const countIn = (p: number[][]) => {
    let sum = 0;
    for (let i = 1; i < p.length; i++)
      for (let a = 0; a < A; a++) for (let b = 0; b < A; b++) sum += mask[a * A + b] * p[i - 1][a] * p[i][b];
    return sum;
  };
  const oneHot = (x: Sequence) =>
    Array.from(x, (code) => Array.from({ length: A }, (_, a) => Number(a === code)));

  it.each([
    ['tables', siteFeatures(oneHotLetters(DNA), [0, 2, 5])],
    ['a short sum', motifPairFeatures(A, 2)],
    ['features alone', kmerFeatures(A, 2)],
  ])('adds their number to features with %s', async (_, inner) => {
    const map = withAvoidedPairs(inner, avoided);
    const D = inner.width + 1;
    expect(map.width).toBe(D);
    const [phi, own] = [await map.features(sequences), await inner.features(sequences)];
    sequences.forEach((x, b) => {
      expect(phi.slice(b * D, (b + 1) * D - 1)).toEqual(own.slice(b * (D - 1), (b + 1) * (D - 1)));
      expect(phi[(b + 1) * D - 1]).toBe(countIn(oneHot(x)));
    });
    const v = Float64Array.from({ length: D }, () => random.normal());
    const wanted = sequences.map((_x, b) => v.reduce((sum, w, j) => sum + w * phi[b * D + j], 0));
    const sum = map.sum?.(v);
    const tables = map.tables?.(v);
    expect([sum !== undefined, tables !== undefined]).toEqual([
      inner.sum !== undefined,
      inner.tables !== undefined,
    ]);
    sequences.forEach((x, b) => {
      if (sum) expect(sum(x)).toBeCloseTo(wanted[b], 12);
      if (!tables) return;
      let total = 0;
      for (const { position, values } of tables.sites) total += values[x[position]];
      for (const { first, second, letters, values } of tables.pairs)
        total += values[x[first] * letters + x[second]];
      expect(total).toBeCloseTo(wanted[b], 12);
    });
  });

  it('has the slopes of the inner features and of the number, which is linear in each position', async () => {
    const inner = siteFeatures(oneHotLetters(DNA), [1, 4]);
    const map = withAvoidedPairs(inner, avoided);
    const [D, K] = [map.width, 2];
    const v = Float64Array.from({ length: sequences.length * K * D }, () => random.normal());
    const { data } = await map.vjp(sequences, v, K);
    sequences.forEach((x, b) => {
      for (let copy = b * K; copy < (b + 1) * K; copy++) {
        for (let i = 0; i < L; i++) {
          for (let a = 0; a < A; a++) {
            const [p, q] = [oneHot(x), oneHot(x)];
            p[i][a] += 1;
            const site = [1, 4].indexOf(i);
            const inside = site < 0 ? 0 : v[copy * D + site * A + a];
            const slope = inside + v[copy * D + D - 1] * (countIn(p) - countIn(q));
            expect(data[(copy * L + i) * A + a]).toBeCloseTo(slope, 12);
          }
        }
      }
    });
  });
});

describe('fitBlocks on a library that avoids pairs', () => {
  const banned = ['AC', 'DE'];
  const rows = library(300, 12, 'ACDEFG', banned);
  const scores = rows.map(
    (row) => [...decode(PROTEIN, row)].filter((letter) => letter === 'A').length + random.normal() / 5,
  );

  it('counts each against a sequence as much as the measured scores are apart, and says so', async () => {
    const fit = await fitBlocks({
      ...{ alphabet: PROTEIN, sequences: rows, scores },
      only: ['onehot', 'physchem'],
      options: { transforms: false },
      random: createRandom(0),
    });
    expect(fit.report.avoided).toEqual(banned);
    const range = (Math.max(...scores) - Math.min(...scores)) / fit.scale.std;
    // effects of single letters are small beside it, and the same letters in another order have them too
    const texts = ['GGGGGGGGGGAC', 'GGGGGACGGGAC'];
    const predicted = await fit.predict(texts.map((text) => encode(PROTEIN, text)));
    const D = fit.featureMap.width;
    const phi = await fit.featureMap.features(texts.map((text) => encode(PROTEIN, text)));
    texts.forEach((_, i) => {
      const features = phi.subarray(i * D, (i + 1) * D);
      expect(predicted[i]).toBeCloseTo(fit.head.predict(features), 8);
    });
    const without = [...fit.head.weights];
    const column = without.indexOf(Math.min(...without));
    [1, 2].forEach((pairs, i) =>
      expect(without[column] * phi[i * D + column]).toBeCloseTo(-pairs * range, 8),
    );
    const few = await fit.predict(rows.slice(0, 20));
    expect(Math.min(...few)).toBeGreaterThan(Math.max(...predicted));
  });

  it('finds none in a library without', async () => {
    const free = library(300, 12, 'ACDEFG', []);
    const fit = await fitBlocks({
      ...{ alphabet: PROTEIN, sequences: free, scores: free.map((row) => row[0] + random.normal()) },
      only: ['onehot'],
      random: createRandom(0),
    });
    expect(fit.report.avoided).toEqual([]);
  });
});
