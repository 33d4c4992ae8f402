import type { Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { bdiaInvert, bdiaRegenerate, pairAt } from './bdia.js';
import { ddimInvert, type NoisePredictor, ddimSample } from './ddim.js';
import type { Denoiser } from './denoiser.js';
import { relax } from './encoding.js';
import { cosineSchedule, type NoiseSchedule } from './schedule.js';

/** How leads are taken up to noise and brought back. */
export interface EditorOptions {
  /** `bdia`: exactly; `ddim`: by DDIM's inversion, to compare. Default `bdia`. */
  sampler?: 'bdia' | 'ddim';
  /** BDIA's g, 0.92 to 1. Default 1. */
  g?: number;
  /** N. Default 40. */
  steps?: number;
  /** w of classifier-free guidance, both ways. Default 2. */
  guidance?: number;
}

/** Default of {@link EditorOptions}. */
export const EDITOR_DEFAULTS = { sampler: 'bdia', g: 1, steps: 40, guidance: 2 } as const;

/** Takes states up to noise under one score and down again under another. */
export interface Editor {
  readonly schedule: NoiseSchedule;
  /**
   * Takes states [B x D] up from data.
   * @param scores [B] that the rows have
   * @returns states by index, 0 to `upTo` (default N)
   */
  invert(
    data: Float64Array,
    scores: ArrayLike<number>,
    upTo?: number,
    signal?: AbortSignal,
  ): Promise<Float64Array[]>;
  /**
   * Comes down again from the states of an index.
   * @param states what {@link invert} gave
   * @param scores [B] that the rows shall have; those that they have: the data come back
   */
  regenerate(
    states: readonly Float64Array[],
    index: number,
    scores: ArrayLike<number>,
    signal?: AbortSignal,
  ): Promise<Float64Array>;
}

/** An {@link Editor} by a denoiser. */
export function createEditor(denoiser: Denoiser, options: EditorOptions = {}): Editor {
  const { sampler, g, steps, guidance } = { ...EDITOR_DEFAULTS, ...options };
  const schedule = cosineSchedule(steps);
  const predictor = (scores: ArrayLike<number>, signal?: AbortSignal): NoisePredictor => {
    const predict = denoiser.predictor(schedule, scores, guidance);
    return (z, index) => {
      throwIfAborted(signal);
      return predict(z, index);
    };
  };
  return {
    schedule,
    invert(data, scores, upTo = steps, signal) {
      const predict = predictor(scores, signal);
      return sampler === 'bdia'
        ? bdiaInvert(predict, schedule, data, { g, upTo })
        : ddimInvert(predict, schedule, data, upTo);
    },
    async regenerate(states, index, scores, signal) {
      const predict = predictor(scores, signal);
      const down =
        sampler === 'bdia'
          ? await bdiaRegenerate(predict, schedule, pairAt(states, index), g)
          : await ddimSample(predict, schedule, states[index], index);
      return down[0];
    },
  };
}

/** The index that a share of the way from data (0) to noise (1) stands for; at least 2, below which nothing can change. */
export function indexOfBack(back: number, steps: number): number {
  return Math.max(2, Math.min(steps, Math.round(back * steps)));
}

/**
 * The data states of a lead, [draws x D]: `alpha_0 x + sigma_0 xi`, xi being 0 in the first and standard normal in the
 * others, so that each is taken to noise of its own.
 */
export function leadStates(
  { shape }: Denoiser,
  { alpha, sigma }: NoiseSchedule,
  lead: Sequence,
  draws: number,
  random: Random,
): Float64Array {
  const x = relax(shape, [lead]);
  const D = x.length;
  return Float64Array.from(
    { length: draws * D },
    (_, k) => alpha[0] * x[k % D] + (k < D ? 0 : sigma[0] * random.normal()),
  );
}
