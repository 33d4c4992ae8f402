import { describe, expect, it } from 'vitest';
import { DNA, encode, PROTEIN } from '../../src/core/alphabet.js';
import type { Alphabet } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { letterBlocks } from '../../src/proxy/blocks/catalogue.js';
import { BLOCK_NAMES } from '../../src/run/block-names.js';

/** Single mutants of a parent, so that every closed-form block suits them. */
function blocksOf(alphabet: Alphabet, length: number): string[] {
  const parent = Array.from({ length }, (_, i) => alphabet.letters[i % alphabet.size]);
  const sequences = parent.map((_, at) => {
    const letters = parent.map((letter, i) =>
      i === at ? alphabet.letters[(i + 1) % alphabet.size] : letter,
    );
    return encode(alphabet, letters.join(''));
  });
  const positions = parent.map((_, i) => i);
  const random = createRandom(0);
  return letterBlocks({ alphabet, sequences, positions, bothStrands: false, random }).map(({ name }) => name);
}

describe('names of blocks', () => {
  it('include every block that a table can get', () => {
    const names = [...blocksOf(PROTEIN, 20), ...blocksOf(DNA, 12)];
    expect(names).toContain('substitutions');
    expect(names).toContain('spaced-pairs');
    expect(BLOCK_NAMES).toEqual(expect.arrayContaining(names));
  });
});
