import { z } from 'zod';
import type { MethodRun } from '../design/method.js';
import { descend } from './continuous.js';
import { defineMethod } from './definition.js';
import { logitEncoding } from './networks/encoding.js';
import { fitNetworkObjective, requireEnsemble } from './networks/network-objective.js';
import type { NetworkObjective } from './networks/network-objective.js';
import { networkSchemaWith } from './networks/options.js';
import { requireMeasuredSet } from './scoring.js';

/**
 * The forward model of design-baselines; its layers are 2048 wide there (256 in other methods), for a GPU. Here 256, which a
 * processor trains in a minute.
 */
export const FORWARD_MODEL = {
  network: 'mlp',
  input: 'logits',
  members: 5,
  hidden: 256,
  epochs: 100,
  batch: 128,
  bootstrap: true,
} as const;

const schema = z.strictObject({
  /** Steps of each design. BIB's T for DNA and design-baselines' order. */
  steps: z.int().min(1).max(1_000_000).default(200),
  /**
   * Step size, times the square root of the number of coordinates as in design-baselines; `adaptive` adds BIB's Adaptive-eta
   * to the method, from `eta0` on.
   */
  eta: z.union([z.literal('adaptive'), z.number().positive().max(1000)]).default(0.01),
  /** Where an adaptive step size starts. */
  eta0: z.number().min(1e-4).max(0.5).default(0.01),
  /** The ensemble, and whether the mean or the lowest prediction is climbed. */
  networks: networkSchemaWith(FORWARD_MODEL),
});

/** Gradient ascent through an ensemble of networks on standardised logits. */
export const gradientAscent = defineMethod({
  name: 'gradient-ascent',
  module: import.meta.url,
  summary: 'gradient ascent on a network ensemble; with eta: adaptive, plus Adaptive-eta',
  reference:
    'design-baselines of Trabucco et al., Design-Bench, ICML 2022; Adaptive-eta: BIB, arXiv 2301.02931',
  schema,
  create: ({ steps, eta, eta0, networks }) => ({
    name: 'gradient-ascent',
    ranking: 'prediction',
    take: 'final',
    // the points move in the networks' own input space
    fitObjective: (data) => fitNetworkObjective(data, { ...networks, input: 'logits' }, false),
    design: (run) =>
      climb(run, requireEnsemble(run.objective, 'gradient-ascent'), networks.aggregate, {
        steps,
        eta: eta === 'adaptive' ? eta0 : eta,
        adaptive: eta === 'adaptive',
      }),
  }),
});

/** Climbs an ensemble's prediction from the starts. */
export function climb(
  run: MethodRun,
  { ensemble }: NetworkObjective,
  aggregate: 'mean' | 'min',
  { steps, eta, adaptive }: { steps: number; eta: number; adaptive: boolean },
) {
  const encoding = logitEncoding(run.problem, requireMeasuredSet(run).sequences);
  const scale = Math.sqrt(encoding.width);
  const gradients = async (points: Float64Array) => {
    const x = Float32Array.from(points);
    const slopes = await ensemble.gradients(x);
    const values = aggregate === 'min' ? await ensemble.predict(x) : null;
    return lossGradient(slopes, values, ensemble.members, encoding.width, scale);
  };
  return descend(run, encoding, gradients, { steps, eta, adaptive, optimiser: 'sgd' });
}

/**
 * Gradient of minus the prediction, times `scale`, so that a step of eta is one of `eta sqrt(d)` up the prediction.
 * @param slopes [B x K x width]
 * @param values [B x K] where the lowest member counts; null where the mean does
 */
function lossGradient(
  slopes: Float32Array,
  values: Float64Array | null,
  K: number,
  width: number,
  scale: number,
): Float64Array {
  const out = new Float64Array(slopes.length / K);
  for (let b = 0; b < out.length / width; b++) {
    const members = values === null ? null : values.subarray(b * K, (b + 1) * K);
    const lowest = members === null ? -1 : members.indexOf(members.reduce((low, v) => Math.min(low, v)));
    for (let k = 0; k < K; k++) {
      const share = members === null ? 1 / K : k === lowest ? 1 : 0;
      if (share === 0) continue;
      for (let j = 0; j < width; j++) out[b * width + j] -= scale * share * slopes[(b * K + k) * width + j];
    }
  }
  return out;
}
