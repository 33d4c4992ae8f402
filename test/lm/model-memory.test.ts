import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { internal, InputError, ModelError } from '../../src/core/errors.js';
import { esm, parseEsmConfig } from '../../src/lm/architecture/esm.js';
import { type LanguageModel, openLanguageModel } from '../../src/lm/language-model.js';
import { checkModelMemory, modelMemory } from '../../src/lm/model-memory.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';

const folder = path.join(temporaryFolder(), 'tiny');
let tiny: LanguageModel;
beforeAll(async () => {
  await writeTinyModel(folder);
  tiny = await openLanguageModel(folder);
});

/** A model of ESM-2's largest sizes; its weights cannot be read. */
function large(layers: number, width: number, mapped: boolean): LanguageModel {
  const config = {
    ...{ vocab_size: 33, hidden_size: width, num_hidden_layers: layers, num_attention_heads: width / 64 },
    ...{ intermediate_size: 4 * width, max_position_embeddings: 1026, position_embedding_type: 'rotary' },
    ...{ layer_norm_eps: 1e-5, token_dropout: true, pad_token_id: 1, mask_token_id: 32 },
  };
  const read = () => {
    throw internal('a weight was read');
  };
  const locate = (name: string) => ({ location: name, offset: 0, length: 0 });
  const weights = mapped ? { read, locate } : { read };
  return {
    ...tiny,
    name: 'large',
    parameters: 12 * layers * width ** 2,
    architecture: esm(parseEsmConfig(config)),
    weights,
  };
}

const MiB = 2 ** 20;

describe('modelMemory', () => {
  it('counts copies of the weights, and none of weights that stay in their file', () => {
    const [layers, width] = [6, 320];
    const work = { workers: 2, tokens: 66 };
    const copied = modelMemory(large(layers, width, false), work);
    // Weights of the layers, the bulk of what a graph of features holds.
    const bytes = 4 * layers * 12 * width ** 2;
    expect(copied.copied / bytes).toBeGreaterThan(1);
    expect(copied.copied / bytes).toBeLessThan(1.02);
    expect(copied.total).toBe(copied.main + 2 * copied.worker);
    const mapped = modelMemory(large(layers, width, true), work);
    expect(mapped).toMatchObject({ copied: 0, main: 0 });
    expect(copied.worker - mapped.worker).toBeCloseTo(2.56 * copied.copied, -1);
  });

  it('does not grow with padding up to the tokens of a run, and grows with longer sequences and gradients', () => {
    const at = (tokens: number, gradients?: number) =>
      modelMemory(tiny, { workers: 1, tokens, gradients }).worker;
    expect(at(1000)).toBeGreaterThan(at(500));
    expect(at(64)).toBeLessThanOrEqual(at(512));
    expect(at(64, 3)).toBeGreaterThan(at(64));
  });

  it("is near what was measured of a model of ESM-2 150M's size, mapped", () => {
    // experiments/speed/results.md: one sequence of 66 tokens took 112 MB more once it had run twice. A run has 7 of them.
    const { worker } = modelMemory(large(30, 640, true), { workers: 1, tokens: 66, gradients: 1 });
    const { worker: idle } = modelMemory(large(1, 64, true), { workers: 1, tokens: 4 });
    const each = (worker - idle) / 7 / MiB;
    expect(each).toBeGreaterThan(112);
    expect(each).toBeLessThan(224);
  });
});

describe('checkModelMemory', () => {
  it('refuses what does not fit with the numbers, and reads no weight for it', () => {
    const model = large(33, 1280, false);
    const check = (budget: number) => checkModelMemory(model, { workers: 4, tokens: 302 }, budget);
    // 650M weights in float32 are more than one graph can hold.
    expect(() => check(64 * 2 ** 30)).toThrow(ModelError);
    expect(() => check(64 * 2 ** 30)).toThrow(
      /cannot be copied into a graph; expected at most 2,032 MiB .*float32 in safetensors/,
    );
    const smaller = large(30, 640, false);
    const work = { workers: 4, tokens: 302 };
    const { total } = modelMemory(smaller, work);
    checkModelMemory(smaller, work, total);
    expect(() => checkModelMemory(smaller, work, total - 1)).toThrow(InputError);
    expect(() => checkModelMemory(smaller, work, 1024 * MiB)).toThrow(
      /model large does not fit into memory; expected at most 1,024 MiB, the memory budget, got [\d,]+ MiB for 147,456,000 weights and sequences of 302 tokens: [\d,]+ MiB and 4 workers of [\d,]+ MiB\. Take fewer workers/,
    );
  });
});
