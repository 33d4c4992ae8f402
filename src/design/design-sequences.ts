import type { Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { FeatureMap } from '../core/feature-map.js';
import type { Random } from '../core/random.js';
import { fitProxy } from '../proxy/fit.js';
import type { ProxyFit, ProxyOptions } from '../proxy/fit.js';
import { standardise } from '../proxy/standardise.js';
import { bib } from './bib.js';
import { requireOneOf, requireWhole } from './check.js';
import type { Method, MethodProgress, Visit } from './method.js';
import { createNearestIndex } from './nearest.js';
import type { Nearest } from './nearest.js';
import { createObjective } from './objective.js';
import type { PassCounts } from './objective.js';
import { requireRoom } from './problem.js';
import type { Problem } from './problem.js';
import { selectDesigns } from './selection.js';
import { chooseStarts } from './starts.js';

/** Options of {@link designSequences}. */
export interface DesignOptions {
  /** Number of designs; exactly so many come out. Default 96. */
  count?: number;
  /** Number of candidates, each started at one of the best measured sequences. Default 128, the paper's. */
  starts?: number;
  /** Default `bib()`: both mappings, gamma and eta adaptive. */
  method?: Method;
  /** Where designs are taken from; see `selectDesigns`. Default: the method's own, `visited` for most. */
  take?: 'visited' | 'final';
  /** The proxy's own options. */
  proxy?: ProxyOptions;
  /** Memory for the memo of features and gradients. Default 256 MiB; 0 turns it off. */
  memoBytes?: number;
}

/** Progress of a design run: features of the measured rows first, then the method's steps, then the selection. */
export type DesignProgress =
  | { phase: 'features'; step: number; steps: number }
  | ({ phase: 'design' } & MethodProgress)
  | { phase: 'selection'; step: number; steps: number };

/** What a design run works on. */
export interface DesignRequest {
  /** The measured sequences, as in `problem`. */
  sequences: readonly Sequence[];
  /** Their scores in the user's units; larger is better. */
  scores: ArrayLike<number>;
  problem: Problem;
  featureMap: FeatureMap;
  options?: DesignOptions;
  random: Random;
  signal?: AbortSignal;
  onProgress?: (progress: DesignProgress) => void;
}

/** A proposed sequence with what is known of it. */
export interface Design {
  sequence: Sequence;
  /** The head's predicted score, in the user's units. */
  predicted: number;
  /** L_f */
  forwardLoss: number;
  /** L_b */
  backwardLoss: number;
  /** The auxiliary ensemble's mean prediction, in the user's units. */
  auxiliary: number;
  /** Row of the measured sequence whose candidate found it. */
  start: number;
  /** The nearest measured row and its Hamming distance. */
  nearest: Nearest;
}

/** What a design run did. */
export interface DesignStats {
  /** Measured rows learned from. */
  rows: number;
  /** D, number of features. */
  width: number;
  /** beta, the forward ridge. */
  ridge: number;
  /** Candidates. */
  starts: number;
  /** Distinct sequences visited. */
  visited: number;
  /** Designs that no candidate visited, found among neighbours. */
  filled: number;
  /** Passes for candidates; each measured row took one forward pass besides. */
  passes: PassCounts;
  /** What the method decided by itself, in words. */
  notes: readonly string[];
}

/** Designs, best first, with what was learned and done. */
export interface DesignResult {
  designs: Design[];
  stats: DesignStats;
  /** The fitted proxy, to judge other sequences by. */
  proxy: ProxyFit;
}

/**
 * The main job: learns from the measured rows, runs the method from the best of them, and selects designs. Everything is
 * a function of the arguments; the same seed gives the same bytes.
 * @throws InputError for options or scores that cannot be used
 * @throws InfeasibleError when the constraints leave fewer than `count` designs, before any pass of the model
 * @throws CancelledError when the signal fires
 */
export async function designSequences(request: DesignRequest): Promise<DesignResult> {
  const { sequences, scores, problem, featureMap, random, signal, onProgress } = request;
  const {
    count,
    starts: wanted,
    method,
    take,
    proxy: proxyOptions,
    memoBytes,
  } = checkOptions(request.options ?? {});
  requireMeasured(problem, sequences);
  const starts = chooseStarts(problem, sequences, scores, wanted);
  const startSequences = starts.map((start) => start.sequence);
  requireRoom(problem, startSequences, count);

  const proxy = await fitProxy(
    {
      featureMap,
      sequences,
      scores,
      signal,
      random: random.fork('proxy'),
      onProgress: (step, steps) => onProgress?.({ phase: 'features', step, steps }),
    },
    proxyOptions,
  );
  const measured = { sequences, y: standardise(scores).y };
  const objective =
    (await method.fitObjective?.({ problem, measured, random: random.fork('own proxy'), signal })) ??
    createObjective({ featureMap, head: proxy.head, auxiliary: proxy.auxiliary, memoBytes });
  const exploration = await method.design({
    problem,
    objective,
    starts,
    measured,
    count,
    signal,
    random: random.fork(method.name),
    onProgress: (progress) => onProgress?.({ phase: 'design', ...progress }),
  });
  const { designs, filled } = await selectDesigns({
    problem,
    objective,
    exploration,
    ranking: method.ranking,
    count,
    take: take ?? method.take,
    signal,
  });
  onProgress?.({ phase: 'selection', step: count, steps: count });
  const stats = {
    rows: sequences.length,
    width: featureMap.width,
    ridge: proxy.head.ridge,
    starts: starts.length,
    visited: exploration.visits.length,
    filled,
    passes: objective.passes(),
    notes: exploration.notes ?? [],
  };
  return { designs: describe(designs, sequences, proxy), stats, proxy };
}

function checkOptions(options: DesignOptions) {
  return {
    ...options,
    count: requireWhole('count', options.count ?? 96, 1),
    starts: requireWhole('starts', options.starts ?? 128, 1),
    take: options.take && requireOneOf('take', options.take, ['visited', 'final']),
    method: options.method ?? bib(),
  };
}

/** @throws InputError for a row that the problem does not know, which could come back as a design */
function requireMeasured(problem: Problem, sequences: readonly Sequence[]): void {
  const row = sequences.findIndex((sequence) => !problem.isMeasured(sequence));
  if (row < 0) return;
  throw new InputError({
    what: `row ${row + 1} is not among the problem's measured sequences`,
    expected: 'the same measured sequences in the problem and in the run',
    fix: 'Make the problem from all measured sequences.',
  });
}

function describe(visits: readonly Visit[], measured: readonly Sequence[], { scale }: ProxyFit): Design[] {
  const index = createNearestIndex(measured);
  return visits.map(({ sequence, start, evaluation }) => ({
    sequence,
    predicted: scale.toUserUnits(evaluation.prediction),
    forwardLoss: evaluation.forward,
    backwardLoss: evaluation.backward,
    auxiliary: scale.toUserUnits(evaluation.auxiliary),
    start: start.row,
    // a design has its start's length, so there is a measured sequence of that length
    nearest: index.find(sequence) as Nearest,
  }));
}
