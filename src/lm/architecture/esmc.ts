import { z } from 'zod';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';
import { type Architecture, plainRow } from './architecture.js';
import { parseConfig, requireWholeHeads } from './config.js';
import {
  attention,
  everywhere,
  inverseFrequencies,
  layerNorm,
  linear,
  project,
  rotation,
  type Rotate,
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
  layer_norm_eps: z.number().positive().default(1e-5),
  hidden_act: z.literal('silu').default('silu'),
  rope_theta: z.number().positive().optional(),
  rope_parameters: z.object({ rope_theta: z.number().positive() }).optional(),
  tie_word_embeddings: z.literal(false).default(false),
});

/** Sizes of an ESM-C model, as in its `config.json`. */
export type EsmcConfig = z.infer<typeof schema>;

/** Residual branches are divided by sqrt(layers / 36). */
const REFERENCE_LAYERS = 36;

/** Checks a raw `config.json`. @throws ModelError naming the first field that does not fit */
export function parseEsmcConfig(raw: unknown, file?: string): EsmcConfig {
  const config = parseConfig(schema, raw, 'ESM-C', file);
  requireWholeHeads(config.hidden_size, config.num_attention_heads, file);
  return config;
}

function feedForward(g: GraphBuilder, p: Parameters, c: EsmcConfig, x: Value, name: string): Value {
  const [D, F] = [c.hidden_size, c.intermediate_size];
  const gate = project(g, p, x, `${name}.gate_proj`, D, F);
  const silu = g.mul(gate, g.unary('Sigmoid', gate));
  return project(g, p, g.mul(silu, project(g, p, x, `${name}.up_proj`, D, F)), `${name}.down_proj`, F, D);
}

function layer(
  g: GraphBuilder,
  p: Parameters,
  c: EsmcConfig,
  x: Value,
  visible: Visibility,
  rotate: Rotate,
  index: number,
): Value {
  const name = `esmc.layers.${index}`;
  const D = c.hidden_size;
  const branch = (value: Value) => g.scale(value, (c.num_hidden_layers / REFERENCE_LAYERS) ** -0.5);
  const normed = layerNorm(g, p, x, `${name}.input_layernorm`, D, c.layer_norm_eps);
  const part = (which: string) => project(g, p, normed, `${name}.self_attn.${which}_proj`, D, D);
  const scaled = (which: string) =>
    g.layerNorm(part(which), p.tensor(`${name}.self_attn.${which}_norm.weight`, [D]), null, c.layer_norm_eps);
  const mixed = attention(
    g,
    rotate(scaled('q')),
    rotate(scaled('k')),
    part('v'),
    visible,
    c.num_attention_heads,
  );
  const attended = g.add(x, branch(project(g, p, mixed, `${name}.self_attn.o_proj`, D, D)));
  const inner = layerNorm(g, p, attended, `${name}.post_attention_layernorm`, D, c.layer_norm_eps);
  return g.add(attended, branch(feedForward(g, p, c, inner, `${name}.mlp`)));
}

/**
 * ESM-C: a pre-LayerNorm encoder with rotary positions, normalised queries and keys, and gated feed-forward layers.
 * @see EvolutionaryScale, ESM Cambrian, 2024
 */
export function esmc(c: EsmcConfig): Architecture {
  const D = c.hidden_size;
  const theta = c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10000;
  return {
    family: 'ESM-C',
    vocabularySize: c.vocab_size,
    hiddenSize: D,
    causal: false,
    maxTokens: c.max_position_embeddings,
    embeddingName: 'esmc.embed_tokens.weight',
    encode(g, p, inputs) {
      const lookup = g.gather(p.tensor('esmc.embed_tokens.weight', [c.vocab_size, D]), inputs.ids);
      const visible = everywhere(g, inputs);
      const frequencies = inverseFrequencies(D / c.num_attention_heads, theta);
      const rotate = rotation(g, c.max_position_embeddings, c.num_attention_heads, frequencies);
      let x = lookup;
      for (let i = 0; i < c.num_hidden_layers; i++) x = layer(g, p, c, x, visible, rotate, i);
      return { lookup, hidden: g.layerNorm(x, p.tensor('esmc.norm.weight', [D]), null, c.layer_norm_eps) };
    },
    logits(g, p, hidden) {
      const dense = g.gelu(linear(g, p, hidden, 'lm_head.dense', D, D));
      const normed = layerNorm(g, p, dense, 'lm_head.layer_norm', D, c.layer_norm_eps);
      return linear(g, p, normed, 'lm_head.decoder', D, c.vocab_size);
    },
    row: plainRow(0, 0),
  };
}
