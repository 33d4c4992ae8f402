import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/core/errors.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { readingOrder } from '../../../src/lm/reading-order.js';
import { lossGraph } from '../../../src/lm/training/loss-graph.js';
import { parseRecipe, type Recipe, recipeModel } from '../../../src/lm/training/recipe.js';
import { writeModelFolder } from '../../../src/lm/training/store.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';

const folder = path.resolve('experiments/lm');
const recipes = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Recipe] as const)
  .filter(([, raw]) => 'vocabulary' in raw);
const temporary = temporaryFolder();

describe('the committed recipes', () => {
  it.each(recipes)('%s describes a model that can be opened', async (name, raw) => {
    const recipe = parseRecipe(raw, name);
    const { architecture, files, encode, alphabet, special } = recipeModel(recipe);
    const { parameters } = lossGraph(architecture);
    const own = path.join(temporary, recipe.name);
    const zeros = parameters.map(
      ({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))] as const,
    );
    writeModelFolder(own, files, parameters, new Map(zeros));
    const model = await openLanguageModel(own);
    expect(model.alphabet).toBe(alphabet);
    expect(model.architecture.causal).toBe(recipe.training.objective === 'causal');
    expect(readingOrder(model)).toBe(recipe.training.order);
    expect([...special.letters]).toEqual([...model.tokenizer.letters.columns(alphabet, 1)]);
    const { cls, eos } = model.tokenizer.special;
    expect([cls, ...encode(alphabet.letters), eos]).toEqual(model.tokenizer.encodeResidues(alphabet.letters));
  });
});

describe('recipes that do not fit', () => {
  const [, causal] = recipes.find(([name]) => name === 'dna-causal-reverse.json')!;
  it.each([
    ['another objective', { training: { ...causal.training, objective: 'masked' } }, /objective do not fit/],
    [
      'other special tokens',
      { vocabulary: ['<bos>', '<pad>', ...causal.vocabulary.slice(2)] },
      /begins otherwise/,
    ],
    ['a token too many', { vocabulary: [...causal.vocabulary, 'X'] }, /expected 9 tokens, got 10/],
    ['another family', { model: { ...causal.model, model_type: 'bert' } }, /model.model_type/],
  ])('%s', (_what, change, message) => {
    const parse = () => parseRecipe({ ...causal, ...change }, 'recipe.json');
    expect(parse).toThrow(message);
    expect(parse).toThrow(ModelError);
  });
});
