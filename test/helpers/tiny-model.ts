import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createRandom } from '../../src/core/random.js';
import { esm, parseEsmConfig } from '../../src/lm/architecture/esm.js';
import { writeChecksums } from '../../src/lm/io/checksums.js';
import { writeSafetensors } from '../../src/lm/io/safetensors-writer.js';
import { lossGraph } from '../../src/lm/training/loss-graph.js';

const vocabularies = {
  protein: ['<cls>', '<pad>', '<eos>', '<unk>', ...'LAGVSERTIDPKQNFYMHWCXBUZO.-', '<null_1>', '<mask>'],
  dna: ['<cls>', '<pad>', '<eos>', '<unk>', ...'ACGTN', '<mask>'],
};

/** Tokens that the tiny models take, special ones included. */
export const TINY_MAX_TOKENS = 64;

/**
 * Writes a model folder with the ESM-2 architecture, 16 features, one layer and random weights: it knows nothing, and runs
 * in milliseconds.
 */
export async function writeTinyModel(folder: string, alphabet: 'protein' | 'dna' = 'protein'): Promise<void> {
  const vocabulary = vocabularies[alphabet];
  const config = {
    architectures: ['EsmForMaskedLM'],
    model_type: 'esm',
    vocab_size: vocabulary.length,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 32,
    max_position_embeddings: TINY_MAX_TOKENS,
    position_embedding_type: 'rotary',
    layer_norm_eps: 1e-5,
    token_dropout: true,
    pad_token_id: 1,
    mask_token_id: vocabulary.length - 1,
  };
  const tokenizerConfig = {
    tokenizer_class: 'EsmTokenizer',
    cls_token: '<cls>',
    pad_token: '<pad>',
    eos_token: '<eos>',
    unk_token: '<unk>',
    mask_token: '<mask>',
  };
  const random = createRandom('tiny');
  const tensors = lossGraph(esm(parseEsmConfig(config))).parameters.map(({ name, shape }) => {
    const isScale = shape.length === 1 && name.endsWith('.weight');
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, () => (isScale ? 1 : 0.2 * random.normal()));
    return { name, shape, data };
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
  writeFileSync(path.join(folder, 'vocab.txt'), `${vocabulary.join('\n')}\n`);
  writeSafetensors(path.join(folder, 'model.safetensors'), tensors);
  await writeChecksums(folder, ['config.json', 'model.safetensors', 'vocab.txt']);
}
