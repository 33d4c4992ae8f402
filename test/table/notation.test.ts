import { describe, expect, it } from 'vitest';
import { isMutationList, isWildTypeWord, readMutationList } from '../../src/table/notation.js';

const short = (cell: string): string[] =>
  readMutationList(cell).mutations.map(({ from, number, to }) => `${from}${number}${to}`);

describe('readMutationList', () => {
  it.each([':', ',', ';', '/', ' ', ', ', '+', '|', '_', ' : '])(
    'reads mutations separated by %j',
    (separator) => {
      const written = readMutationList(['A123G', 'L9P', 'C7*'].join(separator));
      expect(written.mutations).toEqual([
        { from: 'A', number: 123, to: 'G' },
        { from: 'L', number: 9, to: 'P' },
        { from: 'C', number: 7, to: '*' },
      ]);
      expect(written.separator).toBe(separator.trim() || ' ');
      expect(written.prefixed).toBe(false);
    },
  );

  it('reads one mutation, lower case, negative numbers and synonymous changes', () => {
    expect(short(' a123g ')).toEqual(['A123G']);
    expect(short('M-1K')).toEqual(['M-1K']);
    expect(short('A5=')).toEqual(['A5A']);
    expect(readMutationList('A1G').separator).toBeNull();
  });

  it("reads avGFP's leading S, also before serine", () => {
    expect(short('SA108D:SS144D:SI186*')).toEqual(['A108D', 'S144D', 'I186*']);
    expect(readMutationList('SA108D').prefixed).toBe(true);
    expect(readMutationList('S108D').prefixed).toBe(false);
    expect(readMutationList('SA108D:S10D').prefixed).toBe(false);
  });

  it('reads HGVS', () => {
    expect(short('p.Ala123Gly')).toEqual(['A123G']);
    expect(short('p.(Ala123Gly)')).toEqual(['A123G']);
    expect(short('p.[Ala123Gly;Leu9Ter]')).toEqual(['A123G', 'L9*']);
    expect(short('p.Ala123=')).toEqual(['A123A']);
    expect(short('p.A123G')).toEqual(['A123G']);
  });

  it.each(['', '  ', 'WT', 'wt', '_wt', 'wild type', 'Wild-Type', 'p.=', 'p.(=)'])(
    'takes %j for the wild type',
    (word) => {
      expect(isWildTypeWord(word.trim())).toBe(true);
      expect(readMutationList(word).mutations).toEqual([]);
      expect(isMutationList(word)).toBe(false);
    },
  );

  it.each([
    ['A123', 'is not a mutation'],
    ['123G', 'Write the wild-type letter too'],
    ['A123G:foo', "'foo' is not a mutation"],
    ['p.Xyz12Gly', 'is not a mutation'],
    ['A12del', 'insertion or deletion'],
    [':::', 'is not a mutation'],
    [')'.repeat(1_000_000), 'is not a mutation'],
    ['A1G:'.repeat(10_001), 'too many mutations'],
  ])('refuses %.20s', (cell, message) => {
    expect(() => readMutationList(cell)).toThrow(message);
    expect(isMutationList(cell) && !message.includes('too many')).toBe(false);
  });
});
