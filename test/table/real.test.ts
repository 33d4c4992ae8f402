import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode } from '../../src/core/alphabet.js';
import { formatMutations } from '../../src/table/mutations.js';
import type { TableOptions } from '../../src/table/options.js';
import { readTable } from '../../src/table/read.js';
import { countSetAside, type Table } from '../../src/table/table.js';
import { dataPath } from '../helpers/data.js';

const readme = dataPath('README.md');
const text = readme === null ? '' : readFileSync(readme, 'utf8');

/** The sequence in the line of the data README that follows, or is in, the line with these words. */
function wildTypeOf(words: string): string {
  return /[A-Z]{50,}/.exec(text.slice(text.indexOf(words)))?.[0] ?? '';
}

/** Cells of a real table by plain splitting: none of these files quotes anything. */
function plainRows(name: string, delimiter: string): string[][] {
  const lines = gunzipSync(readFileSync(dataPath(name)!))
    .toString()
    .replace(/^\ufeff/, '')
    .split('\n');
  return lines
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.split(delimiter));
}

/** What a table says, by sequence: mean scores and number of rows. */
function bySequence(pairs: Iterable<[string, number]>): Map<string, { sum: number; n: number }> {
  const all = new Map<string, { sum: number; n: number }>();
  for (const [sequence, score] of pairs) {
    const known = all.get(sequence) ?? { sum: 0, n: 0 };
    all.set(sequence, { sum: known.sum + score, n: known.n + 1 });
  }
  return all;
}

/** Compares a table with what a few lines make of the file, sequence by sequence. */
function expectSame(table: Table, pairs: Iterable<[string, number]>): void {
  const expected = bySequence(pairs);
  expect(table.rows.length).toBe(expected.size);
  for (const { sequence, score, replicates } of table.rows) {
    const wanted = expected.get(decode(table.alphabet, sequence));
    if (wanted?.n === replicates && Math.abs(wanted.sum / wanted.n - score) <= 1e-12 * Math.abs(score))
      continue;
    expect({ sequence: decode(table.alphabet, sequence), score, replicates }).toEqual(wanted);
  }
}

/** Applies `X12Y` mutations: residue = number + offset, counted from 1. */
function mutate(wildType: string, mutations: string[], offset: number): string {
  const letters = [...wildType];
  for (const mutation of mutations) {
    const index = Number(mutation.slice(1, -1)) + offset - 1;
    if (wildType[index] !== mutation[0]) throw new Error(`${mutation}: the wild type has ${wildType[index]}`);
    letters[index] = mutation.at(-1)!;
  }
  return letters.join('');
}

describe.skipIf(readme === null)('the real tables', () => {
  const read = (name: string, options?: TableOptions): Promise<Table> => readTable(dataPath(name)!, options);

  it('avGFP: offset 2, 2,310 rows with a stop', async () => {
    const wildType = wildTypeOf('avGFP parent');
    const name = 'avgfp/amino_acid_genotypes_to_brightness.tsv.gz';
    const table = await read(name, { wildType });
    expect(table.columns.map((use) => use.name)).toEqual(['aaMutations', 'medianBrightness']);
    expect(table.numbering).toMatchObject({ offset: 2, firstPosition: -1, separator: ':', prefix: 'S' });
    expect(countSetAside(table.setAside)).toEqual({ stop: 2310 });
    const rows = plainRows(name, '\t');
    expect(rows).toHaveLength(54_025);
    const whole = rows.filter(([mutations]) => !mutations.includes('*'));
    expectSame(
      table,
      whole.map(([cell, , score]) => {
        const mutations = cell.split(':').filter(Boolean);
        return [
          mutate(
            wildType,
            mutations.map((mutation) => mutation.slice(1)),
            2,
          ),
          Number(score),
        ];
      }),
    );
    for (const { id, sequence } of table.rows) {
      const printed = formatMutations(table.wildType!, sequence, table.numbering);
      if (printed !== id) expect(printed).toBe(id);
    }
  });

  it('E4B: positions from 0, 7,266 rows with a stop', async () => {
    const wildType = wildTypeOf('E4B wild type');
    const table = await read('e4b/ube4b.tsv.gz', { wildType });
    expect(table.columns.map((use) => use.name)).toEqual(['variant', 'score']);
    expect(table.numbering).toMatchObject({ offset: 1, firstPosition: 0, separator: ',', prefix: '' });
    expect(countSetAside(table.setAside)).toEqual({ stop: 7266 });
    const rows = plainRows('e4b/ube4b.tsv.gz', '\t');
    expect(rows).toHaveLength(98_297);
    const whole = rows.filter(([mutations]) => !mutations.includes('*'));
    expectSame(
      table,
      whole.map(([cell, , score]) => [mutate(wildType, cell.split(','), 1), Number(score)]),
    );
  });

  it('GB1: the letters at four sites', async () => {
    const wildType = wildTypeOf('GB1 wild type');
    const table = await read('gb1/Gb1Dataset.csv.gz', { wildType, sites: [39, 40, 41, 54] });
    expect(table.columns.map((use) => use.name)).toEqual(['Variants', 'Fitness']);
    expect(table.setAside).toEqual([]);
    const rows = plainRows('gb1/Gb1Dataset.csv.gz', ',');
    expect(rows).toHaveLength(149_361);
    expectSame(
      table,
      rows.map(([v, , , , fitness]) => [
        wildType.slice(0, 38) + v.slice(0, 3) + wildType.slice(41, 53) + v[3] + wildType.slice(54),
        Number(fitness),
      ]),
    );
    const notable = table.rows
      .filter(({ score }) => score === 1)
      .map(({ sequence }) => formatMutations(table.wildType!, sequence, table.numbering));
    expect(notable).toContain('WT');
  });

  it('AAV: full sequences, repeats averaged', async () => {
    const table = await read('aav/ground_truth.csv.gz');
    const rows = plainRows('aav/ground_truth.csv.gz', ',');
    expect(rows).toHaveLength(44_128);
    expectSame(
      table,
      rows.map(([sequence, score]) => [sequence, Number(score)]),
    );
    expect(table.alphabet.name).toBe('protein');
    expect(table.rows.filter(({ spread }) => spread !== null).length).toBe(
      table.rows.filter(({ replicates }) => replicates > 1).length,
    );
  });

  it('yeast promoters and SIX6: DNA, the measured column, a header twice', async () => {
    const yeast = await read('yeast_promoters/Native_complex.csv.gz');
    expect(yeast.alphabet.name).toBe('dna');
    expect(yeast.columns.map((use) => use.name)).toEqual(['sequence', 'Measured Expression']);
    expectSame(
      yeast,
      plainRows('yeast_promoters/Native_complex.csv.gz', ',').map(([, sequence, score]) => [
        sequence,
        Number(score),
      ]),
    );
    const six6 = await read('tfbind8/SIX6_REF_R1_8mers.txt.gz');
    expect(six6.columns.map((use) => [use.name, use.column])).toEqual([
      ['8-mer', 1],
      ['E-score', 3],
    ]);
    expectSame(
      six6,
      plainRows('tfbind8/SIX6_REF_R1_8mers.txt.gz', '\t').map(([sequence, , score]) => [
        sequence,
        Number(score),
      ]),
    );
  });

  it('names the line of a wild type that is one letter off', async () => {
    const wildType = wildTypeOf('E4B wild type').replace(/^IEKF/, 'IEKW');
    await expect(read('e4b/ube4b.tsv.gz', { wildType })).rejects.toThrow(
      /:\d+: mutation F3[A-Z*] says F, the wild type has W at 3 \(and [\d,]+ more like it/,
    );
  });
});
