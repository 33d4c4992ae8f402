import type { Random } from '../../core/random.js';

/** Standard deviation of the drawn weights. */
const SPREAD = 0.02;
/** GPT-2's projections into the residual stream, two a layer. */
const RESIDUAL = /\.c_proj\.weight$/;

/**
 * Starting weights as Hugging Face's ESM, BERT and GPT-2 draw them: matrices N(0, 0.02^2), biases 0, LayerNorm scales 1;
 * GPT-2's projections into the residual stream are divided by sqrt(2 layers).
 */
export function initialWeights(
  parameters: readonly { readonly name: string; readonly shape: readonly number[] }[],
  random: Random,
): Map<string, Float32Array> {
  const residual = parameters.filter(({ name }) => RESIDUAL.test(name)).length;
  return new Map(
    parameters.map(({ name, shape }) => {
      const weight = new Float32Array(shape.reduce((a, b) => a * b, 1));
      const spread = RESIDUAL.test(name) ? SPREAD / Math.sqrt(residual) : SPREAD;
      // The only vectors called `weight` are LayerNorm's scales.
      if (shape.length === 1 && name.endsWith('.weight')) weight.fill(1);
      else if (shape.length > 1) for (let i = 0; i < weight.length; i++) weight[i] = spread * random.normal();
      return [name, weight];
    }),
  );
}
