import type { Random } from '../../core/random.js';
import { tryCandidates } from '../evidence/choose.js';
import type { Trial } from '../evidence/choose.js';
import { isCutOff } from '../evidence/cut-off.js';
import type { CollapsedRows } from '../evidence/groups.js';
import type { ScoreTransform } from '../evidence/transforms.js';
import type { Block, BlockMoments } from './block.js';
import { createMoments, rawFeatures, scaleRows } from './block.js';
import { blockSets } from './catalogue.js';
import { sparesRows } from './confirm-members.js';

/** What {@link chooseModel} chooses from. */
export interface ModelChoiceRequest {
  blocks: readonly Block[];
  rows: CollapsedRows;
  transforms: readonly ScoreTransform[];
  /** Near-duplicate group of each row. */
  groups: Uint32Array;
  /** Candidates averaged. */
  average: number;
  random: Random;
  signal?: AbortSignal;
  onProgress?: (tried: number, total: number) => void;
}

/** A chosen mixture of candidates. */
export interface ChosenModel {
  /** Blocks that a chosen candidate uses. */
  used: Block[];
  /** Chosen candidates, best first; their blocks are indices into `used`. */
  members: Trial[];
  transforms: readonly ScoreTransform[];
  /** Index of the transform that most members share: the scale of the predictions. */
  working: number;
  /** Rows that were tried. */
  triedRows: Uint32Array;
  report: ChoiceReport;
}

/** How the choice went, for people. */
export interface ChoiceReport {
  /** Candidates tried. */
  tried: number;
  /** Rows that decided. */
  triedRows: number;
  /** Whether the table was cut off at a score, so that what lies above the rows learned from decided too. */
  cutOff: boolean;
  chosen: {
    blocks: string[];
    transform: string;
    ridge: number;
    within: number;
    beyond: number;
    picks: number;
    /** Correlation with the rows that a large table spares; null where none are spared. */
    spared: number | null;
  }[];
}

/** Ridges tried, as ratios of noise to signal: the paper's, mild, firm and strong. */
const RIDGES = [1e-6, 0.03, 0.3, 3];
/** Where features outnumber rows all sets are tried with this ridge first: each trial costs the rows' number cubed. */
const FIRST_RIDGE = 0.3;
/** Up to this many features a row trials go by sums. */
const PRIMAL_SHARE = 0.8;
/** Where rows outnumber features by far a mild ridge changes nothing: only the paper's is tried. */
const PLENTY = 5;
/** Rows that decide where they are fewer than the features: their number cubed is the cost. */
const DUAL_ROWS = 600;
/** Numbers in the features of the rows that decide. */
const MOST_NUMBERS = 2e7;

/**
 * Chooses blocks, score transforms and ridges by the table's own rows; see `tryCandidates`. The best few are averaged:
 * a single best one is no better than its luck in the folds.
 */
export async function chooseModel(request: ModelChoiceRequest): Promise<ChosenModel> {
  const { blocks, rows, transforms, random, signal } = request;
  const widths = blocks.map((block) => block.map.width);
  const width = widths.reduce((sum, value) => sum + value, 0);
  const triedRows = sampleRows(rows.scores, rowsToTry(rows.sequences.length, width), random.fork('rows'));
  const { phi, moments } = await standardisedFeatures(blocks, rows, triedRows, signal);
  const varying = blocks.map((_, b) => b).filter((b) => moments.scales[b] > 0);
  const cutOff = isCutOff(rows.scores);
  const trials = await tryCandidates({
    phi,
    widths,
    scores: Float64Array.from(triedRows, (row) => rows.scores[row]),
    transforms,
    sets: blockSets(varying.length).map((set) => set.map((b) => varying[b])),
    ridges: triedRows.length > PLENTY * width ? RIDGES.slice(0, 1) : RIDGES,
    cutOff,
    firstRidge: width > PRIMAL_SHARE * triedRows.length ? FIRST_RIDGE : undefined,
    groups: Uint32Array.from(triedRows, (row) => request.groups[row]),
    random: random.fork('trials'),
    signal,
    onProgress: request.onProgress,
  });
  const sets = bestOfEachSet(hopeful(trials));
  // a sample of the rows chose; where spared ones confirm it, single blocks go on to be confirmed too
  const confirmed = sparesRows(rows.sequences.length, triedRows.length);
  const best = sets.filter((trial, i) => i < request.average || (confirmed && trial.blocks.length === 1));
  const usedIndices = varying.filter((b) => best.some((trial) => trial.blocks.includes(b)));
  const name = (b: number) => blocks[b].name;
  return {
    used: usedIndices.map((b) => blocks[b]),
    members: best.map((trial) => ({ ...trial, blocks: trial.blocks.map((b) => usedIndices.indexOf(b)) })),
    transforms,
    working: mostShared(best),
    triedRows,
    report: {
      tried: trials.length,
      triedRows: triedRows.length,
      cutOff,
      chosen: best.map(({ blocks: set, transform, ridge, within, beyond, picks }) => ({
        blocks: set.map(name),
        transform: transforms[transform].name,
        ridge,
        within,
        beyond,
        picks,
        spared: null,
      })),
    },
  };
}

/** A candidate that predicts held-out rows less than half as well as the best one does not take part. */
const LEAST_WITHIN = 0.5;

/** Without those that hardly predict held-out rows: the two other criteria alone, of few rows, can be luck. */
function hopeful(trials: readonly Trial[]): Trial[] {
  const best = trials.reduce((most, { within }) => Math.max(most, within), 0);
  return trials.filter(({ within }) => best === 0 || within >= LEAST_WITHIN * best);
}

/** The best candidate of each set of blocks: candidates of one set are much alike, and averaging them brings little. */
function bestOfEachSet(trials: readonly Trial[]): Trial[] {
  const seen = new Set<readonly number[]>();
  return trials.filter(({ blocks }) => !seen.has(blocks) && seen.add(blocks));
}

function rowsToTry(rows: number, width: number): number {
  const affordable = Math.floor(MOST_NUMBERS / width);
  const primal = Math.min(rows, affordable);
  return width <= 0.8 * primal && width <= 1500 ? primal : Math.min(rows, DUAL_ROWS);
}

/** A seeded uniform sample of rows, in order; all of them where they are no more than `size`. */
export function sampleRows(scores: Float64Array, size: number, random: Random): Uint32Array {
  const n = scores.length;
  const all = Array.from({ length: n }, (_, i) => i);
  if (size >= n) return Uint32Array.from(all);
  return Uint32Array.from(random.shuffle(all).slice(0, size)).sort();
}

async function standardisedFeatures(
  blocks: readonly Block[],
  rows: CollapsedRows,
  use: Uint32Array,
  signal?: AbortSignal,
): Promise<{ phi: Float64Array; moments: BlockMoments }> {
  const widths = blocks.map((block) => block.map.width);
  const moments = createMoments(widths);
  const phi = await rawFeatures(
    blocks,
    Array.from(use, (row) => rows.sequences[row]),
    signal,
  );
  moments.add(phi);
  const found = moments.finish();
  scaleRows(phi, widths, found.mean, found.scales);
  return { phi, moments: found };
}

function mostShared(trials: readonly Trial[]): number {
  const counts = new Map<number, number>();
  for (const { transform } of trials) counts.set(transform, (counts.get(transform) ?? 0) + 1);
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}
