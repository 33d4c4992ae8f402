import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, DNA, encode, hammingDistance } from '../../src/core/alphabet.js';
import { canonicalStrand, isPalindrome, reverseComplement } from '../../src/core/dna.js';

const sequences = fc.uint8Array({ max: 3, maxLength: 40 });
const partner: Record<string, string> = { A: 'T', T: 'A', C: 'G', G: 'C' };
/** The definition in letters. */
const inLetters = (text: string) =>
  [...text]
    .reverse()
    .map((letter) => partner[letter])
    .join('');

describe('reverse complement', () => {
  it('is what it is in letters, and undoes itself', () => {
    fc.assert(
      fc.property(sequences, (x) => {
        expect(decode(DNA, reverseComplement(x))).toBe(inLetters(decode(DNA, x)));
        expect(reverseComplement(reverseComplement(x))).toEqual(x);
      }),
      { numRuns: 10_000 },
    );
  });

  it('is not the complement', () => {
    expect(decode(DNA, reverseComplement(encode(DNA, 'AAACCC')))).toBe('GGGTTT');
  });

  it('keeps distances', () => {
    const pairs = fc
      .integer({ min: 0, max: 30 })
      .chain((n) =>
        fc.tuple(
          fc.uint8Array({ max: 3, minLength: n, maxLength: n }),
          fc.uint8Array({ max: 3, minLength: n, maxLength: n }),
        ),
      );
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(hammingDistance(reverseComplement(a), reverseComplement(b))).toBe(hammingDistance(a, b));
      }),
      { numRuns: 10_000 },
    );
  });

  it('one canonical strand for the two, the smaller', () => {
    fc.assert(
      fc.property(sequences, (x) => {
        const other = reverseComplement(x);
        expect(canonicalStrand(other)).toEqual(canonicalStrand(x));
        const smaller = decode(DNA, x) <= decode(DNA, other) ? x : other;
        expect(canonicalStrand(x)).toEqual(smaller);
        expect(isPalindrome(x)).toBe(decode(DNA, x) === decode(DNA, other));
      }),
      { numRuns: 10_000 },
    );
  });

  it('refuses codes that are not DNA', () => {
    expect(() => reverseComplement(Uint8Array.of(0, 7))).toThrow(/^internal: /);
  });
});
