import { extent } from 'd3-array';
import type { Alphabet, Sequence } from '../../core/alphabet.js';
import { InputError, throwIfAborted } from '../../core/errors.js';
import type { FeatureMap } from '../../core/feature-map.js';
import type { Random } from '../../core/random.js';
import type { Auxiliary } from '../auxiliary.js';
import { collapseRows, nearDuplicateGroups } from '../evidence/groups.js';
import { IDENTITY, transformsFor } from '../evidence/transforms.js';
import type { ScoreTransform } from '../evidence/transforms.js';
import { standardise } from '../standardise.js';
import type { StandardisedScores } from '../standardise.js';
import { avoidedPairs } from './avoided-pairs.js';
import type { Block } from './block.js';
import { weightedBlocks } from './block.js';
import type { BlockHead } from './block-head.js';
import { createBlockHead } from './block-head.js';
import { bootstrapHeads } from './bootstrap.js';
import { letterBlocks } from './catalogue.js';
import { guardModel } from './guard-model.js';
import { chooseModel } from './choose-model.js';
import type { ChoiceReport } from './choose-model.js';
import { DUAL_ROWS, WIDEST_SUMS } from './fit-rows.js';
import { learn } from './learn.js';
import { createBlockPosterior } from './posterior.js';
import type { BlockPosterior } from './posterior.js';
import { createPredictor } from './predict.js';
import type { Predictor } from './predict.js';

/** Measured rows and the blocks to learn them by. */
export interface BlocksRequest {
  alphabet: Alphabet;
  /** The measured sequences. */
  sequences: readonly Sequence[];
  /** Their scores in the user's units; larger is better. */
  scores: ArrayLike<number>;
  /** 0-based positions that may change. Default: those where the measured sequences differ. */
  positions?: readonly number[];
  /** Names of the closed-form blocks to use. Default: all that suit the table. */
  only?: readonly string[];
  /** More blocks, such as those of a language model. Default none. */
  extra?: readonly Block[];
  random: Random;
  options?: BlocksOptions;
  signal?: AbortSignal;
  onProgress?: (progress: BlocksProgress) => void;
}

/** Options of {@link fitBlocks}. */
export interface BlocksOptions {
  /** Candidates averaged. Default 10. */
  average?: number;
  /** y_h, standardised units. Default 10. */
  target?: number;
  /** Auxiliary heads. Default 5. */
  heads?: number;
  /** Whether the scores may be transformed. Default true. */
  transforms?: boolean;
}

/** Which phase a fit is in and how far. */
export interface BlocksProgress {
  phase: 'choice' | 'features';
  step: number;
  steps: number;
}

/** A proxy over evidence-weighted blocks. */
export interface BlocksFit {
  /** The chosen blocks, weighted: phi of a sequence. */
  featureMap: FeatureMap;
  head: BlockHead;
  auxiliary: Auxiliary;
  /** The transformed score's scale, the way back to the user's units, and the way from them. */
  scale: Omit<StandardisedScores, 'y'> & { fromUserUnits(score: number): number };
  posterior: BlockPosterior;
  /** The head's predictions of many sequences, fast. */
  predict: Predictor;
  report: BlocksReport;
}

/** What was chosen and why, for people. */
export interface BlocksReport extends ChoiceReport {
  /** Distinct measured genotypes, both strands counted as one where their scores agree. */
  classes: number;
  bothStrands: boolean;
  /** Share of each chosen block in the variance of the predictions of the measured rows; they add up to 1. */
  signal: { block: string; share: number }[];
  /** Approximation error of blocks that go through their kernel. */
  approximate: { block: string; error: number }[];
  /** s_n^2, share of the transformed score's variance. */
  noise: number;
  /** Pairs of neighbouring letters that the table avoids and that count against a design. */
  avoided: readonly string[];
}

/**
 * Fits the default proxy: blocks of features, weighted; which blocks, which scale of the scores and how strong a ridge is
 * chosen by the table's own rows (grouped folds, and from low to high), the best few averaged.
 * @throws InputError for scores that nothing can be learned from, or a block that does not exist
 * @throws CancelledError when the signal fires
 */
export async function fitBlocks(request: BlocksRequest): Promise<BlocksFit> {
  const { alphabet, random, signal, options = {} } = request;
  requirePaired(request);
  const rows = collapseRows(alphabet, request.sequences, request.scores);
  const transforms: ScoreTransform[] = options.transforms === false ? [IDENTITY] : transformsFor(rows.scores);
  // also the check of the scores
  standardise(rows.scores);
  const positions = request.positions ?? varyingPositions(rows.sequences);
  const blocksUpTo = (widest?: number) => {
    const own = letterBlocks({
      alphabet,
      sequences: rows.sequences,
      positions,
      bothStrands: rows.bothStrands,
      widest,
      random: random.fork('blocks'),
    });
    return [...selectBlocks(own, request.only), ...(request.extra ?? [])];
  };
  let blocks = blocksUpTo();
  // a large table is worth more than exact pairs: its sums take all rows
  if (rows.sequences.length > DUAL_ROWS && widthOf(blocks) > WIDEST_SUMS) blocks = blocksUpTo(WIDEST_PAIRS);
  throwIfAborted(signal);

  const groups = nearDuplicateGroups(rows.sequences, random.fork('duplicates'));
  const chosen = await chooseModel({
    blocks,
    rows,
    transforms,
    groups,
    average: options.average ?? 10,
    random: random.fork('choice'),
    signal,
    onProgress: (step, steps) => request.onProgress?.({ phase: 'choice', step, steps }),
  });
  const avoided = rows.bothStrands ? null : avoidedPairs(alphabet, rows.sequences);
  const guarded = avoided && guardModel(chosen, avoided);
  const model = guarded?.model ?? chosen;
  const learned = await learn({
    model,
    rows,
    groups,
    random: random.fork('rows'),
    signal,
    onProgress: (step, steps) => request.onProgress?.({ phase: 'features', step, steps }),
  });
  const transform = transforms[model.working];
  const { toUserUnits, y, ...scale } = standardise(rows.scores.map(transform.apply));
  const isGuarded = guarded?.believe(learned, rangeOf(y)) ?? false;
  const head = createBlockHead({ ...learned, target: options.target });
  return {
    featureMap: weightedBlocks(model.used, learned.moments, learned.blockWeights),
    head,
    auxiliary: bootstrapHeads(learned.sample, learned.noise, random.fork('auxiliary'), options.heads ?? 5),
    scale: {
      ...{ mean: scale.mean, std: scale.std },
      toUserUnits: (z) => transform.invert(toUserUnits(z)),
      fromUserUnits: (score) => (transform.apply(score) - scale.mean) / scale.std,
    },
    posterior: createBlockPosterior(learned.measured, head),
    predict: createPredictor({ ...learned, blocks: model.used }),
    report: {
      ...model.report,
      chosen: learned.kept.map((member) => ({
        ...model.report.chosen[member],
        spared: learned.spared[member],
      })),
      classes: rows.sequences.length,
      bothStrands: rows.bothStrands,
      signal: learned.signal,
      approximate: model.used.flatMap(({ name, error }) =>
        error === undefined ? [] : [{ block: name, error }],
      ),
      noise: learned.noise,
      avoided: isGuarded ? (avoided?.names ?? []) : [],
    },
  };
}

function rangeOf(values: ArrayLike<number>): number {
  const [low, high] = extent(Array.from(values));
  return (high ?? 0) - (low ?? 0);
}

/** Width of pairs of letters that leaves room for two such blocks in the sums. */
const WIDEST_PAIRS = 1024;

function widthOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { map }) => sum + map.width, 0);
}

function requirePaired({ sequences, scores }: BlocksRequest): void {
  if (sequences.length === scores.length && sequences.length > 1) return;
  throw new InputError({
    what: 'sequences and scores differ in number, or are too few',
    expected: 'a score for each of at least 2 sequences',
    got: `${sequences.length} sequences and ${scores.length} scores`,
  });
}

function selectBlocks(blocks: readonly Block[], only?: readonly string[]): Block[] {
  if (only === undefined) return [...blocks];
  return only.map((name) => {
    const found = blocks.find((block) => block.name === name);
    if (found !== undefined) return found;
    throw new InputError({
      what: `there is no block '${name}' for this table`,
      expected: `one of ${blocks.map((block) => block.name).join(', ')}`,
      got: `'${name}'`,
    });
  });
}

/** Positions at which sequences of one length differ; none for sequences of several lengths. */
export function varyingPositions(sequences: readonly Sequence[]): number[] {
  const [first, ...rest] = sequences;
  if (rest.some((sequence) => sequence.length !== first.length)) return [];
  return Array.from(first, (_, i) => i).filter((i) => rest.some((sequence) => sequence[i] !== first[i]));
}
