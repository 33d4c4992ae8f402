import { describe, expect, it } from 'vitest';
import { DNA, PROTEIN, encode } from '../../../src/core/alphabet.js';
import { parentOf, substitutionFeatures } from '../../../src/proxy/blocks/substitutions.js';

const parent = encode(PROTEIN, 'MKVLA');
const positions = [1, 2, 4];
const map = substitutionFeatures(PROTEIN, parent, positions);

describe('substitutionFeatures', () => {
  it('counts substitutions, the letters that went and came, and nothing at other positions', async () => {
    const phi = await map.features([parent, encode(PROTEIN, 'MRVLG'), encode(PROTEIN, 'AKVAA')]);
    const row = (b: number) => phi.subarray(b * map.width, (b + 1) * map.width);
    expect(row(0).every((value) => value === 0)).toBe(true);
    expect(row(2).every((value) => value === 0)).toBe(true);
    const code = (letter: string) => PROTEIN.letters.indexOf(letter);
    const expected = [0, 1 + code('K'), 1 + code('A'), 21 + code('R'), 21 + code('G')];
    expect(row(1)[0]).toBe(2);
    for (let j = 1; j < 41; j++) expect(row(1)[j]).toBe(expected.includes(j) ? 1 : 0);
    for (let s = 41; s < map.width; s++) expect(row(1)[s]).toBeGreaterThanOrEqual(0);
  });

  it('has gradients and tables that are the exact change for each letter', async () => {
    const x = encode(PROTEIN, 'MRVLG');
    const v = Float64Array.from({ length: map.width }, (_, j) => Math.sin(j + 1));
    const value = async (sequence: Uint8Array) =>
      Array.from(await map.features([sequence])).reduce((sum, f, j) => sum + f * v[j], 0);
    const { data } = await map.vjp([x], v, 1);
    const tables = map.tables!(v);
    const base = await value(x);
    for (const position of [0, ...positions]) {
      for (let a = 0; a < 20; a++) {
        const changed = x.slice();
        changed[position] = a;
        const change = (await value(changed)) - base;
        expect(data[position * 20 + a] - data[position * 20 + x[position]]).toBeCloseTo(change, 12);
      }
    }
    const byTables = tables.sites.reduce((sum, { position, values }) => sum + values[x[position]], 0);
    expect(byTables).toBeCloseTo(base, 12);
  });
});

describe('parentOf', () => {
  it('finds the most frequent letters of close variants', () => {
    const rows = ['MKVLA', 'MRVLA', 'MKVLG', 'MKILA'].map((text) => encode(PROTEIN, text));
    expect(parentOf(PROTEIN, rows, positions)).toEqual(parent);
  });

  it('finds none where the rows keep less than half of them', () => {
    const rows = ['AAA', 'CCC', 'GGG', 'TTT'].map((text) => encode(DNA, text));
    expect(parentOf(DNA, rows, [0, 1, 2])).toBeNull();
  });
});
