import path from 'node:path';
import { Matrix, solve } from 'ml-matrix';
import { beforeAll, describe, expect, it } from 'vitest';
import { decode, DNA, encode, hammingDistance, PROTEIN, type Sequence } from '../../../src/core/alphabet.js';
import { createRandom } from '../../../src/core/random.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { letterLogProbabilities } from '../../../src/lm/score/marginals.js';
import { fitBlocks, type BlocksFit } from '../../../src/proxy/blocks/fit-blocks.js';
import { createPool } from '../../../src/runtime/pool.js';
import { hideResidues, hideScores, verifyByFobar } from '../../../src/verify/index.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';

const random = createRandom('fobar');
const L = 6;
const letters = () => Uint8Array.from({ length: L }, () => random.integer(4));

function distinct(count: number, taken = new Set<string>()): Sequence[] {
  const found: Sequence[] = [];
  while (found.length < count) {
    const sequence = letters();
    if (taken.has(sequence.join())) continue;
    taken.add(sequence.join());
    found.push(sequence);
  }
  return found;
}

const taken = new Set<string>();
const sequences = distinct(60, taken);
const effects = Float64Array.from({ length: L * 4 }, () => random.normal());
const truth = (sequence: Sequence) => sequence.reduce((sum, code, i) => sum + effects[i * 4 + code], 0);
const scores = sequences.map((sequence) => truth(sequence) + 0.5 * random.normal());
const candidates = distinct(20, taken);
const measured = { alphabet: DNA, sequences, scores };
let fit: BlocksFit;

beforeAll(async () => {
  fit = await fitBlocks({ ...measured, random: createRandom(0), options: { heads: 10 } });
});

const request = () => ({ measured, fit, candidates, random: createRandom(1) });

/** The regression solved anew for a hidden row: `[[K + noise I, 1], [1^T, 0]] [dual, intercept] = [y, 0]`. */
async function bruteForce(candidate: Sequence, hidden: number): Promise<number> {
  const others = sequences.filter((_, i) => i !== hidden);
  const D = fit.featureMap.width;
  const features = await fit.featureMap.features([...others, candidate, sequences[hidden]]);
  const row = (i: number) => [...features.subarray(i * D, (i + 1) * D)];
  const [own, asked] = [others.length, others.length + 1];
  const y = scores.filter((_, i) => i !== hidden).map((score) => fit.scale.fromUserUnits(score));
  const X = new Matrix(Array.from({ length: asked }, (_, i) => row(i)));
  const border = Matrix.ones(asked + 1, asked + 1);
  border.setSubMatrix(X.mmul(X.transpose()), 0, 0);
  for (let i = 0; i < asked; i++) border.set(i, i, border.get(i, i) + fit.posterior.noise);
  border.set(asked, asked, 0);
  const right = Matrix.columnVector([...y, fit.head.predict(row(own)), 0]);
  const solution = solve(border, right).to1DArray();
  const inner = X.mmul(Matrix.columnVector(row(asked))).to1DArray();
  const z = inner.reduce((sum, value, i) => sum + value * solution[i], solution[asked]);
  return fit.scale.toUserUnits(z);
}

describe('hidden scores', () => {
  const hide = (spreads?: (number | null)[]) =>
    hideScores({
      ...request(),
      ...{
        measured: { ...measured, spreads },
        candidates: candidates.slice(0, 3),
        neighbours: 4,
        rows: 1000,
      },
    });

  it('are predicted as by the regression solved anew', async () => {
    for (const [c, { hidden }] of (await hide()).entries()) {
      expect(hidden).toHaveLength(4);
      for (const { row, predicted } of hidden)
        expect(predicted).toBeCloseTo(await bruteForce(candidates[c], row), 6);
    }
  });

  it('are those of the rows nearest by Hamming distance', async () => {
    for (const [c, { hidden }] of (await hide()).entries()) {
      const distances = sequences.map((sequence) => hammingDistance(sequence, candidates[c]));
      expect(hidden.map(({ distance }) => distance)).toEqual(
        [...distances].sort((a, b) => a - b).slice(0, 4),
      );
      hidden.forEach(({ row, distance, score }) =>
        expect({ distance, score }).toEqual({ distance: distances[row], score: scores[row] }),
      );
    }
  });

  it('are recovered within the spread of replicates where there is one', async () => {
    const wide = await hide(sequences.map(() => 1e6));
    expect(wide.flatMap(({ hidden }) => hidden).every(({ recovered }) => recovered)).toBe(true);
    const narrow = await hide(sequences.map(() => 1e-9));
    expect(narrow.flatMap(({ hidden }) => hidden).some(({ recovered }) => recovered)).toBe(false);
    const none = await hide(sequences.map(() => null));
    expect(none).toEqual(await hide());
    expect(await hide(sequences.map(() => 0))).toEqual(none);
  });

  it('are never those of the candidate itself', async () => {
    const [own] = await hideScores({ ...request(), candidates: [sequences[5]], neighbours: 59, rows: 1000 });
    expect(own.hidden.map(({ row }) => row)).not.toContain(5);
    expect(own.hidden).toHaveLength(59);
  });

  it('come from a seeded sample of a large table', async () => {
    const some = () => hideScores({ ...request(), neighbours: 50, rows: 20 });
    const [first, second] = [await some(), await some()];
    expect(first).toEqual(second);
    expect(new Set(first.flatMap(({ hidden }) => hidden.map(({ row }) => row))).size).toBe(20);
  });
});

describe('verifyByFobar', () => {
  it('combines votes and recoveries, and ranks by both', async () => {
    const result = await verifyByFobar(request());
    expect(result).toMatchObject({ chains: 10, best: 5, fallback: false });
    const shares = result.candidates.map(({ forward }) => forward);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(5, 10);
    const total = result.candidates.reduce((sum, { combined }) => sum + combined, 0);
    expect(total).toBeCloseTo(1, 12);
    for (const { recovered, asked, backward, scores: hidden } of result.candidates) {
      expect(asked).toBe(8);
      expect(recovered).toBe(hidden.filter((one) => one.recovered).length);
      expect(backward).toBe(recovered / 8);
    }
    const byOrder = result.order.map((c) => result.candidates[c]);
    byOrder.slice(1).forEach(({ combined, predicted }, i) => {
      const before = byOrder[i];
      expect(before.combined > combined || before.predicted >= predicted).toBe(true);
    });
  });

  it('with alpha 1 ranks by the votes, with alpha 0 by the recoveries', async () => {
    const descending = (values: number[]) => values.slice(1).every((value, i) => values[i] >= value);
    const by = async (alpha: number) => {
      const { order, candidates: all } = await verifyByFobar({ ...request(), options: { alpha } });
      return order.map((c) => all[c]);
    };
    expect(descending((await by(1)).map(({ forward }) => forward))).toBe(true);
    expect(descending((await by(0)).map(({ recovered }) => recovered))).toBe(true);
  });

  it('falls back to the votes, and says so, where nothing is recovered', async () => {
    const impossible = { ...measured, spreads: sequences.map(() => 1e-9) };
    const result = await verifyByFobar({ ...request(), measured: impossible });
    expect(result.fallback).toBe(true);
    expect(result.notes[0]).toContain('the forward vote decided alone');
    result.candidates.forEach(({ forward, combined }) => expect(combined).toBeCloseTo(forward / 5, 12));
  });

  it('says so where all candidates have the same count', async () => {
    const trivial = { ...measured, spreads: sequences.map(() => 1e6) };
    const result = await verifyByFobar({ ...request(), measured: trivial });
    expect(result.spread).toMatchObject({ min: 8, max: 8, distinct: 1, apart: false });
    expect(result.notes.join()).toContain('does not tell them apart');
    expect(result.notes.join()).toContain('of 160 hidden scores the candidates changed 0');
  });

  it.each([
    [{ candidates: [] }, 'there are no candidates'],
    [{ candidates: [encode(DNA, 'ACGT')] }, 'candidate 1 has a length that was not measured'],
    [{ options: { hidden: 0 } }, 'option hidden is wrong'],
    [{ options: { rows: 2.5 } }, 'option rows is wrong'],
    [{ options: { best: 21 } }, 'cannot vote for so many'],
    [{ options: { alpha: 2 } }, 'alpha is out of range'],
    [{ hide: 'residues' as const }, 'without a language model'],
  ])('refuses %o', async (wrong, message) => {
    await expect(verifyByFobar({ ...request(), ...wrong })).rejects.toThrow(message);
  });

  it('can be cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(verifyByFobar({ ...request(), signal })).rejects.toThrow('cancelled');
  });
});

describe('hidden residues', () => {
  const folder = path.join(temporaryFolder(), 'tiny');
  const family = ['MKTAYIAKQR', 'MKTGYIAKQR', 'MKTAYIWKQR'].map((text) => encode(PROTEIN, text));
  const proteins = ['MKTCYIAKQR', 'MKTAYICKQR', 'WKTAYIAKQR'].map((text) => encode(PROTEIN, text));

  it('are the conserved ones nearest to the changes, recovered where the model prefers them', async () => {
    await writeTinyModel(folder);
    const model = await openLanguageModel(folder);
    const pool = createPool(1);
    try {
      const found = await hideResidues({
        ...{ alphabet: PROTEIN, measured: family, candidates: proteins, model, pool, count: 4 },
      });
      // positions 3 and 6 vary; the last candidate has lost the first residue
      expect(found.map(({ positions }) => positions)).toEqual([
        [2, 4, 1, 5],
        [5, 7, 4, 8],
        [1, 2, 4, 5],
      ]);
      for (const [c, { positions, recovered }] of found.entries()) {
        const p = await letterLogProbabilities(model, PROTEIN, pool, proteins[c]);
        const best = positions.filter((i) => {
          const row = p.subarray(i * 20, (i + 1) * 20);
          return row[proteins[c][i]] === row.reduce((a, b) => Math.max(a, b));
        });
        expect(recovered, decode(PROTEIN, proteins[c])).toBe(best.length);
      }
    } finally {
      await pool.close();
    }
  });

  it('need a conserved position', async () => {
    await writeTinyModel(`${folder}-dna`, 'dna');
    const model = await openLanguageModel(`${folder}-dna`);
    const pool = createPool(1);
    const all = { alphabet: DNA, candidates: [encode(DNA, 'AC')], model, pool, count: 4 };
    const without = hideResidues({ ...all, measured: ['AA', 'CC'].map((text) => encode(DNA, text)) });
    await expect(without).rejects.toThrow('no conserved residue');
    const unequal = hideResidues({ ...all, measured: ['AA', 'CCC'].map((text) => encode(DNA, text)) });
    await expect(unequal).rejects.toThrow('sequences of one length');
    await pool.close();
  });
});
