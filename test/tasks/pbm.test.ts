import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode, DNA } from '../../src/core/alphabet.js';
import { parsePbm } from '../../src/tasks/pbm.js';
import { dataPath } from '../helpers/data.js';

const HEADER = '8-mer\t8-mer\tE-score\tMedian\tZ-score';
const table = (...rows: string[]) => [HEADER, ...rows].join('\n') + '\n';
const letters = (text: string, palindromes?: 'twice' | 'once') =>
  parsePbm(text, 't.txt', { palindromes }).sequences.map((sequence) => decode(DNA, sequence));

describe('tables of protein-binding microarrays', () => {
  const text = table('AAC\tGTT\t0.5\t1\t1', 'ACC\tGGT\t-0.25\t1\t1').replace('AAC\tGTT', 'AACC\tGGTT');
  const good = text.replace('ACC\tGGT\t-', 'ACGT\tACGT\t-');

  it('has both strands of every row', () => {
    expect(letters(good)).toEqual(['AACC', 'GGTT', 'ACGT', 'ACGT']);
    expect([...parsePbm(good, 't.txt').scores]).toEqual([0.5, 0.5, -0.25, -0.25]);
  });

  it('takes palindromes once on request, CRLF, a byte-order mark and small letters', () => {
    const other = `\uFEFF${good.toLowerCase().replace('e-score', 'E-Score').replaceAll('\n', '\r\n')}`;
    expect(letters(other, 'once')).toEqual(['AACC', 'GGTT', 'ACGT']);
  });

  it.each([
    ['another header', 'sequence,score\nAA,1\n', /line 1|:1: .*no table of a protein-binding microarray/],
    ['no rows', `${HEADER}\n`, /no rows/],
    ['an empty file', '', /:1: /],
    ['the complement without reversal', table('AACC\tTTGG\t0.5'), /:2: .*the complement without reversal/],
    ['another second column', table('AACC\tAACC\t0.5'), /:2: column 2 is not the reverse complement/],
    ['another length', table('AACC\tGGTT\t0.5', 'AAC\tGTT\t0.5'), /:3: a k-mer of another length/],
    ['a letter outside DNA', table('AANC\tGNTT\t0.5'), /:2: letter 'N' at position 3/],
    ['two rows of one k-mer', table('AACC\tGGTT\t0.5', 'GGTT\tAACC\t0.4'), /:3: a k-mer has two rows/],
    ['no number', table('AACC\tGGTT\tNA'), /:2: the E-score is not a number.*'NA'/],
    ['a missing cell', table('AACC\tGGTT'), /:2: the E-score is not a number/],
  ])('refuses %s', (_, content, message) => {
    expect(() => parsePbm(content, 't.txt')).toThrow(message);
  });

  it('names the first of many faults and counts the rest', () => {
    const rows = Array.from({ length: 9 }, () => 'AACC\tAACC\t0.5');
    expect(() => parsePbm(table(...rows), 't.txt')).toThrow(/t\.txt:2: .*and 8 more like it/);
  });

  const file = dataPath('tfbind8/SIX6_REF_R1_8mers.txt.gz');
  it.skipIf(!file)('reads the whole of SIX6', () => {
    const content = gunzipSync(readFileSync(file!)).toString();
    expect(parsePbm(content, 'SIX6').sequences).toHaveLength(65_792);
    expect(parsePbm(content, 'SIX6', { palindromes: 'once' }).sequences).toHaveLength(4 ** 8);
    expect(new Set(letters(content)).size).toBe(4 ** 8);
  });
});
