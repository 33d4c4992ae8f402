import { z } from 'zod';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';
import type { Architecture, BatchInputs, Encoded } from './architecture.js';
import { parseConfig, requireWholeHeads } from './config.js';
import {
  attention,
  everywhere,
  inverseFrequencies,
  layerNorm,
  linear,
  type Rotate,
  rotation,
  type Visibility,
} from './layers.js';
import type { Parameters } from './parameters.js';

const schema = z.object({
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  intermediate_size: z.int().positive(),
  max_position_embeddings: z.int().positive(),
  layer_norm_eps: z.number().positive().default(1e-12),
  position_embedding_type: z.enum(['absolute', 'rotary']).default('absolute'),
  rope_theta: z.number().positive().default(10000),
  token_dropout: z.boolean().default(false),
  emb_layer_norm_before: z.boolean().nullish(),
  pad_token_id: z.int().nonnegative(),
  mask_token_id: z.int().nonnegative(),
});

/** Sizes and switches of an ESM model, as in the `config.json` of a Hugging Face folder. */
export type EsmConfig = z.infer<typeof schema>;

/** Share of masked tokens in ESM's own pre-training (15 % chosen, 80 % of those masked). */
const TRAINING_MASK_RATE = 0.15 * 0.8;

/**
 * Checks a raw `config.json`.
 * @throws ModelError naming the first field that does not fit
 */
export function parseEsmConfig(raw: unknown, file?: string): EsmConfig {
  const config = parseConfig(schema, raw, 'ESM', file);
  requireWholeHeads(config.hidden_size, config.num_attention_heads, file);
  return config;
}

function embed(g: GraphBuilder, p: Parameters, c: EsmConfig, inputs: BatchInputs): Encoded {
  const [B, T] = inputs.ids.shape;
  const lookup = g.gather(
    p.tensor('esm.embeddings.word_embeddings.weight', [c.vocab_size, c.hidden_size]),
    inputs.ids,
  );
  let x = lookup;
  if (c.token_dropout) x = g.mul(x, g.reshape(inputs.embedScale, [B, T, 1]));
  if (c.position_embedding_type === 'absolute') {
    const rows = c.max_position_embeddings;
    const table = p.tensor('esm.embeddings.position_embeddings.weight', [rows, c.hidden_size]);
    x = g.add(x, g.gather(table, inputs.positions));
  }
  if (c.emb_layer_norm_before)
    x = layerNorm(g, p, x, 'esm.embeddings.layer_norm', c.hidden_size, c.layer_norm_eps);
  return { lookup, hidden: inputs.padded ? g.mul(x, g.reshape(inputs.mask, [B, T, 1])) : x };
}

function layer(
  g: GraphBuilder,
  p: Parameters,
  c: EsmConfig,
  x: Value,
  visible: Visibility,
  rotate: Rotate,
  index: number,
): Value {
  const name = `esm.encoder.layer.${index}`;
  const D = c.hidden_size;
  const normed = layerNorm(g, p, x, `${name}.attention.LayerNorm`, D, c.layer_norm_eps);
  const project = (which: string) => linear(g, p, normed, `${name}.attention.self.${which}`, D, D);
  const mixed = attention(
    g,
    rotate(project('query')),
    rotate(project('key')),
    project('value'),
    visible,
    c.num_attention_heads,
  );
  const attended = g.add(x, linear(g, p, mixed, `${name}.attention.output.dense`, D, D));
  const inner = layerNorm(g, p, attended, `${name}.LayerNorm`, D, c.layer_norm_eps);
  const wide = g.gelu(linear(g, p, inner, `${name}.intermediate.dense`, D, c.intermediate_size));
  return g.add(attended, linear(g, p, wide, `${name}.output.dense`, c.intermediate_size, D));
}

/**
 * The ESM family: ESM-2 (rotary positions, token dropout) and ESM-1b/1v (absolute positions, layer norm before), pre-LayerNorm
 * encoders with a last layer norm and a tied masked-language-model head.
 * @param inverseFrequency rotary frequencies stored in the checkpoint, where it has them
 * @see Lin et al., Science 2023 (ESM-2); Rives et al., PNAS 2021 (ESM-1b)
 */
export function esm(c: EsmConfig, inverseFrequency?: ArrayLike<number>): Architecture {
  const D = c.hidden_size;
  const frequencies = inverseFrequency ?? inverseFrequencies(D / c.num_attention_heads, c.rope_theta);
  const absolute = c.position_embedding_type === 'absolute';
  return {
    family: absolute ? 'ESM-1' : 'ESM-2',
    vocabularySize: c.vocab_size,
    hiddenSize: D,
    causal: false,
    maxTokens: absolute ? c.max_position_embeddings - c.pad_token_id - 1 : c.max_position_embeddings,
    embeddingName: 'esm.embeddings.word_embeddings.weight',
    encode(g, p, inputs) {
      const { lookup, hidden } = embed(g, p, c, inputs);
      const visible = everywhere(g, inputs);
      const rotate: Rotate = absolute
        ? (x) => x
        : rotation(g, c.max_position_embeddings, c.num_attention_heads, frequencies);
      let x = hidden;
      for (let i = 0; i < c.num_hidden_layers; i++) x = layer(g, p, c, x, visible, rotate, i);
      return { lookup, hidden: layerNorm(g, p, x, 'esm.encoder.emb_layer_norm_after', D, c.layer_norm_eps) };
    },
    logits(g, p, hidden) {
      const dense = g.gelu(linear(g, p, hidden, 'lm_head.dense', D, D));
      const normed = layerNorm(g, p, dense, 'lm_head.layer_norm', D, c.layer_norm_eps);
      const decoder = p.tensor('esm.embeddings.word_embeddings.weight', [c.vocab_size, D]);
      return g.add(
        g.fusedMatMul(normed, decoder, { transB: true }),
        p.tensor('lm_head.bias', [c.vocab_size]),
      );
    },
    row(ids, length) {
      let masked = 0;
      for (let i = 0; i < length; i++) if (ids[i] === c.mask_token_id) masked++;
      const factor = (1 - TRAINING_MASK_RATE) / (1 - masked / length);
      return {
        embedScale: (i) => (i >= length || ids[i] === c.mask_token_id ? 0 : factor),
        position: (i) => (i >= length ? c.pad_token_id : c.pad_token_id + 1 + i),
      };
    },
  };
}
