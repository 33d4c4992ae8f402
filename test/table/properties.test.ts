import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { decode, DNA, PROTEIN } from '../../src/core/alphabet.js';
import { BiseqError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/random.js';
import { formatMutations } from '../../src/table/mutations.js';
import { createNumbering } from '../../src/table/numbering.js';
import { parseTable } from '../../src/table/read.js';
import type { Table } from '../../src/table/table.js';
import { malform, soundTables } from './malform.js';

/** What a table holds, for comparison. */
const content = ({ rows, alphabet }: Table): [string, number, number][] =>
  rows.map(({ sequence, score, replicates }) => [decode(alphabet, sequence), score, replicates]);

describe('a table written and read back', () => {
  const written = fc.record({
    alphabet: fc.constantFrom(PROTEIN, DNA),
    codes: fc.array(fc.array(fc.nat(19), { minLength: 12, maxLength: 12 }), { minLength: 1, maxLength: 20 }),
    scores: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), {
      minLength: 20,
      maxLength: 20,
    }),
    delimiter: fc.constantFrom(',', '\t', ';', '|'),
    newline: fc.constantFrom('\n', '\r\n', '\r'),
    quotes: fc.boolean(),
    firstPosition: fc.integer({ min: -20, max: 400 }),
    separator: fc.constantFrom(':', ',', ';', '/', ' ', '+'),
  });

  it('is the same, as full sequences and as mutations of its first', () => {
    fc.assert(
      fc.property(written, ({ alphabet, codes, scores, ...style }) => {
        const distinct = [
          ...new Map(
            codes
              .map((row) => Uint8Array.from(row, (code) => code % alphabet.size))
              .map((s) => [decode(alphabet, s), s]),
          ).values(),
        ];
        const expected = distinct.map((sequence, i) => [decode(alphabet, sequence), scores[i] + 0, 1]);
        const unparse = (header: string, cells: string[]): string =>
          Papa.unparse(
            [['n', header, 'score'], ...cells.map((cell, i) => [`row, ${i}`, cell, scores[i]])],
            style,
          );
        const full = unparse(
          'sequence',
          distinct.map((sequence) => decode(alphabet, sequence)),
        );
        expect(content(parseTable(full, 't', { alphabet: alphabet.name }))).toEqual(expected);

        const numbering = createNumbering({ ...style, alphabet, length: 12 });
        const lists = unparse(
          'mutations',
          distinct.map((sequence) => formatMutations(distinct[0], sequence, numbering)),
        );
        const options = {
          alphabet: alphabet.name,
          wildType: decode(alphabet, distinct[0]),
          firstPosition: style.firstPosition,
        };
        const table = parseTable(lists, 't', options);
        expect(content(table)).toEqual(expected);
        const printed = table.rows.map(({ sequence }) =>
          formatMutations(table.wildType!, sequence, table.numbering),
        );
        expect(printed).toEqual(table.rows.map(({ id }) => id));
      }),
      { numRuns: 500 },
    );
  });
});

describe('malformed files', () => {
  it('are sound before they are spoiled', () => {
    for (const { name, text, options } of soundTables)
      expect(parseTable(text, name, options).rows.length).toBeGreaterThan(0);
  });

  it('are read or refused by one message, whatever their bytes', () => {
    const seed = fc.integer();
    fc.assert(
      fc.property(seed, fc.constantFrom(...soundTables), (n, { name, text, options }) => {
        const { bytes } = malform(Buffer.from(text), createRandom(n));
        try {
          const { rows } = parseTable(bytes, name, options);
          expect(rows.length).toBeGreaterThan(0);
          expect(rows.every(({ score }) => Number.isFinite(score))).toBe(true);
        } catch (error) {
          if (!(error instanceof BiseqError)) throw error;
          expect(error.message).not.toMatch(/internal|undefined|\p{Cc}/u);
          expect(error.message.length).toBeLessThan(1200);
        }
      }),
      { numRuns: 4000 },
    );
  });
});
