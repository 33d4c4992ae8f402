import type { Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import type { Problem } from '../design/problem.js';
import { type BlocksFit, fitBlocks } from '../proxy/blocks/fit-blocks.js';
import { standardise } from '../proxy/standardise.js';
import { labelledPool } from './pool.js';
import { type DenoisingHooks, type TrainedDenoiser, trainDenoiser } from './training.js';
import type { TrainingOptions } from './training-options.js';

/** The default proxy, in the user's units. */
export interface ScorePredictor {
  readonly fit: BlocksFit;
  /** Unbiased standard deviation of the measured scores, the `sd` of targets. */
  readonly sd: number;
  predict(sequences: readonly Sequence[]): Promise<Float64Array>;
}

/** Measured rows, larger scores better. */
export interface MeasuredData {
  problem: Problem;
  /** Of the problem's length. */
  sequences: readonly Sequence[];
  scores: Float64Array;
}

/** Sequences predicted at a time. */
const CHUNK = 2048;

/** Options of {@link fitPredictor}. */
export interface PredictorOptions {
  /** Names of the blocks to use. Default: all that suit the table. */
  only?: readonly string[];
  signal?: AbortSignal;
}

/**
 * Fits the default proxy (evidence-weighted blocks) to measured rows.
 * @throws InputError for scores that nothing can be learned from
 */
export async function fitPredictor(
  { problem, sequences, scores }: MeasuredData,
  random: Random,
  { only, signal }: PredictorOptions = {},
): Promise<ScorePredictor> {
  const { alphabet, designable: positions } = problem;
  const fit = await fitBlocks({ alphabet, sequences, scores, positions, only, random, signal });
  const D = fit.featureMap.width;
  return {
    fit,
    sd: standardise(scores).std,
    async predict(wanted) {
      const out = new Float64Array(wanted.length);
      for (let from = 0; from < wanted.length; from += CHUNK) {
        const batch = wanted.slice(from, from + CHUNK);
        const phi = await fit.featureMap.features(batch, signal);
        batch.forEach((_, b) => {
          out[from + b] = fit.scale.toUserUnits(fit.head.predict(phi.subarray(b * D, (b + 1) * D)));
        });
      }
      return out;
    },
  };
}

/** What {@link trainEditModel} works on. */
export interface EditModelRequest extends MeasuredData {
  /** Told the scores of the pool and, where there is one, of the measured rows. */
  predictor: Pick<ScorePredictor, 'predict'>;
  /** Unmeasured sequences that are learned beside the measured ones, see `labelledPool`. 0: none. Default 6,000. */
  pool?: number;
  training?: TrainingOptions;
  random: Random;
  hooks?: DenoisingHooks;
}

/** Default of {@link EditModelRequest}. */
export const DEFAULT_POOL = 6000;

/**
 * Trains the diffusion model that edits leads. With a pool every score that it learns is a predicted one, those of the
 * measured rows too, so that there is one scale: what the proxy believes, less noisy than what was measured once. Without
 * a pool it learns the measured rows and their measured scores alone.
 */
export async function trainEditModel(request: EditModelRequest): Promise<TrainedDenoiser> {
  const { problem, sequences, scores, predictor, random, training = {}, hooks } = request;
  const { alphabet, designable: positions } = problem;
  const size = request.pool ?? DEFAULT_POOL;
  const learn = random.fork('denoiser');
  if (size === 0) return trainDenoiser({ alphabet, positions, sequences, scores }, training, learn, hooks);
  const { predict } = predictor;
  const pool = await labelledPool({
    ...{ problem, sequences, scores, predict, size },
    random: random.fork('pool'),
    signal: hooks?.signal,
  });
  const predicted = new Float64Array(sequences.length + pool.scores.length);
  predicted.set(await predict(sequences));
  predicted.set(pool.scores, sequences.length);
  const data = {
    ...{ alphabet, positions },
    sequences: [...sequences, ...pool.sequences],
    scores: predicted,
  };
  return trainDenoiser(data, training, learn, hooks);
}
