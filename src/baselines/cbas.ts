import { quantileSorted } from 'd3-array';
import { z } from 'zod';
import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import type { Exploration, MethodRun, Visit } from '../design/method.js';
import type { Problem } from '../design/problem.js';
import { normalCdf } from '../stats/normal.js';
import { defineMethod } from './definition.js';
import { keepBudget } from './moves.js';
import { oneHotEncoding } from './networks/encoding.js';
import type { Encoding } from './networks/encoding.js';
import { fitNetworkObjective, requireEnsemble } from './networks/network-objective.js';
import type { NetworkObjective } from './networks/network-objective.js';
import { networkSchemaWith } from './networks/options.js';
import { compileDecoder, trainVae } from './networks/vae.js';
import type { Decoder, VaeOptions } from './networks/vae.js';
import type { Weights } from './networks/trainer.js';
import { drawLetters } from './reinforce.js';
import { sampleRows } from './sample-rows.js';
import { createScoring, requireMeasuredSet } from './scoring.js';

const schema = z.strictObject({
  /** Iterations. The code: 20; the paper: 50. */
  iterations: z.int().min(1).max(100_000).default(20),
  /** Sequences drawn in an iteration. The code: 500; the paper: 100. */
  samples: z.int().min(2).max(1_000_000).default(500),
  /** Q: the threshold rises to this quantile of the drawn sequences' predictions. The code: 0.95. */
  quantile: z.number().min(0).max(1).default(0.95),
  /** Dimensions of the latent space. */
  latent: z.int().min(1).max(1000).default(20),
  /** Width of the autoencoder's hidden layers. */
  hidden: z.int().min(1).max(4096).default(50),
  /** Epochs of the prior model on the measured set. */
  priorEpochs: z.int().min(1).max(100_000).default(100),
  /** Epochs of the search model in an iteration. The code: 10. */
  epochs: z.int().min(1).max(100_000).default(10),
  /** Rows per step of the search model. The code: 10. */
  batch: z.int().min(1).max(100_000).default(10),
  /** Measured rows that the prior model learns from at most (ours), the best half and others at random. */
  rows: z.int().min(2).max(10_000_000).default(5000),
  /** Weights below this are dropped. The code: 1e-6. */
  cutoff: z.number().min(0).default(1e-6),
  /** The oracles: 5 networks, as in the paper. */
  networks: networkSchemaWith({ members: 5, bootstrap: true }),
});
type CbasOptions = z.output<typeof schema>;

/**
 * Conditioning by adaptive sampling: a variational autoencoder is refitted to its own samples, weighted by the probability
 * that they exceed a rising threshold and by how likely they are under the prior model rather than the present one.
 */
export const cbas = defineMethod({
  name: 'cbas',
  module: import.meta.url,
  summary: 'CbAS: a generative model conditioned on high predictions, kept near the measured set',
  reference: 'Brookes, Park and Listgarten, Conditioning by adaptive sampling for robust design, ICML 2019',
  schema,
  create: (options) => ({
    name: 'cbas',
    ranking: 'prediction',
    fitObjective: (data) => fitNetworkObjective(data, options.networks, false),
    design: (run) => runCbas(run, requireEnsemble(run.objective, 'cbas'), options),
  }),
});

/** Rows per step and step size of the prior model, and step size of the search model (Adam's default in Keras). */
const PRIOR_BATCH = 100;
const RATE = 1e-3;

async function runCbas(run: MethodRun, oracle: NetworkObjective, options: CbasOptions): Promise<Exploration> {
  const { problem, random, signal } = run;
  const scoring = createScoring(run);
  const measured = requireMeasuredSet(run);
  const learned = sampleRows(measured, options.rows, random.fork('rows'));
  const encoding = oneHotEncoding(problem, measured.sequences);
  const input = { positions: encoding.positions.length, channels: encoding.channels };
  const noise = await noiseVariance(oracle, measured.sequences, measured.y);
  const vae: VaeOptions = { ...options, learningRate: RATE };

  const x = encoding.encode(learned.sequences);
  const prior = await trainVae(
    { x, weights: new Float64Array(learned.y.length).fill(1), input },
    { ...vae, epochs: options.priorEpochs, batch: PRIOR_BATCH },
    random.fork('prior'),
    { signal },
  );
  const priorDecoder = await compileDecoder(prior, input, vae);
  let current: Weights = prior;
  let threshold = -Infinity;
  for (let iteration = 0; iteration < options.iterations; iteration++) {
    await scoring.step(iteration, options.iterations);
    const decoder = await compileDecoder(current, input, vae);
    const draws = await drawSequences(run, encoding, decoder, options, random.fork(`draws ${iteration}`));
    const visits = await scoring.score(draws.proposals);
    threshold = Math.max(threshold, quantile(visits, options.quantile));
    const tails = await exceedance(oracle, visits, threshold, noise);
    const ratio = await densityRatio(draws, visits, encoding, priorDecoder);
    await decoder.release();
    const kept = visits
      .map((visit, i) => ({ visit, weight: tails[i] * ratio[i] }))
      .filter(({ weight }) => weight > options.cutoff);
    if (kept.length === 0) continue;
    current = await trainVae(
      {
        x: encoding.encode(kept.map(({ visit }) => visit.sequence)),
        weights: kept.map(({ weight }) => weight),
        input,
      },
      vae,
      random.fork(`refit ${iteration}`),
      { start: current, signal },
    );
  }
  await priorDecoder.release();
  await scoring.step(options.iterations, options.iterations);
  return scoring.finish();
}

/** Mean squared error on the measured set: the spread that members agreeing do not show. */
async function noiseVariance(
  oracle: NetworkObjective,
  sequences: readonly Sequence[],
  y: Float64Array,
): Promise<number> {
  const values = await oracle.ensemble.predict(oracle.encoding.encode(sequences));
  const K = oracle.ensemble.members;
  let sum = 0;
  y.forEach((target, i) => {
    let mean = 0;
    for (let k = 0; k < K; k++) mean += values[i * K + k] / K;
    sum += (mean - target) ** 2;
  });
  return sum / y.length;
}

interface Draws {
  proposals: { sequence: Sequence; start: MethodRun['starts'][number] }[];
  /** [B x latent] */
  z: Float32Array;
  /** [B x width] log probabilities of the model that was drawn from. */
  logP: Float64Array;
}

/** Draws from the search model, letters that the constraints forbid having probability 0. */
async function drawSequences(
  { problem, starts }: MethodRun,
  encoding: Encoding,
  decoder: Decoder,
  { samples, latent }: CbasOptions,
  random: Random,
): Promise<Draws> {
  const z = Float32Array.from({ length: samples * latent }, () => random.normal());
  const logP = await decoder.logProbabilities(z);
  const proposals = Array.from({ length: samples }, (_, b) => {
    const row = logP.subarray(b * encoding.width, (b + 1) * encoding.width);
    const drawn = drawLetters(problem, allowedShare(problem, encoding, row), random);
    // the model knows no start; where the budget counts from one, the draws are shared out among them
    const start = starts[b % starts.length];
    const base = problem.budgetBase(start.sequence);
    return { start, sequence: keepBudget(problem, base, drawn, random) };
  });
  return { proposals, z, logP };
}

/** [L x A] letter probabilities within the mask; uniform where the model sees nothing. */
function allowedShare(
  { mask, length, alphabet }: Problem,
  { positions, channels }: Encoding,
  logP: Float64Array,
): Float64Array {
  const A = alphabet.size;
  const p = Float64Array.from(mask);
  positions.forEach((position, i) => {
    for (let a = 0; a < A; a++) p[position * A + a] *= Math.exp(logP[i * channels + a]);
  });
  for (let i = 0; i < length; i++) {
    let total = 0;
    for (let a = 0; a < A; a++) total += p[i * A + a];
    for (let a = 0; a < A; a++) p[i * A + a] /= total;
  }
  return p;
}

function quantile(visits: readonly Visit[], q: number): number {
  const sorted = visits.map(({ evaluation }) => evaluation.prediction).sort((a, b) => a - b);
  return quantileSorted(sorted, q) ?? -Infinity;
}

/** P(score >= threshold), normal with the members' mean and their variance plus the noise. */
async function exceedance(
  { ensemble, encoding }: NetworkObjective,
  visits: readonly Visit[],
  threshold: number,
  noise: number,
): Promise<number[]> {
  const K = ensemble.members;
  const values = await ensemble.predict(encoding.encode(visits.map(({ sequence }) => sequence)));
  return visits.map((_, b) => {
    let [mean, square] = [0, 0];
    for (let k = 0; k < K; k++) {
      mean += values[b * K + k] / K;
      square += values[b * K + k] ** 2 / K;
    }
    const variance = Math.max(square - mean * mean, 0) + noise;
    return normalCdf((mean - threshold) / Math.sqrt(Math.max(variance, 1e-12)));
  });
}

/** `p(x | z, prior) / p(x | z, present)` of each draw, from the latent point that it was drawn with. */
async function densityRatio(
  { z, logP }: Draws,
  visits: readonly Visit[],
  { positions, channels, width }: Encoding,
  prior: Decoder,
): Promise<number[]> {
  const priorLogP = await prior.logProbabilities(z);
  return visits.map(({ sequence }, b) => {
    let log = 0;
    positions.forEach((position, i) => {
      const at = b * width + i * channels + sequence[position];
      log += priorLogP[at] - logP[at];
    });
    return Math.exp(log);
  });
}
