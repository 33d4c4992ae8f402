import { Matrix, solve } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { DNA, PROTEIN } from '../../../src/core/alphabet.js';
import type { Sequence } from '../../../src/core/alphabet.js';
import { reverseComplement } from '../../../src/core/dna.js';
import { createRandom } from '../../../src/core/random.js';
import { tryCandidates } from '../../../src/proxy/evidence/choose.js';
import type { Trial } from '../../../src/proxy/evidence/choose.js';
import { collapseRows, dealFolds, nearDuplicateGroups } from '../../../src/proxy/evidence/groups.js';
import { divideRows } from '../../../src/proxy/evidence/parts.js';
import {
  CUBE_ROOT,
  IDENTITY,
  asinhTransform,
  logTransform,
  transformsFor,
} from '../../../src/proxy/evidence/transforms.js';
import { createTrials } from '../../../src/proxy/evidence/trials.js';
import { averageRanks } from '../../../src/stats/index.js';

const random = createRandom('choice');
const draw = (L: number, A: number): Sequence => Uint8Array.from({ length: L }, () => random.integer(A));

describe('collapseRows', () => {
  const sequences = Array.from({ length: 30 }, () => draw(9, 4));
  const scores = sequences.map(() => random.normal());

  it('puts replicates together, and twins where they agree', () => {
    const doubled = [...sequences, ...sequences.map(reverseComplement), sequences[0]];
    const rows = collapseRows(DNA, doubled, [...scores, ...scores, scores[0] + 3]);
    expect(rows.bothStrands).toBe(true);
    expect(rows.sequences).toHaveLength(30);
    expect(rows.scores[rows.classOfRow[0]]).toBeCloseTo(scores[0] + 1, 12);
    doubled.forEach((_, i) => expect(rows.classOfRow[i]).toBe(rows.classOfRow[i % 30]));
  });

  it('keeps strands apart where twins disagree, and proteins always', () => {
    const doubled = [...sequences, ...sequences.map(reverseComplement)];
    const rows = collapseRows(DNA, doubled, [...scores, ...scores.map(() => random.normal())]);
    expect(rows.bothStrands).toBe(false);
    expect(rows.sequences).toHaveLength(60);
    const protein = collapseRows(PROTEIN, doubled, [...scores, ...scores]);
    expect(protein.bothStrands).toBe(false);
  });
});

describe('nearDuplicateGroups', () => {
  it('finds what brute force finds', () => {
    const parents = Array.from({ length: 15 }, () => draw(60, 4));
    const sequences = parents.flatMap((parent) =>
      Array.from({ length: 3 }, (_, copy) =>
        parent.map((code) => (copy > 0 && random.uniform() < 0.03 ? random.integer(4) : code)),
      ),
    );
    const groups = nearDuplicateGroups(sequences, createRandom(1));
    // the median distance is about 45, so that up to 4 letters make a near-duplicate
    const linked = (a: Sequence, b: Sequence) => a.filter((code, i) => code !== b[i]).length <= 4;
    for (let i = 0; i < sequences.length; i++)
      for (let j = 0; j < i; j++) if (linked(sequences[i], sequences[j])) expect(groups[i]).toBe(groups[j]);
    expect(new Set(groups).size).toBeGreaterThanOrEqual(15);
    expect(new Set(groups).size).toBeLessThan(25);
  });

  it('says nothing of libraries of close mutants', () => {
    const wildType = draw(50, 20);
    const mutants = Array.from({ length: 40 }, () => {
      const mutant = wildType.slice();
      for (let m = 0; m < 3; m++) mutant[random.integer(50)] = random.integer(20);
      return mutant;
    });
    expect(new Set(nearDuplicateGroups(mutants, createRandom(1))).size).toBe(40);
  });
});

describe('divideRows', () => {
  it('asks for every row once and never divides a group', () => {
    const groups = Uint32Array.from({ length: 100 }, () => random.integer(30));
    const scores = Array.from({ length: 100 }, () => random.normal());
    const { folds, foldOfRow, beyond } = divideRows(scores, groups, createRandom(2));
    const asked = folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b);
    expect(asked).toEqual(Array.from({ length: 100 }, (_, i) => i));
    groups.forEach((group, i) => expect(foldOfRow[groups.indexOf(group)]).toBe(foldOfRow[i]));
    for (const { train, test } of folds) expect(train.length + test.length).toBe(100);
    const highest = Math.max(...[...beyond.train].map((row) => scores[row]));
    expect([...beyond.test].every((row) => scores[row] >= highest)).toBe(true);
    expect(beyond.test).toHaveLength(30);
  });

  it('deals folds of even size', () => {
    const fold = dealFolds(
      Uint32Array.from({ length: 53 }, (_, i) => i),
      5,
      createRandom(3),
    );
    const sizes = [0, 1, 2, 3, 4].map((k) => fold.filter((each) => each === k).length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });
});

describe('transforms', () => {
  it.each([IDENTITY, CUBE_ROOT, asinhTransform(0.3), logTransform(0.2)])(
    '$name goes back and has its slope',
    (t) => {
      for (const score of [0, 0.01, 0.5, 3, 40]) {
        expect(t.invert(t.apply(score))).toBeCloseTo(score, 9);
        if (t.logSlope === null || score === 0) continue;
        const h = 1e-6 * score;
        const slope = (t.apply(score + h) - t.apply(score - h)) / (2 * h);
        expect(t.logSlope(score)).toBeCloseTo(Math.log(slope), 5);
      }
    },
  );

  it('are offered to scores that pile up near zero only', () => {
    const symmetric = Array.from({ length: 200 }, () => random.normal());
    expect(transformsFor(symmetric)).toEqual([IDENTITY]);
    const dead = Array.from(
      { length: 200 },
      () => Math.exp(2 * random.normal()) * (random.uniform() < 0.5 ? 0 : 1),
    );
    const names = transformsFor(dead).map(({ name }) => name);
    expect(names).toContain('cube root');
    expect(names.some((name) => name.startsWith('log'))).toBe(true);
    for (const transform of transformsFor(dead))
      expect(dead.every((score) => Number.isFinite(transform.apply(score)))).toBe(true);
  });
});

describe('createTrials', () => {
  it.each([
    ['sums', 60],
    ['kernels', 12],
  ])('fits by %s what ridge with an intercept fits', (_, N) => {
    const widths = [3, 4, 5];
    const phi = Float64Array.from({ length: N * 12 }, () => random.normal());
    const targets = [0, 1].map(() => Float64Array.from({ length: N }, () => random.normal()));
    const all = Uint32Array.from({ length: N }, (_v, i) => i);
    const parts = [
      { train: all.filter((i) => i % 3 > 0), test: all.filter((i) => i % 3 === 0) },
      { train: all.filter((i) => i % 3 < 2), test: all.filter((i) => i % 3 === 2) },
    ];
    const predicted = createTrials({ phi, widths, targets, parts }).predict([0, 2], 0.3);
    const columns = [0, 1, 2, 7, 8, 9, 10, 11];
    const row = (i: number) => [1, ...columns.map((j) => phi[i * 12 + j])];
    parts.forEach(({ train, test }, p) => {
      const A = new Matrix(Array.from(train, row));
      const normal = A.transpose()
        .mmul(A)
        .add(Matrix.diag([0, ...columns.map(() => 0.6)]));
      targets.forEach((y, t) => {
        const w = solve(normal, A.transpose().mmul(Matrix.columnVector(Array.from(train, (i) => y[i]))));
        test.forEach((i, at) => {
          const expected = new Matrix([row(i)]).mmul(w).get(0, 0);
          expect(predicted[p][t][at]).toBeCloseTo(expected, 9);
        });
      });
    });
  });
});

describe('tryCandidates', () => {
  it('prefers the block that carries the signal and the scale on which it is linear', async () => {
    const N = 150;
    const phi = Float64Array.from({ length: N * 6 }, () => random.normal() / Math.sqrt(3));
    const log = Float64Array.from(
      { length: N },
      (_, i) => 2 * phi[i * 6] - phi[i * 6 + 1] + 0.2 * random.normal(),
    );
    const trials = await tryCandidates({
      phi,
      widths: [3, 3],
      scores: log.map(Math.exp),
      transforms: [IDENTITY, logTransform(1e-3)],
      sets: [[0], [1], [0, 1]],
      ridges: [1e-6, 0.3],
      groups: Uint32Array.from({ length: N }, (_, i) => i),
      random: createRandom(4),
    });
    expect(trials).toHaveLength(12);
    expect(trials[0].blocks).toContain(0);
    expect(trials.at(-1)?.blocks).toEqual([1]);
    expect(trials[0].within).toBeGreaterThan(0.5);
    for (let i = 1; i < 12; i++) expect(trials[i].rank).toBeGreaterThanOrEqual(trials[i - 1].rank);
  });

  it('ranks by what folds tell; where the table was cut off, by what lies beyond too', async () => {
    const N = 200;
    const phi = Float64Array.from({ length: 3 * N }, () => random.normal());
    const scores = Float64Array.from({ length: N }, (_, i) => Math.exp(phi[3 * i] + random.normal()));
    const tryOn = (cutOff: boolean) =>
      tryCandidates({
        ...{ phi, widths: [1, 1, 1], scores, transforms: [IDENTITY], ridges: [1e-6, 0.3, 3], cutOff },
        sets: [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]],
        groups: Uint32Array.from({ length: N }, (_, i) => i),
        random: createRandom(5),
      });
    const place = (trials: Trial[], by: (trial: Trial) => number) => averageRanks(trials.map((t) => -by(t)));
    const whole = await tryOn(false);
    expect(whole.map(({ rank }) => rank)).toEqual([...place(whole, ({ within }) => within)]);
    const cut = await tryOn(true);
    const sums = [({ within }: Trial) => within, ({ beyond }: Trial) => beyond, ({ picks }: Trial) => picks]
      .map((by) => place(cut, by))
      .reduce((a, b) => a.map((value, i) => value + b[i]));
    expect(cut.map(({ rank }) => rank)).toEqual([...sums]);
    expect(sums).not.toEqual(place(cut, ({ within }) => within));
  });
});
