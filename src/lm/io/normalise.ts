import { ModelError } from '../../core/errors.js';

/** First name parts of the body of a model, and the prefix its parts have inside a model with a head. */
const BODIES: Readonly<Record<string, { prefix: string; parts: readonly string[] }>> = {
  esm: { prefix: 'esm', parts: ['embeddings', 'encoder', 'pooler', 'contact_head', 'rotary_embeddings'] },
  bert: { prefix: 'bert', parts: ['embeddings', 'encoder', 'pooler'] },
  gpt2: { prefix: 'transformer', parts: ['wte', 'wpe', 'h', 'ln_f'] },
  esmc: { prefix: 'esmc', parts: ['embed_tokens', 'layers', 'norm', 'rotary_emb'] },
};

/**
 * The canonical name of a stored tensor: as in the Hugging Face class with a masked (or causal) LM head, e.g.
 * `esm.encoder.layer.0.attention.self.query.weight`, `lm_head.dense.weight`.
 *
 * - a body saved without its head lacks the prefix (`embeddings...` becomes `esm.embeddings...`);
 * - `LayerNorm.gamma` and `.beta` (TensorFlow's names, which some versions of transformers still write) become
 *   `.weight` and `.bias`;
 * - rotary frequencies saved under a literal `layer.*.` are shared by all layers: `esm.rotary_embeddings.inv_freq`.
 *   Frequencies saved per layer keep their layer.
 * @param name as stored
 * @param modelType `model_type` of config.json; of an unknown type only the LayerNorm names change
 */
export function canonicalName(name: string, modelType: string): string {
  const weight = name
    .replace(/(LayerNorm|layer_norm)\.gamma$/, '$1.weight')
    .replace(/(LayerNorm|layer_norm)\.beta$/, '$1.bias');
  const body = Object.hasOwn(BODIES, modelType) ? BODIES[modelType] : undefined;
  if (!body) return weight;
  const prefixed = body.parts.includes(weight.split('.', 1)[0]) ? `${body.prefix}.${weight}` : weight;
  return prefixed.replace(
    /encoder\.layer\.\*\.attention\.self\.rotary_embeddings\.inv_freq$/,
    'rotary_embeddings.inv_freq',
  );
}

/**
 * Canonical names of all tensors of a checkpoint.
 * @returns canonical name -> stored name, in stored order
 * @throws ModelError when two stored names mean the same tensor
 */
export function normalise(stored: Iterable<string>, modelType: string, file?: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of stored) {
    const canonical = canonicalName(name, modelType);
    const other = names.get(canonical);
    if (other !== undefined) {
      throw new ModelError({
        what: `tensors ${other} and ${name} are the same tensor in two layouts`,
        file,
        expected: `one ${canonical}`,
        fix: 'Save the model again from one source.',
      });
    }
    names.set(canonical, name);
  }
  return names;
}
