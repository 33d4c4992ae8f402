import { describe, expect, it } from 'vitest';
import { DNA, PROTEIN } from '../../../src/core/alphabet.js';
import type { Sequence } from '../../../src/core/alphabet.js';
import { reverseComplement } from '../../../src/core/dna.js';
import type { FeatureMap } from '../../../src/core/feature-map.js';
import { createRandom } from '../../../src/core/random.js';
import { bothStrands } from '../../../src/proxy/blocks/both-strands.js';
import { kmerFeatures, spacedPairFeatures } from '../../../src/proxy/blocks/kmers.js';
import {
  letterSimilarity,
  oneHotLetters,
  physicoChemicalLetters,
  similarLetters,
} from '../../../src/proxy/blocks/letters.js';
import type { LetterEmbedding } from '../../../src/proxy/blocks/letters.js';
import { lowRankFeatures } from '../../../src/proxy/blocks/low-rank.js';
import { pairKernel } from '../../../src/proxy/blocks/pair-kernel.js';
import { pairFeatures } from '../../../src/proxy/blocks/pairs.js';
import { AMINO_ACID_SCALES } from '../../../src/proxy/blocks/scales.js';
import { siteFeatures } from '../../../src/proxy/blocks/sites.js';

const random = createRandom('blocks');
const draw = (L: number, A: number): Sequence => Uint8Array.from({ length: L }, () => random.integer(A));

/** A relaxed sequence: p[i][a]. */
type Relaxed = number[][];
type RelaxedMap = (p: Relaxed) => number[];
const vectorAt = ({ vectors, width, letters }: LetterEmbedding, p: number[]): number[] =>
  Array.from({ length: width }, (_, j) =>
    Array.from({ length: letters }, (_v, a) => p[a] * vectors[a * width + j]).reduce((x, y) => x + y, 0),
  );

const relaxedSites =
  (letters: LetterEmbedding, positions: number[]): RelaxedMap =>
  (p) =>
    positions.flatMap((i) => vectorAt(letters, p[i]));
const relaxedPairs =
  (letters: LetterEmbedding, positions: number[]): RelaxedMap =>
  (p) =>
    positions.flatMap((i, at) =>
      positions.slice(at + 1).flatMap((j) => {
        const [u, v] = [vectorAt(letters, p[i]), vectorAt(letters, p[j])];
        return u.flatMap((x) => v.map((y) => x * y));
      }),
    );
const relaxedKmers =
  (A: number, k: number): RelaxedMap =>
  (p) => {
    const out = new Array<number>(A ** k).fill(0);
    const windows = p.length - k + 1;
    for (let word = 0; word < A ** k; word++) {
      for (let i = 0; i < windows; i++) {
        let product = 1;
        for (let j = 0; j < k; j++) product *= p[i + j][Math.floor(word / A ** (k - 1 - j)) % A];
        out[word] += product / windows;
      }
    }
    return out;
  };
const relaxedSpaced =
  (A: number, reach: number): RelaxedMap =>
  (p) =>
    Array.from({ length: reach }, (_, d) => d + 1).flatMap((d) =>
      Array.from({ length: A * A }, (_, ab) => {
        let sum = 0;
        for (let i = 0; i + d < p.length; i++)
          sum += (p[i][Math.floor(ab / A)] * p[i + d][ab % A]) / (p.length - d);
        return sum;
      }),
    );
/** The other strand of a relaxed DNA sequence. */
const otherStrand = (p: Relaxed): Relaxed => [...p].reverse().map((row) => [...row].reverse());
const relaxedBoth =
  (map: RelaxedMap): RelaxedMap =>
  (p) => {
    const other = map(otherStrand(p));
    return map(p).map((value, j) => (value + other[j]) / 2);
  };

const oneHot = (sequence: Sequence, A: number): Relaxed =>
  [...sequence].map((code) => Array.from({ length: A }, (_, a) => (a === code ? 1 : 0)));
const product = (v: ArrayLike<number>, phi: ArrayLike<number>) => {
  let sum = 0;
  for (let j = 0; j < v.length; j++) sum += v[j] * phi[j];
  return sum;
};

interface Case {
  name: string;
  A: number;
  L: number;
  map: FeatureMap;
  /** The same features by the definition, of relaxed sequences. */
  relaxed: RelaxedMap;
}

const dna = oneHotLetters(DNA);
const cases: Case[] = [
  { name: 'onehot', A: 20, L: 5, letters: oneHotLetters(PROTEIN), positions: [0, 2, 3] },
  { name: 'physchem', A: 20, L: 4, letters: physicoChemicalLetters(), positions: [1, 3] },
  { name: 'similarity', A: 20, L: 4, letters: similarLetters(), positions: [0, 1, 2, 3] },
].map(({ name, A, L, letters, positions }) => ({
  name,
  A,
  L,
  map: siteFeatures(letters, positions),
  relaxed: relaxedSites(letters, positions),
}));
cases.push(
  { name: 'pairs', A: 4, L: 6, map: pairFeatures(dna, [0, 2, 5]), relaxed: relaxedPairs(dna, [0, 2, 5]) },
  {
    name: 'similarity pairs',
    A: 20,
    L: 3,
    map: pairFeatures(similarLetters(), [0, 1, 2]),
    relaxed: relaxedPairs(similarLetters(), [0, 1, 2]),
  },
  { name: '3-mers', A: 4, L: 8, map: kmerFeatures(4, 3), relaxed: relaxedKmers(4, 3) },
  { name: 'spaced pairs', A: 4, L: 7, map: spacedPairFeatures(4, 5), relaxed: relaxedSpaced(4, 5) },
);

describe.each(cases)('block $name', ({ A, L, map, relaxed }) => {
  const sequences = Array.from({ length: 3 }, () => draw(L, A));

  it('has the features of its definition', async () => {
    const phi = await map.features(sequences);
    sequences.forEach((sequence, b) => {
      relaxed(oneHot(sequence, A)).forEach((value, j) =>
        expect(phi[b * map.width + j]).toBeCloseTo(value, 12),
      );
    });
  });

  it('has the gradient of its multilinear extension, by central differences, for several cotangents', async () => {
    const K = 2;
    const cotangents = Float64Array.from({ length: sequences.length * K * map.width }, () => random.normal());
    const { data, alphabetSize } = await map.vjp(sequences, cotangents, K);
    expect(alphabetSize).toBe(A);
    const h = 1e-3;
    sequences.forEach((sequence, b) => {
      for (let k = 0; k < K; k++) {
        const v = cotangents.subarray((b * K + k) * map.width, (b * K + k + 1) * map.width);
        for (let check = 0; check < 15; check++) {
          const [i, a] = [random.integer(L), random.integer(A)];
          const at = (step: number) => {
            const p = oneHot(sequence, A);
            p[i][a] += step;
            return product(v, relaxed(p));
          };
          const slope = (at(h) - at(-h)) / (2 * h);
          expect(data[((b * K + k) * L + i) * A + a]).toBeCloseTo(slope, 8);
        }
      }
    });
  });

  it('gives the exact change of a single substitution', async () => {
    const [x] = sequences;
    const v = Float64Array.from({ length: map.width }, () => random.normal());
    const { data } = await map.vjp([x], v, 1);
    const before = product(v, await map.features([x]));
    for (let i = 0; i < L; i++) {
      for (let a = 0; a < A; a++) {
        const y = x.slice();
        y[i] = a;
        const change = product(v, await map.features([y])) - before;
        expect(data[i * A + a] - data[i * A + x[i]]).toBeCloseTo(change, 10);
      }
    }
  });
});

describe('letters', () => {
  it('have 20 values on each scale, from published tables', () => {
    for (const { values, source } of AMINO_ACID_SCALES) {
      expect(values).toHaveLength(20);
      expect(values.every(Number.isFinite)).toBe(true);
      expect(source).toMatch(/\d{4}/);
    }
    const hydropathy = AMINO_ACID_SCALES[0].values;
    expect(PROTEIN.letters[hydropathy.indexOf(Math.max(...hydropathy))]).toBe('I');
    expect(PROTEIN.letters[hydropathy.indexOf(Math.min(...hydropathy))]).toBe('R');
  });

  it.each([
    [20, 1e-12],
    [undefined, 0.12],
  ])('are compared by the Gaussian kernel, at rank %s within %d', (rank, tolerance) => {
    const S = letterSimilarity();
    const { vectors, width } = similarLetters(rank);
    let missing = 0;
    for (let a = 0; a < 20; a++) {
      for (let b = 0; b < 20; b++) {
        const inner = product(
          vectors.subarray(a * width, (a + 1) * width),
          vectors.subarray(b * width, (b + 1) * width),
        );
        expect(Math.abs(inner - S[a * 20 + b])).toBeLessThan(tolerance);
        if (a === b) missing += (1 - inner) / 20;
      }
    }
    expect(missing).toBeLessThan(0.035);
    const code = (letter: string) => PROTEIN.code(letter);
    expect(S[code('I') * 20 + code('V')]).toBeGreaterThan(0.7);
    expect(S[code('I') * 20 + code('D')]).toBeLessThan(0.3);
  });
});

const stranded = [
  {
    name: 'onehot',
    map: siteFeatures(dna, [0, 1, 2, 3, 4, 5]),
    relaxed: relaxedSites(dna, [0, 1, 2, 3, 4, 5]),
    halves: true,
  },
  {
    name: 'pairs',
    map: pairFeatures(dna, [0, 1, 4, 5]),
    relaxed: relaxedPairs(dna, [0, 1, 4, 5]),
    halves: true,
  },
  {
    name: 'lopsided',
    map: siteFeatures(dna, [0, 1, 4]),
    relaxed: relaxedSites(dna, [0, 1, 4]),
    halves: false,
  },
  { name: '2-mers', map: kmerFeatures(4, 2), relaxed: relaxedKmers(4, 2), halves: true },
  { name: '3-mers', map: kmerFeatures(4, 3), relaxed: relaxedKmers(4, 3), halves: true },
  { name: 'spaced pairs', map: spacedPairFeatures(4, 4), relaxed: relaxedSpaced(4, 4), halves: true },
];

describe.each(stranded)('both strands of $name', ({ map, relaxed, halves }) => {
  const both = bothStrands(map);
  const average = relaxedBoth(relaxed);
  const sequences = Array.from({ length: 4 }, () => draw(6, 4));

  it('have the kernel of the average over strands, with fewer features', async () => {
    const phi = await both.features(sequences);
    const row = (b: number) => phi.subarray(b * both.width, (b + 1) * both.width);
    sequences.forEach((x, a) => {
      sequences.forEach((y, b) => {
        const exact = product(average(oneHot(x, 4)), average(oneHot(y, 4)));
        expect(product(row(a), row(b))).toBeCloseTo(exact, 12);
      });
    });
    if (halves) expect(both.width).toBeLessThan(0.7 * map.width);
    const other = await both.features(sequences.map(reverseComplement));
    other.forEach((value, i) => expect(value).toBeCloseTo(phi[i], 12));
  });

  it('have gradients that are the exact change of single substitutions', async () => {
    const v = Float64Array.from({ length: sequences.length * both.width }, () => random.normal());
    const { data } = await both.vjp(sequences, v, 1);
    for (const [b, x] of sequences.entries()) {
      const w = v.subarray(b * both.width, (b + 1) * both.width);
      const before = product(w, await both.features([x]));
      for (let i = 0; i < 6; i++) {
        for (let a = 0; a < 4; a++) {
          const y = x.slice();
          y[i] = a;
          const change = product(w, await both.features([y])) - before;
          expect(data[(b * 6 + i) * 4 + a] - data[(b * 6 + i) * 4 + x[i]]).toBeCloseTo(change, 10);
        }
      }
    }
  });
});

describe('low-rank pairs', () => {
  const positions = [0, 1, 2, 3, 4];
  const rows = Array.from({ length: 30 }, () => draw(5, 20));
  const explicit = pairFeatures(similarLetters(), positions);
  const pairs = {
    key: 'pairs',
    alphabetSize: 20,
    between: (fixed: readonly Sequence[]) => pairKernel(similarLetters(), positions, fixed),
  };

  it('with all rows as landmarks have their kernel exactly', async () => {
    const { map, error } = lowRankFeatures(pairs, rows);
    expect(error).toBeLessThan(1e-9);
    const [phi, exact] = [await map.features(rows), await explicit.features(rows)];
    for (let a = 0; a < rows.length; a++) {
      for (let b = 0; b < rows.length; b++) {
        const inner = product(
          phi.subarray(a * map.width, (a + 1) * map.width),
          phi.subarray(b * map.width, (b + 1) * map.width),
        );
        const wanted = product(
          exact.subarray(a * explicit.width, (a + 1) * explicit.width),
          exact.subarray(b * explicit.width, (b + 1) * explicit.width),
        );
        expect(inner).toBeCloseTo(wanted, 8);
      }
    }
  });

  it('with fewer report the share of the trace that they miss', async () => {
    const { map, error } = lowRankFeatures(pairs, rows, { width: 12 });
    expect(map.width).toBe(12);
    const [phi, exact] = [await map.features(rows), await explicit.features(rows)];
    expect(1 - product(phi, phi) / product(exact, exact)).toBeCloseTo(error, 10);
    expect(error).toBeGreaterThan(0.01);
  });

  it('have the exact change of single substitutions', async () => {
    const { map } = lowRankFeatures(pairs, rows, { width: 12 });
    const x = draw(5, 20);
    const v = Float64Array.from({ length: map.width }, () => random.normal());
    const { data } = await map.vjp([x], v, 1);
    const before = product(v, await map.features([x]));
    for (let i = 0; i < 5; i++) {
      for (let a = 0; a < 20; a++) {
        const y = x.slice();
        y[i] = a;
        const change = product(v, await map.features([y])) - before;
        expect(data[i * 20 + a] - data[i * 20 + x[i]]).toBeCloseTo(change, 8);
      }
    }
  });
});
