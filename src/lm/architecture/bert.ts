import { z } from 'zod';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';
import { type Architecture, type BatchInputs, type Encoded, plainRow } from './architecture.js';
import { parseConfig, requireWholeHeads } from './config.js';
import { attention, everywhere, layerNorm, linear, type Visibility } from './layers.js';
import type { Parameters } from './parameters.js';

const schema = z.object({
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  intermediate_size: z.int().positive(),
  max_position_embeddings: z.int().positive(),
  type_vocab_size: z.int().positive().default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.literal('gelu').default('gelu'),
  position_embedding_type: z.literal('absolute').default('absolute'),
  pad_token_id: z.int().nonnegative().default(0),
});

/** Sizes of a BERT model, as in its `config.json`. */
export type BertConfig = z.infer<typeof schema>;

/** Checks a raw `config.json`. @throws ModelError naming the first field that does not fit */
export function parseBertConfig(raw: unknown, file?: string): BertConfig {
  const config = parseConfig(schema, raw, 'BERT', file);
  requireWholeHeads(config.hidden_size, config.num_attention_heads, file);
  return config;
}

function embed(g: GraphBuilder, p: Parameters, c: BertConfig, inputs: BatchInputs): Encoded {
  const D = c.hidden_size;
  const lookup = g.gather(p.tensor('bert.embeddings.word_embeddings.weight', [c.vocab_size, D]), inputs.ids);
  const positions = p.tensor('bert.embeddings.position_embeddings.weight', [c.max_position_embeddings, D]);
  const types = p.tensor('bert.embeddings.token_type_embeddings.weight', [c.type_vocab_size, D]);
  const firstType = g.reshape(g.slice(types, 0, 0, 1), [D]);
  const sum = g.add(g.add(lookup, firstType), g.gather(positions, inputs.positions));
  return { lookup, hidden: layerNorm(g, p, sum, 'bert.embeddings.LayerNorm', D, c.layer_norm_eps) };
}

function layer(
  g: GraphBuilder,
  p: Parameters,
  c: BertConfig,
  x: Value,
  visible: Visibility,
  index: number,
): Value {
  const name = `bert.encoder.layer.${index}`;
  const D = c.hidden_size;
  const part = (which: string) => linear(g, p, x, `${name}.attention.self.${which}`, D, D);
  const mixed = attention(g, part('query'), part('key'), part('value'), visible, c.num_attention_heads);
  const attended = g.add(x, linear(g, p, mixed, `${name}.attention.output.dense`, D, D));
  const normed = layerNorm(g, p, attended, `${name}.attention.output.LayerNorm`, D, c.layer_norm_eps);
  const wide = g.gelu(linear(g, p, normed, `${name}.intermediate.dense`, D, c.intermediate_size));
  const out = g.add(normed, linear(g, p, wide, `${name}.output.dense`, c.intermediate_size, D));
  return layerNorm(g, p, out, `${name}.output.LayerNorm`, D, c.layer_norm_eps);
}

/**
 * BERT: a post-LayerNorm encoder with absolute positions and a tied masked-language-model head (ProtBERT, DNABERT).
 * @see Devlin et al., NAACL 2019; Elnaggar et al., TPAMI 2021 (ProtBERT); Ji et al., Bioinformatics 2021 (DNABERT)
 */
export function bert(c: BertConfig): Architecture {
  const D = c.hidden_size;
  return {
    family: 'BERT',
    vocabularySize: c.vocab_size,
    hiddenSize: D,
    causal: false,
    maxTokens: c.max_position_embeddings,
    embeddingName: 'bert.embeddings.word_embeddings.weight',
    encode(g, p, inputs) {
      const { lookup, hidden } = embed(g, p, c, inputs);
      const visible = everywhere(g, inputs);
      let x = hidden;
      for (let i = 0; i < c.num_hidden_layers; i++) x = layer(g, p, c, x, visible, i);
      return { lookup, hidden: x };
    },
    logits(g, p, hidden) {
      const dense = g.gelu(linear(g, p, hidden, 'cls.predictions.transform.dense', D, D));
      const normed = layerNorm(g, p, dense, 'cls.predictions.transform.LayerNorm', D, c.layer_norm_eps);
      const decoder = p.tensor('bert.embeddings.word_embeddings.weight', [c.vocab_size, D]);
      return g.add(
        g.fusedMatMul(normed, decoder, { transB: true }),
        p.tensor('cls.predictions.bias', [c.vocab_size]),
      );
    },
    row: plainRow(0, 0),
  };
}
