import { createRandom, type Random } from '../../core/random.js';
import type { Feeds } from '../../runtime/session.js';
import type { Architecture } from '../architecture/architecture.js';
import { batchFeeds, type Example } from './batch.js';
import type { TrainingConfig } from './config.js';
import {
  BERT_MASKING,
  causalExample,
  HELD_OUT_MASKING,
  type Masking,
  maskExample,
  type SpecialIds,
} from './objective.js';
import { cutWindows, formBatches, type Window } from './windows.js';

/** A training or held-out set: token ids of each sequence, without special tokens. */
export type Corpus = readonly (Int32Array | Uint8Array)[];

/** What turns windows into feeds. */
export interface FeedContext {
  architecture: Architecture;
  special: SpecialIds;
  padId: number;
  config: TrainingConfig;
  /** Number of the family of each training sequence, for `perFamily`. */
  families?: readonly number[];
}

/** Place in the stream of micro-batches: all that resuming needs. */
export interface Place {
  epoch: number;
  batch: number;
}

/** One optimiser step's worth of runs. */
export interface TrainingStep {
  feeds: Feeds[];
  /** Padded tokens. */
  tokens: number;
  /** Where the step after this one begins. */
  next: Place;
}

/** One window as the training's objective and order have it. */
function example(
  corpus: Corpus,
  window: Window,
  context: FeedContext,
  masking: Masking,
  random: Random,
): Example {
  const { config, special } = context;
  const { sequence, start, length } = window;
  const letters = corpus[sequence].slice(start, start + length);
  const reverse = config.order === 'reverse';
  if (reverse) letters.reverse();
  if (config.objective === 'masked') return maskExample(letters, special, masking, random);
  const ends = reverse ? start === 0 : start + length === corpus[sequence].length;
  return causalExample(letters, special, ends);
}

/** Special tokens that are added to every window. */
export const specialTokens = ({ cls, eos }: SpecialIds) => Number(cls !== null) + Number(eos !== null);

/** Which sequences an epoch shows: of each family at most `perFamily`. */
function shownInEpoch({ config, families }: FeedContext, count: number, epoch: number): Set<number> | null {
  if (config.perFamily === 0 || !families) return null;
  const order = Array.from({ length: count }, (_, sequence) => sequence);
  createRandom(`${config.seed}/families/${epoch}`).shuffle(order);
  const taken = new Map<number, number>();
  return new Set(
    order.filter((sequence) => {
      const before = taken.get(families[sequence]) ?? 0;
      taken.set(families[sequence], before + 1);
      return before < config.perFamily;
    }),
  );
}

/** The micro-batches of one epoch; a function of the seed and the epoch's number alone. */
export function epochBatches(corpus: Corpus, context: FeedContext, epoch: number) {
  const { config, special } = context;
  const random = createRandom(`${config.seed}/epoch/${epoch}`);
  const shown = shownInEpoch(context, corpus.length, epoch);
  const windows = cutWindows(
    corpus.map((sequence) => sequence.length),
    config.window,
    random,
  ).filter(({ sequence }) => shown === null || shown.has(sequence));
  return formBatches(windows, config.tokensPerRun, specialTokens(special), config.lengthMultiple, random);
}

function countScored(examples: readonly Example[]): number {
  return examples.reduce((sum, { labels }) => sum + labels.filter((label) => label >= 0).length, 0);
}

interface Masked {
  examples: Example[];
  length: number;
}

const countScoredOf = (batches: readonly Masked[]) =>
  batches.reduce((sum, { examples }) => sum + countScored(examples), 0);

function feedsOf({ examples, length }: Masked, { architecture, padId }: FeedContext, scored: number): Feeds {
  return batchFeeds(architecture, examples, length, padId, 1 / scored);
}

/** An endless stream of steps: each a list of feeds whose losses sum to the mean over the step's scored tokens. */
export function* trainingSteps(
  corpus: Corpus,
  context: FeedContext,
  from: Place,
): Generator<TrainingStep, never> {
  const { config } = context;
  const masking = { ...BERT_MASKING, rate: config.maskRate };
  let { epoch, batch } = from;
  let batches = epochBatches(corpus, context, epoch);
  for (;;) {
    const masked: Masked[] = [];
    let tokens = 0;
    while (tokens < config.tokensPerStep) {
      if (batch >= batches.length) {
        epoch++;
        batch = 0;
        batches = epochBatches(corpus, context, epoch);
      }
      const { windows, length } = batches[batch];
      const random = createRandom(`${config.seed}/mask/${epoch}/${batch}`);
      masked.push({
        length,
        examples: windows.map((window) => example(corpus, window, context, masking, random)),
      });
      tokens += windows.length * length;
      batch++;
    }
    const scored = countScoredOf(masked);
    yield {
      feeds: masked.map((one) => feedsOf(one, context, scored)),
      tokens,
      next: { epoch, batch },
    };
  }
}

/** A set to measure losses on: its runs, made one at a time, and how many tokens they score. */
export interface HeldOut {
  /** Feeds whose losses sum to the mean over the scored tokens. */
  feeds(): Iterable<Feeds>;
  scored: number;
}

/** The held-out windows; masked models get fixed masks: 15 % of the letters, every one hidden. */
export function heldOutFeeds(corpus: Corpus, context: FeedContext, limit = Infinity): HeldOut {
  const { config, special } = context;
  const random = createRandom('held-out');
  let windows = cutWindows(
    corpus.map((sequence) => sequence.length),
    config.window,
  );
  if (windows.length > limit) windows = random.shuffle(windows).slice(0, limit);
  const batches = formBatches(
    windows,
    config.tokensPerRun,
    specialTokens(special),
    config.lengthMultiple,
    random,
  );
  const masked = batches.map(({ windows: batch, length }) => ({
    length,
    examples: batch.map((window) => example(corpus, window, context, HELD_OUT_MASKING, random)),
  }));
  const scored = countScoredOf(masked);
  return {
    scored,
    *feeds() {
      for (const batch of masked) yield feedsOf(batch, context, scored);
    },
  };
}
