import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { openSafetensors } from '../../../src/lm/io/safetensors.js';
import type { LanguageModel } from '../../../src/lm/language-model.js';
import { fixturePath } from '../../helpers/fixtures.js';

interface Case {
  name: string;
  sequences: string[];
  token_ids: number[][];
  attention_mask: number[][];
}

const folder = fixturePath('lm');

/** Folders of the reference models by name; none where the fixtures are not at hand. */
export const references = new Map(
  (folder ? readdirSync(folder) : []).map((name) => [name, path.join(folder!, name)]),
);

/** Cases of a reference model whose sequences are in the model's own alphabet, and its tensors in float64. */
export function plainCases(name: string, { alphabet }: LanguageModel) {
  const base = references.get(name)!;
  const { cases } = JSON.parse(readFileSync(path.join(base, 'ref.json'), 'utf8')) as { cases: Case[] };
  const tensors = openSafetensors(path.join(base, 'ref.safetensors'));
  return {
    cases: cases.filter(({ sequences }) =>
      sequences.every((text) => [...text].every((letter) => alphabet.code(letter) >= 0)),
    ),
    has: (key: string) => tensors.tensors.has(key),
    tensor: (key: string) => tensors.readTensorFloat64(key),
  };
}

/** Holds values to float64 references within the tolerance that the fixtures' README gives to float32. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  absolute = 5e-5,
) {
  expect(actual.length, what).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]) - 1e-5 * Math.abs(expected[i]));
  expect(worst, what).toBeLessThan(absolute);
}

/** log softmax of some logits, in float64. */
export function logSoftmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const total = largest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  return values.map((x) => x - total);
}

/** All items of an asynchronous sequence. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
