import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DNA, encode, PROTEIN } from '../../src/core/alphabet.js';
import { formatMutations, parseMutations } from '../../src/table/mutations.js';
import { createNumbering } from '../../src/table/numbering.js';

const wildType = encode(PROTEIN, 'ACDEFGHIKL');
const numbering = createNumbering({ alphabet: PROTEIN, length: wildType.length });

describe('formatMutations and parseMutations', () => {
  it('print the user numbers, separator and prefix', () => {
    const variant = encode(PROTEIN, 'GCDEFGHIKW');
    expect(formatMutations(wildType, variant, numbering)).toBe('A1G:L10W');
    const own = createNumbering({
      alphabet: PROTEIN,
      length: 10,
      firstPosition: -1,
      separator: ',',
      prefix: 'S',
    });
    expect(formatMutations(wildType, variant, own)).toBe('SA-1G,SL8W');
    expect(formatMutations(wildType, wildType, own)).toBe('WT');
    expect(parseMutations('WT', wildType, own)).toEqual(wildType);
  });

  it('are inverse in every style, and never look like a formula', () => {
    const style = fc.record({
      firstPosition: fc.integer({ min: -300, max: 300 }),
      separator: fc.constantFrom(':', ',', ';', '/', '+', ' ', '|', '_'),
      prefix: fc.constantFrom('', 'S'),
      alphabet: fc.constantFrom(PROTEIN, DNA),
    });
    const codes = fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(style, codes, ({ alphabet, ...rest }, pairs) => {
        const parent = Uint8Array.from(pairs, ([a]) => a % alphabet.size);
        const variant = Uint8Array.from(pairs, ([, b]) => b % alphabet.size);
        const own = createNumbering({ ...rest, alphabet, length: parent.length });
        const text = formatMutations(parent, variant, own);
        expect(text).toMatch(/^[A-Z]/);
        expect(parseMutations(text, parent, own)).toEqual(variant);
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    ['C1G', 'mutation C1G says C, the wild type has A at 1; expected A1, got C1'],
    ['A11G', 'mutation A11G lies outside the wild type; expected a position from 1 to 10, got 11'],
    ['A0G', 'lies outside the wild type'],
    ['A1G:A1C', 'position 1 is mutated twice'],
    ['A1X', "letter 'X' of mutation A1X is not in the protein alphabet"],
    ['A1*', 'a stop (*)'],
  ])('refuse %s', (text, message) => {
    expect(() => parseMutations(text, wildType, numbering)).toThrow(message);
  });

  it('refuse another length', () => {
    expect(() => formatMutations(wildType, wildType.slice(1), numbering)).toThrow('another length');
  });
});

describe('Numbering', () => {
  it('translates labels and indices', () => {
    const own = createNumbering({ alphabet: PROTEIN, length: 238, firstPosition: -1 });
    expect(own.offset).toBe(2);
    expect(own.label(0)).toBe('-1');
    expect(own.parse('108')).toBe(109);
    for (const label of ['237', '-2', 'x', '1.5', '', '1e2'])
      expect(() => own.parse(label)).toThrow('from -1 to 236');
  });
});
