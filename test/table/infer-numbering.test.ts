import { describe, expect, it } from 'vitest';
import { type Alphabet, DNA, encode, PROTEIN } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { inferFirstPosition } from '../../src/table/infer-numbering.js';
import type { Mutation } from '../../src/table/mutations.js';

const GB1 = encode(PROTEIN, 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE');

/** Mutations of the given indices, numbered from `first`. */
const at = (wildType: Uint8Array, indices: number[], first: number): Mutation[] =>
  indices.map((index) => ({ from: wildType[index], number: index + first, to: 0 }));

function infer(wildType: Uint8Array, mutations: Mutation[], alphabet: Alphabet = PROTEIN) {
  return inferFirstPosition(alphabet, wildType, mutations, 't.csv');
}

/** Every first position that fits all mutations, by trying each. */
function fitting(wildType: Uint8Array, mutations: Mutation[]): number[] {
  const found: number[] = [];
  for (let first = -2000; first <= 2000; first++) {
    if (mutations.every(({ from, number }) => wildType[number - first] === from)) found.push(first);
  }
  return found;
}

describe('inferFirstPosition', () => {
  it.each([1, 0, -1, -500, 229])('finds first position %d', (first) => {
    expect(infer(GB1, at(GB1, [2, 9, 20, 33, 38, 53], first)).firstPosition).toBe(first);
  });

  it('agrees with trying every numbering', () => {
    const random = createRandom('numbering');
    for (let n = 0; n < 300; n++) {
      const wildType = Uint8Array.from({ length: 20 + random.integer(30) }, () => random.integer(20));
      const indices = Array.from({ length: 5 + random.integer(5) }, () => random.integer(wildType.length));
      const mutations = at(wildType, indices, random.integer(60) - 30);
      const fits = fitting(wildType, mutations);
      const usual = [1, 0].find((first) => fits.includes(first));
      const distinct = new Set(indices).size;
      if (usual !== undefined) expect(infer(wildType, mutations).firstPosition).toBe(usual);
      else if (fits.length > 1) expect(() => infer(wildType, mutations)).toThrow('numberings fit');
      else if (distinct > 3) expect(infer(wildType, mutations).firstPosition).toBe(fits[0]);
    }
  });

  it('prefers 1 to 0 to anything else, and says what else fits', () => {
    const repeat = encode(PROTEIN, 'AAAAAAAAAA');
    const { firstPosition, note } = infer(repeat, at(repeat, [3, 4, 5, 6], 1));
    expect(firstPosition).toBe(1);
    expect(note).toContain('would agree as well');
    expect(
      infer(encode(PROTEIN, 'AAAAAAAAAC'), at(encode(PROTEIN, 'AAAAAAAAAC'), [0, 9], 0)).firstPosition,
    ).toBe(0);
  });

  it('refuses several unusual numberings', () => {
    const repeat = encode(DNA, 'ACACACACACACACACACAC');
    expect(() => infer(repeat, at(repeat, [3, 4, 5, 6], 101), DNA)).toThrow(
      /numberings fit the mutations equally well/,
    );
  });

  it('keeps the best numbering where a few letters are wrong, so that their rows can be named', () => {
    const mutations = [...at(GB1, [2, 9, 20, 33], 0), { from: 0, number: 10, to: 1 }];
    expect(infer(GB1, mutations)).toEqual({
      firstPosition: 0,
      note: 'positions are counted from 0: 4 of 5 wild-type letters agree',
    });
  });

  it('does not move a table because of one wrong letter', () => {
    const alphabet = encode(PROTEIN, 'ACDEFGHIKLMNPQRSTVWY');
    expect(() => infer(alphabet, [{ from: 1, number: 5, to: 0 }])).toThrow('too few to rule out accident');
    // V39, D40, A41: all three also fit with the first letter at 19, but two fit where tables usually begin.
    const wrong = [...at(GB1, [38, 39], 1), { from: 0, number: 41, to: 1 }];
    expect(fitting(GB1, wrong)).toEqual([19]);
    expect(infer(GB1, wrong).firstPosition).toBe(1);
  });

  it('refuses a wild type that does not fit', () => {
    const other = encode(PROTEIN, 'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW');
    expect(() => infer(other, at(GB1, [0, 1, 2, 3, 4, 5, 6, 7], 1))).toThrow(
      /do not fit the wild type in any numbering/,
    );
  });
});
