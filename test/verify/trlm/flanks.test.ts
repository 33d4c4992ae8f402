import { describe, expect, it } from 'vitest';
import { otherStrand, trimFlanks, variedRegion } from '../../../src/verify/trlm/flanks.js';

describe('the varied region', () => {
  it.each([
    [['ACGTACGT', 'ACGAACGT', 'ACGTTCGT'], { from: 3, to: 5 }],
    [['ACGT', 'TCGA'], { from: 0, to: 4 }],
    [['ACGT', 'ACGT'], { from: 4, to: 4 }],
    [['ACGT'], { from: 4, to: 4 }],
    [['ACGT', 'ACAGT'], { from: 2, to: 2 }],
    [['AAA', 'AA'], { from: 2, to: 3 }],
    [[], { from: 0, to: 0 }],
  ])('of %j is %j', (sequences, expected) => {
    expect(variedRegion(sequences)).toEqual(expected);
  });
});

describe('trimming flanks', () => {
  const candidate = { leftFlank: 'abcdefgh', region: 'XY', rightFlank: 'ijkl' };
  it.each([
    ['room for all', 12, Infinity, 'abcdefgh', 'ijkl'],
    ['half each', 6, Infinity, 'fgh', 'ijk'],
    ['what one leaves goes to the other', 10, Infinity, 'cdefgh', 'ijkl'],
    ['no room', 0, Infinity, '', ''],
    ['less than none', -3, Infinity, '', ''],
    ['context', 12, 2, 'gh', 'ij'],
    ['no context', 12, 0, '', ''],
    ['odd room', 5, Infinity, 'gh', 'ijk'],
  ])('%s', (_what, room, context, leftFlank, rightFlank) => {
    expect(trimFlanks(candidate, room, context)).toEqual({ leftFlank, region: 'XY', rightFlank });
  });
});

it('flanks change sides on the other strand', () => {
  const given = { leftFlank: 'AAC', region: 'GTT', rightFlank: 'C' };
  expect(otherStrand(given)).toEqual({ leftFlank: 'G', region: 'AAC', rightFlank: 'GTT' });
  expect(otherStrand(otherStrand(given))).toEqual(given);
});
