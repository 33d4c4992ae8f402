import { InputError } from '../core/errors.js';
import { GraphBuilder } from '../graph/builder.js';
import { serialise } from '../graph/serialise.js';
import type { Parameters } from '../lm/architecture/parameters.js';
import { createSession, type Session } from '../runtime/session.js';
import { internal } from '../core/errors.js';
import type { NoisePredictor } from './ddim.js';
import { widthOf, type RelaxedShape } from './encoding.js';
import { letterLogProbabilities, NOISE_FEATURES, noiseFeatures, type NetworkShape } from './network.js';
import type { NoiseSchedule } from './schedule.js';
import { SCORE_FEATURES, scoreFeatures } from './score-condition.js';
import type { DenoiserWeights } from './training.js';

/** A denoiser ready to run, in float64. */
export interface Denoiser {
  readonly shape: RelaxedShape;
  /** D */
  readonly width: number;
  /** Whether scores steer it. */
  readonly steerable: boolean;
  /**
   * The noise that it sees in states [B x D], each row under its own wanted score.
   * @param scores [B]; NaN: any score
   * @param guidance w of classifier-free guidance, see {@link createDenoiser}. 1: none
   * @throws InputError for scores where none was learned
   */
  predictor(schedule: NoiseSchedule, scores: ArrayLike<number>, guidance?: number): NoisePredictor;
  release(): Promise<void>;
}

/** Rows that the compiled graph takes at a time; fewer are padded, so that a row's bits do not depend on its company. */
const ROWS = 64;

/**
 * Compiles trained weights. Everything runs in float64: what exact inversion asks for again differs by rounding from what
 * it asked for, and a float32 network would answer that with errors of 1e-7.
 *
 * `x = 2 p - 1` is the denoised state, p the letters' probabilities, and `eps = (z - alpha x) / sigma`. With guidance w
 * (Ho and Salimans, 2022), `p ~ p_any (p_score / p_any)^w`: taken between probabilities and not between noises, so that p
 * stays one whatever w is.
 */
export async function createDenoiser(trained: DenoiserWeights): Promise<Denoiser> {
  const { shape, scale, hidden, blocks } = trained;
  const network = { positions: shape.positions.length, letters: shape.letters, hidden, blocks };
  const session = await compile(trained, network);
  const width = widthOf(shape);
  return {
    shape,
    width,
    steerable: scale !== null,
    predictor(schedule, scores, guidance = 1) {
      const wanted = Array.from(scores, (score) => {
        if (Number.isNaN(score)) return [0, 0, 0];
        if (scale === null) throw notSteerable();
        return scoreFeatures(scale, score);
      });
      return (z, index) => predictNoise({ session, network, schedule, wanted, guidance }, z, index);
    },
    release: () => session.release(),
  };
}

function notSteerable(): InputError {
  return new InputError({
    what: 'the diffusion model was trained without scores, so that no score can be asked for',
    expected: 'a model trained on a table',
    got: 'one trained on a family',
  });
}

function compile({ weights }: DenoiserWeights, network: NetworkShape): Promise<Session> {
  const g = new GraphBuilder();
  const width = network.positions * network.letters;
  const evidence = g.input('evidence', 'float64', ['B', width]);
  const noise = g.input('noise', 'float64', ['B', NOISE_FEATURES]);
  const score = g.input('score', 'float64', ['B', SCORE_FEATURES]);
  const logP = letterLogProbabilities(g, doubles(g, weights), { evidence, noise, score }, network);
  return createSession(serialise(g.build({ logP })));
}

/** Weights as constants in float64. */
function doubles(g: GraphBuilder, weights: DenoiserWeights['weights']): Parameters {
  return {
    tensor(name, shape) {
      const weight = weights.get(name);
      if (weight === undefined) throw internal(`the diffusion model has no weight ${name}`);
      return g.constant(Float64Array.from(weight), shape, name);
    },
  };
}

interface Prediction {
  session: Session;
  network: NetworkShape;
  schedule: NoiseSchedule;
  wanted: number[][];
  guidance: number;
}

async function predictNoise(prediction: Prediction, z: Float64Array, index: number): Promise<Float64Array> {
  const { network, schedule, wanted, guidance } = prediction;
  const [alpha, sigma] = [schedule.alpha[index], schedule.sigma[index]];
  const any = wanted.map(() => [0, 0, 0]);
  const logP = await logProbabilities(prediction, z, index, guidance === 0 ? any : wanted);
  if (guidance !== 0 && guidance !== 1) {
    const free = await logProbabilities(prediction, z, index, any);
    logP.forEach((value, k) => (logP[k] = free[k] + guidance * (value - free[k])));
  }
  const p = softmaxRows(logP, network.letters);
  return p.map((value, k) => (z[k] - alpha * (2 * value - 1)) / sigma);
}

async function logProbabilities(
  { session, network, schedule }: Prediction,
  z: Float64Array,
  index: number,
  scores: readonly number[][],
): Promise<Float64Array> {
  const [alpha, sigma] = [schedule.alpha[index], schedule.sigma[index]];
  const D = network.positions * network.letters;
  const out = new Float64Array(z.length);
  const noise = noiseFeatures(Math.atan2(sigma, alpha));
  const level = Float64Array.from({ length: ROWS * NOISE_FEATURES }, (_, k) => noise[k % NOISE_FEATURES]);
  for (let from = 0; from < scores.length; from += ROWS) {
    const used = Math.min(ROWS, scores.length - from);
    const evidence = new Float64Array(ROWS * D);
    for (let k = 0; k < used * D; k++) evidence[k] = (2 * alpha * z[from * D + k]) / sigma ** 2;
    const score = new Float64Array(ROWS * SCORE_FEATURES);
    score.set(scores.slice(from, from + used).flat());
    const { logP } = await session.run({
      evidence: { data: evidence, shape: [ROWS, D] },
      noise: { data: level, shape: [ROWS, NOISE_FEATURES] },
      score: { data: score, shape: [ROWS, SCORE_FEATURES] },
    });
    out.set((logP.data as Float64Array).subarray(0, used * D), from * D);
  }
  return out;
}

function softmaxRows(logits: Float64Array, A: number): Float64Array {
  const p = new Float64Array(logits.length);
  for (let from = 0; from < logits.length; from += A) {
    const top = logits.subarray(from, from + A).reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let a = from; a < from + A; a++) sum += p[a] = Math.exp(logits[a] - top);
    for (let a = from; a < from + A; a++) p[a] /= sum;
  }
  return p;
}
