import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/lm/tokenizers/load.js';
import { padBatch } from '../../../src/lm/tokenizers/tokenizer.js';
import { referenceModels } from './references.js';

// Made by scripts/make-tokenizer-cases.py with Hugging Face's tokenizers.
const random = JSON.parse(
  readFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'random-cases.json'), 'utf8'),
) as { cases: Record<string, { text: string; token_ids: number[] }[]> };

const rows = (data: ArrayLike<number>, length: number): number[][] => {
  const all = Array.from(data);
  return Array.from({ length: all.length / length }, (_, b) => all.slice(b * length, (b + 1) * length));
};
/** Texts with spaces or bracketed tokens are written for the tokenizer itself, the rest are plain sequences. */
const isTokenizerText = (text: string) => /[\s[<]/.test(text);

const models = referenceModels();

it('is held against random texts for every model', () => {
  expect(Object.keys(random.cases)).toEqual(expect.arrayContaining(models.map(({ name }) => name)));
});

describe.each(models)('tokenizer of $name', ({ name, folder, reference }) => {
  const tokenizer = loadTokenizer(folder);

  it.each(reference.cases)('batch $name', (batch) => {
    const ids = batch.sequences.map((text) =>
      isTokenizerText(text) ? tokenizer.encode(text) : tokenizer.encodeResidues(text),
    );
    const padded = padBatch(tokenizer, ids);
    expect(rows(padded.ids, padded.length)).toEqual(batch.token_ids);
    expect(rows(padded.attentionMask, padded.length)).toEqual(batch.attention_mask);
    expect(rows(padded.residueMask, padded.length)).toEqual(batch.residue_mask);
  });

  it.each(reference.tokenizer_cases ?? [])('text $text', ({ text, token_ids }) => {
    expect(tokenizer.encode(text)).toEqual(token_ids);
  });

  it.each((random.cases[name] ?? []).map((one, i) => ({ ...one, i })))(
    'random text $i',
    ({ text, token_ids }) => {
      expect(tokenizer.encode(text)).toEqual(token_ids);
    },
  );

  it.each(reference.residue_cases ?? [])('residues $sequence', ({ sequence, text, token_ids }) => {
    expect(tokenizer.encodeResidues(sequence)).toEqual(token_ids);
    expect(tokenizer.encode(text)).toEqual(token_ids);
  });
});
