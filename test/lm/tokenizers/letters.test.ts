import { describe, expect, it } from 'vitest';
import { decode, DNA, PROTEIN } from '../../../src/core/alphabet.js';
import { InputError, ModelError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import { letterGradient } from '../../../src/lm/tokenizers/letter-gradient.js';
import {
  adjacentLayout,
  characterLayout,
  letterMap,
  overlappingLayout,
} from '../../../src/lm/tokenizers/letters.js';
import { loadTokenizer } from '../../../src/lm/tokenizers/load.js';
import { referenceModels } from './references.js';

describe.each(referenceModels())('letters of $name', ({ folder, name }) => {
  const tokenizer = loadTokenizer(folder);
  const { letters } = tokenizer;
  const alphabet = letters.supports(PROTEIN) ? PROTEIN : DNA;
  const random = createRandom(name);
  const draw = (length: number) => Uint8Array.from({ length }, () => random.integer(alphabet.size));
  const lengths = [0, 1, 2, 5, 11, 12, 13, 30].map((more) => letters.k + more);

  it('encodes codes as it encodes text', () => {
    for (const length of lengths) {
      const sequence = draw(length);
      const ids = tokenizer.encodeResidues(decode(alphabet, sequence));
      expect(Array.from(tokenizer.encodeSequence(alphabet, sequence))).toEqual(ids);
      expect(letters.tokenCount(length)).toBe(ids.length);
    }
  });

  it('has a window for each token that counts in phi, and a token for each letter', () => {
    for (const length of lengths) {
      const windows = letters.windows(length);
      const mask = tokenizer.residueMask(tokenizer.encodeSequence(alphabet, draw(length)));
      expect(windows.map((window) => window.token)).toEqual([...mask.keys()].filter((t) => mask[t] === 1));
      const held = new Set(
        windows.flatMap(({ start, length: k }) => Array.from({ length: k }, (_, j) => start + j)),
      );
      expect(held.size).toBe(length);
    }
  });

  it('pulls token gradients back to letters: the change of a linear function under every substitution', () => {
    const length = letters.k + 7;
    const sequence = draw(length);
    const width = tokenizer.vocabulary.length + 3;
    const gradient = Float64Array.from({ length: letters.tokenCount(length) * width }, () => random.normal());
    const value = (codes: Uint8Array) =>
      tokenizer
        .encodeResidues(decode(alphabet, codes))
        .reduce((sum, id, token) => sum + gradient[token * width + id], 0);
    const pulled = letterGradient(letters, alphabet, sequence, gradient, width);
    for (let i = 0; i < length; i++) {
      for (let a = 0; a < alphabet.size; a++) {
        const changed = sequence.slice();
        changed[i] = a;
        const change = pulled[i * alphabet.size + a] - pulled[i * alphabet.size + sequence[i]];
        expect(change).toBeCloseTo(value(changed) - value(sequence), 10);
      }
      // The letter itself collects from each token that holds it.
      const own = letters
        .windows(length)
        .filter((window) => window.start <= i && i < window.start + window.length)
        .reduce(
          (sum, { token }) =>
            sum + gradient[token * width + tokenizer.encodeSequence(alphabet, sequence)[token]],
          0,
        );
      expect(pulled[i * alphabet.size + sequence[i]]).toBeCloseTo(own, 10);
    }
  });

  it('names a letter that the vocabulary lacks', () => {
    if (alphabet === PROTEIN) return;
    expect(() => tokenizer.encodeSequence(PROTEIN, Uint8Array.of(0, 2, 3, 4, 5, 6, 7))).toThrow(ModelError);
    expect(() => tokenizer.encodeSequence(PROTEIN, Uint8Array.of(0, 2, 3, 4, 5, 6, 7))).toThrow(
      /vocabulary lacks '[DEFHIKLMNPQRSVWY]' of the protein alphabet; .*got a vocabulary of dna. Choose a model of protein/,
    );
  });
});

describe('layouts', () => {
  it('overlap, lie end to end, or are single', () => {
    expect(characterLayout(2)).toEqual([
      { start: 0, length: 1 },
      { start: 1, length: 1 },
    ]);
    expect(overlappingLayout(3)(4)).toEqual([
      { start: 0, length: 3 },
      { start: 1, length: 3 },
    ]);
    expect(adjacentLayout(3)(5)).toEqual([
      { start: 0, length: 3 },
      { start: 3, length: 1 },
      { start: 4, length: 1 },
    ]);
  });

  it('refuse a sequence that is shorter than one k-mer', () => {
    expect(() => overlappingLayout(6)(5)).toThrow(InputError);
    expect(() => overlappingLayout(6)(5)).toThrow(
      /too short for the model; expected at least 6 letters, one 6-mer, got 5/,
    );
  });

  it('number windows with the first letter most significant', () => {
    const texts = [...'ACGT'].flatMap((a) => [...'TGCA'].map((b) => a + b));
    const ids = new Map(texts.map((text, i) => [text, i + 10]));
    const map = letterMap({
      ids,
      sizes: [2],
      layout: overlappingLayout(2),
      special: { cls: 1, eos: null },
      file: 'vocab.txt',
    });
    const columns = map.columns(DNA, 2);
    expect(columns[DNA.code('C') * 4 + DNA.code('T')]).toBe(ids.get('CT'));
    expect(columns[DNA.code('T') * 4 + DNA.code('C')]).toBe(ids.get('TC'));
    expect(map.tokenCount(3)).toBe(3);
    ids.delete('GT');
    expect(() =>
      letterMap({
        ids,
        sizes: [2],
        layout: overlappingLayout(2),
        special: { cls: 1, eos: null },
        file: 'v',
      }).columns(DNA, 2),
    ).toThrow(/lacks 'GT'/);
  });
});
