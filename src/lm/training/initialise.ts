import type { Random } from '../../core/random.js';

/**
 * Starting weights as Hugging Face's ESM and BERT draw them: matrices N(0, 0.02^2), biases 0, LayerNorm scales 1.
 */
export function initialWeights(
  parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
  random: Random,
): Map<string, Float32Array> {
  return new Map(
    parameters.map(({ name, shape }) => {
      const weight = new Float32Array(shape.reduce((a, b) => a * b, 1));
      if (/layer_?norm.*\.weight$/i.test(name)) weight.fill(1);
      else if (shape.length > 1) for (let i = 0; i < weight.length; i++) weight[i] = 0.02 * random.normal();
      return [name, weight];
    }),
  );
}
