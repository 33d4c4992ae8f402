import { z } from 'zod';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';
import { type Architecture, plainRow } from './architecture.js';
import { parseConfig, requireWholeHeads } from './config.js';
import { attention, backwards, layerNorm, type Visibility } from './layers.js';
import type { Parameters } from './parameters.js';

const schema = z.object({
  vocab_size: z.int().positive(),
  n_embd: z.int().positive(),
  n_layer: z.int().positive(),
  n_head: z.int().positive(),
  n_positions: z.int().positive(),
  n_inner: z.int().positive().nullish(),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  activation_function: z.enum(['gelu_new', 'gelu']).default('gelu_new'),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
});

/** Sizes of a GPT-2 model, as in its `config.json`. */
export type Gpt2Config = z.infer<typeof schema>;

/** Checks a raw `config.json`. @throws ModelError naming the first field that does not fit */
export function parseGpt2Config(raw: unknown, file?: string): Gpt2Config {
  const config = parseConfig(schema, raw, 'GPT-2', file);
  requireWholeHeads(config.n_embd, config.n_head, file);
  return config;
}

/** x W + b with W [in x out], as GPT-2 stores it. */
function conv1d(
  g: GraphBuilder,
  p: Parameters,
  x: Value,
  name: string,
  inputs: number,
  outputs: number,
): Value {
  const product = g.matMul(x, p.tensor(`${name}.weight`, [inputs, outputs]));
  return g.add(product, p.tensor(`${name}.bias`, [outputs]));
}

function layer(
  g: GraphBuilder,
  p: Parameters,
  c: Gpt2Config,
  x: Value,
  visible: Visibility,
  index: number,
): Value {
  const name = `transformer.h.${index}`;
  const D = c.n_embd;
  const inner = c.n_inner ?? 4 * D;
  const norm = (value: Value, which: string) =>
    layerNorm(g, p, value, `${name}.${which}`, D, c.layer_norm_epsilon);
  const qkv = conv1d(g, p, norm(x, 'ln_1'), `${name}.attn.c_attn`, D, 3 * D);
  const part = (i: number) => g.slice(qkv, -1, i * D, (i + 1) * D);
  const mixed = attention(g, part(0), part(1), part(2), visible, c.n_head);
  const attended = g.add(x, conv1d(g, p, mixed, `${name}.attn.c_proj`, D, D));
  const approximate = c.activation_function === 'gelu_new' ? 'tanh' : 'none';
  const wide = g.gelu(conv1d(g, p, norm(attended, 'ln_2'), `${name}.mlp.c_fc`, D, inner), approximate);
  return g.add(attended, conv1d(g, p, wide, `${name}.mlp.c_proj`, inner, D));
}

/**
 * GPT-2: a pre-LayerNorm causal decoder with learned positions; logits at t are of token t + 1.
 * @see Radford et al., 2019
 */
export function gpt2(c: Gpt2Config): Architecture {
  const D = c.n_embd;
  return {
    family: 'GPT-2',
    vocabularySize: c.vocab_size,
    hiddenSize: D,
    causal: true,
    maxTokens: c.n_positions,
    embeddingName: 'transformer.wte.weight',
    encode(g, p, inputs) {
      const lookup = g.gather(p.tensor('transformer.wte.weight', [c.vocab_size, D]), inputs.ids);
      const visible = backwards(g, inputs);
      let x = g.add(
        lookup,
        g.gather(p.tensor('transformer.wpe.weight', [c.n_positions, D]), inputs.positions),
      );
      for (let i = 0; i < c.n_layer; i++) x = layer(g, p, c, x, visible, i);
      return { lookup, hidden: layerNorm(g, p, x, 'transformer.ln_f', D, c.layer_norm_epsilon) };
    },
    logits(g, p, hidden) {
      return g.fusedMatMul(hidden, p.tensor('transformer.wte.weight', [c.vocab_size, D]), { transB: true });
    },
    row: plainRow(0, 0),
  };
}
