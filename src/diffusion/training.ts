import type { Alphabet, Sequence } from '../core/alphabet.js';
import { throwIfAborted } from '../core/errors.js';
import { checkDenoising } from './check-training.js';
import type { Random } from '../core/random.js';
import { gradientName } from '../lm/training/loss-graph.js';
import { adamW, type Arrays, clipGradients, learningRate } from '../lm/training/optimiser.js';
import type { Feeds, TensorValue } from '../runtime/session.js';
import { relax, type RelaxedShape } from './encoding.js';
import { type CleanBatch, compileLoss, type DenoisingLoss, noisedFeeds } from './loss.js';
import { initialWeights, type NetworkShape } from './network.js';
import { scoreFeatures, type ScoreScale, scoreScale } from './score-condition.js';
import type { CheckedTrainingOptions, TrainingOptions } from './training-options.js';

/** What a denoiser learns from. */
export interface DenoisingData {
  alphabet: Alphabet;
  /** 0-based positions that it sees: the designable ones. */
  positions: readonly number[];
  sequences: readonly Sequence[];
  /** Their scores, larger is better; null for a family, whose model cannot be steered. */
  scores: ArrayLike<number> | null;
}

/** A trained denoiser as plain data. */
export interface DenoiserWeights {
  readonly shape: RelaxedShape;
  readonly hidden: number;
  readonly blocks: number;
  /** null: no score was learned. */
  readonly scale: ScoreScale | null;
  readonly weights: Arrays;
}

/** A training as it stands: what a checkpoint holds. */
export interface DenoisingState {
  /** Steps done. */
  readonly step: number;
  readonly weights: Arrays;
  /** AdamW's. */
  readonly moments: Arrays;
  /** The weights that denoised the held-out rows best, and how well. */
  readonly best: { readonly step: number; readonly loss: number; readonly weights: Arrays } | null;
}

/** What a caller may want to do while a training goes on. */
export interface DenoisingHooks {
  signal?: AbortSignal;
  /** A checkpoint to go on from, of the same data, options and seed: the result is then the same. */
  resume?: DenoisingState | null;
  /** Called every `every` steps, and after the last. */
  onCheckpoint?: (state: DenoisingState) => void;
  onProgress?: (step: number, steps: number) => void;
}

/** A trained denoiser, and how the training went. */
export interface TrainedDenoiser extends DenoiserWeights {
  /** Step whose weights were kept. */
  readonly step: number;
  /** Cross-entropy of the held-out letters there, nats a position; null where no row was held out. */
  readonly heldOutLoss: number | null;
  /** The same of independent uniform letters, which know nothing. */
  readonly untrainedLoss: number | null;
}

/** Global norm that gradients are clipped to. */
const CLIP = 1;
/** Noised copies of each held-out row, at most; fewer where there are many rows. */
const COPIES = 16;
/** Noised held-out rows, at most. */
const MOST_HELD_OUT = 2048;

/**
 * Trains a denoiser of relaxed sequences by AdamW, on the engine's own gradients. Everything is a function of data,
 * options and seed; every step draws from a stream of its own, so that a resumed training takes the same steps.
 * @throws InputError for options or data that cannot be used
 * @throws CancelledError when the signal fires
 */
export async function trainDenoiser(
  data: DenoisingData,
  options: TrainingOptions,
  random: Random,
  hooks: DenoisingHooks = {},
): Promise<TrainedDenoiser> {
  const checked = checkDenoising(data, options);
  const scale = data.scores && scoreScale(data.scores);
  const shape = { positions: data.positions, letters: data.alphabet.size };
  const network = { ...checked, positions: shape.positions.length, letters: shape.letters };
  const loss = await compileLoss(network);
  try {
    const rows = encodeRows(data, shape, scale);
    const split = splitRows(data.sequences.length, checked.heldOut, random.fork('held out'));
    const heldOut = heldOutFeeds(rows, split.heldOut, network, random.fork('held-out noise'));
    const run = { loss, network, rows, split, heldOut, checked, random };
    const weights = initialWeights(loss.shapes, random.fork('weights'));
    const untrainedLoss = heldOut && (await lossOf(loss, weights, heldOut));
    const { step, weights: final, best } = await optimise(run, weights, hooks);
    const kept = best ?? { step, weights: final, loss: null };
    return {
      ...{ shape, scale, hidden: checked.hidden, blocks: checked.blocks },
      ...{ weights: kept.weights, step: kept.step, heldOutLoss: kept.loss, untrainedLoss },
    };
  } finally {
    await loss.session.release();
  }
}

interface Rows {
  shape: RelaxedShape;
  sequences: readonly Sequence[];
  /** Features of each row's score. */
  scores: number[][];
  /** What stands for a hidden score. */
  hidden: number[];
}

interface Run {
  loss: DenoisingLoss;
  network: NetworkShape;
  rows: Rows;
  split: { training: number[]; heldOut: number[] };
  heldOut: Feeds | null;
  checked: CheckedTrainingOptions;
  random: Random;
}

function encodeRows(
  { sequences, scores }: DenoisingData,
  shape: RelaxedShape,
  scale: ScoreScale | null,
): Rows {
  const hidden = [0, 0, 0];
  return {
    shape,
    sequences,
    scores: sequences.map((_, i) => (scores && scale ? scoreFeatures(scale, scores[i]) : hidden)),
    hidden,
  };
}

function splitRows(count: number, share: number, random: Random) {
  const order = random.shuffle(Array.from({ length: count }, (_, i) => i));
  const heldOut = Math.floor(share * count);
  return { heldOut: order.slice(0, heldOut), training: order.slice(heldOut) };
}

function heldOutFeeds(
  rows: Rows,
  held: readonly number[],
  network: NetworkShape,
  random: Random,
): Feeds | null {
  if (held.length === 0) return null;
  const used = held.slice(0, MOST_HELD_OUT);
  const copies = Math.max(1, Math.min(COPIES, Math.floor(MOST_HELD_OUT / used.length)));
  const repeated = used.flatMap((row) => new Array<number>(copies).fill(row));
  const shares = repeated.map((_, i) => ((i % copies) + random.uniform()) / copies);
  return noisedFeeds(
    batchOf(rows, repeated, () => false),
    network,
    shares,
    random,
  );
}

function batchOf(rows: Rows, chosen: readonly number[], isHidden: () => boolean): CleanBatch {
  const { shape, sequences, scores, hidden } = rows;
  return {
    x: relax(
      shape,
      chosen.map((row) => sequences[row]),
    ),
    scores: chosen.map((row) => (isHidden() ? hidden : scores[row])),
  };
}

async function optimise(run: Run, start: Map<string, Float32Array>, hooks: DenoisingHooks) {
  const { loss, checked, heldOut } = run;
  const { signal, resume, onCheckpoint, onProgress } = hooks;
  const weights = resume ? copyOf(resume.weights) : start;
  const optimiser = adamW(
    weights,
    { betas: [0.9, 0.99], weightDecay: checked.weightDecay },
    resume ? copyOf(resume.moments) : undefined,
  );
  let best = resume?.best ?? null;
  for (let step = (resume?.step ?? 0) + 1; step <= checked.steps; step++) {
    throwIfAborted(signal);
    const results = await loss.session.run({ ...stepFeeds(run, step), ...held(loss, weights) });
    const gradients = gradientsOf(loss, results);
    clipGradients(gradients, CLIP);
    const rate = learningRate(step, checked.steps, checked.learningRate, checked.steps / 20);
    await optimiser.step(weights, gradients, step, rate);
    onProgress?.(step, checked.steps);
    if (step % checked.every !== 0 && step !== checked.steps) continue;
    if (heldOut) {
      const value = await lossOf(loss, weights, heldOut);
      if (best === null || value < best.loss) best = { step, loss: value, weights: copyOf(weights) };
    }
    onCheckpoint?.({ step, weights, moments: optimiser.state, best });
  }
  return { step: checked.steps, weights, best };
}

/** A batch's rows, hidden scores and noise. Noise levels are spread evenly over the batch. */
function stepFeeds({ rows, split, network, checked, random }: Run, step: number): Feeds {
  const draws = random.fork(`step ${step}`);
  const { batch, scoreDropout } = checked;
  const chosen = Array.from({ length: batch }, () => split.training[draws.integer(split.training.length)]);
  const shares = chosen.map((_, b) => (b + draws.uniform()) / batch);
  const clean = batchOf(rows, chosen, () => draws.uniform() < scoreDropout);
  return noisedFeeds(clean, network, shares, draws);
}

function held({ shapes }: DenoisingLoss, weights: Arrays): Feeds {
  const feeds: Record<string, TensorValue> = {};
  for (const [name, data] of weights) feeds[name] = { data, shape: shapes.get(name) ?? [] };
  return feeds;
}

function gradientsOf({ shapes }: DenoisingLoss, results: Readonly<Record<string, TensorValue>>): Arrays {
  return new Map([...shapes.keys()].map((name) => [name, results[gradientName(name)].data as Float32Array]));
}

async function lossOf(loss: DenoisingLoss, weights: Arrays, feeds: Feeds): Promise<number> {
  const { loss: value } = await loss.session.run({ ...feeds, ...held(loss, weights) }, ['loss']);
  return Number(value.data[0]);
}

function copyOf(arrays: Arrays): Map<string, Float32Array> {
  return new Map([...arrays].map(([name, data]) => [name, data.slice()]));
}
