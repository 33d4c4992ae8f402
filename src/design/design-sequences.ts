import type { Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import type { FeatureMap } from '../core/feature-map.js';
import type { Random } from '../core/random.js';
import type { BlocksReport } from '../proxy/blocks/fit-blocks.js';
import type { ProxyOptions } from '../proxy/fit.js';
import { standardise } from '../proxy/standardise.js';
import { selectBatchDesigns } from './batch-designs.js';
import type { BatchOfDesigns } from './batch-designs.js';
import { BATCH_POOL, defaultBatchRule } from './batch-rules.js';
import type { BatchRuleName } from './batch-rules.js';
import type { BatchRule } from './batch-selection.js';
import { bib } from './bib.js';
import { requireOneOf, requireWhole } from './check.js';
import { featurePosterior } from './feature-posterior.js';
import { paperLearner } from './learned-proxy.js';
import type { LearnedProxy, ProxyLearner } from './learned-proxy.js';
import type { Method, MethodProgress, Visit } from './method.js';
import { createNearestIndex } from './nearest.js';
import type { Nearest } from './nearest.js';
import { createObjective } from './objective.js';
import type { PassCounts } from './objective.js';
import { requireRoom } from './problem.js';
import type { Problem } from './problem.js';
import { selectDesigns } from './selection.js';
import type { SelectionRequest } from './selection.js';
import { chooseStarts } from './starts.js';

/** Options of {@link designWith}. */
export interface DesignWithOptions {
  /** Number of designs; exactly so many come out. Default 96. */
  count?: number;
  /** Number of candidates, each started at one of the best measured sequences. Default 128, the paper's. */
  starts?: number;
  /** Default `bib()`: both mappings, gamma and eta adaptive. May be made once the proxy is known. */
  method?: Method | ((proxy: LearnedProxy) => Method);
  /** How designs are taken together from what the method found. Default: see `defaultBatchRule`. */
  batch?: BatchRule;
  /** Where designs are taken from; see `selectDesigns`. Default: the method's own, `visited` for most. */
  take?: 'visited' | 'final';
  /** Memory for the memo of features and gradients. Default 256 MiB; 0 turns it off. */
  memoBytes?: number;
}

/** Options of {@link designSequences}. */
export interface DesignOptions extends DesignWithOptions {
  /** The proxy's own options. */
  proxy?: ProxyOptions;
}

/**
 * Progress of a design run: the choice of a proxy (where one is chosen) and the features of the measured rows first, then
 * the method's steps, then the selection.
 */
export type DesignProgress =
  | { phase: 'choice' | 'features'; step: number; steps: number }
  | ({ phase: 'design' } & MethodProgress)
  | { phase: 'selection'; step: number; steps: number };

/** What a design run works on, however its proxy is learned. */
export interface DesignWithRequest {
  /** The measured sequences, as in `problem`. */
  sequences: readonly Sequence[];
  /** Their scores in the user's units; larger is better. */
  scores: ArrayLike<number>;
  problem: Problem;
  learn: ProxyLearner;
  options?: DesignWithOptions;
  random: Random;
  signal?: AbortSignal;
  onProgress?: (progress: DesignProgress) => void;
}

/** What a design run on the published proxy works on. */
export interface DesignRequest extends Omit<DesignWithRequest, 'learn' | 'options'> {
  featureMap: FeatureMap;
  options?: DesignOptions;
}

/** A proposed sequence with what is known of it. */
export interface Design {
  sequence: Sequence;
  /** The head's predicted score, in the user's units. */
  predicted: number;
  /**
   * Standard deviation of a new measurement, in the user's units: half the distance between the predictions one deviation
   * above and below; null where the proxy does not say.
   */
  deviation: number | null;
  /** How far the sequence lies from the measured rows, `phi^T (G + s^2 I)^-1 phi + 1/N`; null where the proxy does not say. */
  leverage: number | null;
  /** Whether that is further than 95 % of the measured rows lie from the others; null where the proxy does not say. */
  outside: boolean | null;
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
  /** beta, the forward ridge of the published method; null where the ridge was chosen. */
  ridge: number | null;
  /** What the proxy chose and why; null for the published one. */
  blocks: BlocksReport | null;
  /** The method that searched. */
  method: string;
  /** Candidates. */
  starts: number;
  /** Distinct sequences visited. */
  visited: number;
  /** Designs that no candidate visited, found among neighbours. */
  filled: number;
  /** The rule by which they were taken together; `mean` also where `lcb` gave way to it. */
  batch: BatchRuleName;
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
  proxy: LearnedProxy;
}

/** {@link designWith}, on the published proxy: a feature map and the weak ridge. */
export async function designSequences(request: DesignRequest): Promise<DesignResult> {
  const { featureMap, ...rest } = request;
  return designWith({ ...rest, learn: paperLearner(featureMap, request.options?.proxy) });
}

/**
 * The main job: learns from the measured rows, runs the method from the best of them, and selects designs. Everything is
 * a function of the arguments; the same seed gives the same bytes.
 * @throws InputError for options or scores that cannot be used
 * @throws InfeasibleError when the constraints leave fewer than `count` designs, before any pass of the model
 * @throws CancelledError when the signal fires
 */
export async function designWith(request: DesignWithRequest): Promise<DesignResult> {
  const { sequences, scores, problem, random, signal, onProgress } = request;
  const { count, starts: wanted, method: given, take, memoBytes } = checkOptions(request.options ?? {});
  requireMeasured(problem, sequences);
  const starts = chooseStarts(problem, sequences, scores, wanted);
  const startSequences = starts.map((start) => start.sequence);
  requireRoom(problem, startSequences, count);

  const proxy = await request.learn({
    ...{ sequences, scores, signal },
    random: random.fork('proxy'),
    onProgress: (phase, step, steps) => onProgress?.({ phase, step, steps }),
  });
  const method = typeof given === 'function' ? given(proxy) : given;
  const isSure = proxy.belief !== null && method.fitObjective === undefined;
  const batch = request.options?.batch ?? { rule: defaultBatchRule(method.ranking, isSure) };
  const measured = { sequences, y: standardise(scores).y };
  const { featureMap, head, auxiliary } = proxy;
  const objective =
    (await method.fitObjective?.({ problem, measured, random: random.fork('own proxy'), signal })) ??
    createObjective({ featureMap, head, auxiliary, predict: proxy.predict ?? undefined, memoBytes });
  const exploration = await method.design({
    ...{ problem, objective, starts, measured, signal },
    // a rule that chooses among more has to be given more
    count: batch.rule === 'mean' ? count : Math.max(count, BATCH_POOL / 4),
    random: random.fork(method.name),
    onProgress: (progress) => onProgress?.({ phase: 'design', ...progress }),
  });
  const { designs, filled, rule } = await select(
    { problem, objective, exploration, ranking: method.ranking, count, take: take ?? method.take, signal },
    batch,
    proxy,
    random.fork('batch'),
  );
  const described = await describe(designs, sequences, proxy, signal);
  onProgress?.({ phase: 'selection', step: count, steps: count });
  const stats = {
    rows: sequences.length,
    width: featureMap.width,
    ridge: proxy.ridge,
    blocks: proxy.report,
    method: method.name,
    starts: starts.length,
    visited: exploration.visits.length,
    filled,
    batch: rule,
    passes: objective.passes(),
    notes: exploration.notes ?? [],
  };
  return { designs: described, stats, proxy };
}

async function select(
  request: SelectionRequest,
  rule: BatchRule,
  { featureMap, belief }: LearnedProxy,
  random: Random,
): Promise<BatchOfDesigns> {
  if (rule.rule === 'mean') return { ...(await selectDesigns(request)), rule: 'mean' };
  const posterior = belief && featurePosterior(featureMap, belief);
  return selectBatchDesigns({ ...request, rule, posterior, random });
}

function checkOptions(options: DesignWithOptions) {
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

async function describe(
  visits: readonly Visit[],
  measured: readonly Sequence[],
  proxy: LearnedProxy,
  signal?: AbortSignal,
): Promise<Design[]> {
  const index = createNearestIndex(measured);
  const beliefs = await believe(visits, proxy, signal);
  return visits.map(({ sequence, start, evaluation }, i) => ({
    sequence,
    predicted: proxy.scale.toUserUnits(evaluation.prediction),
    ...beliefs[i],
    forwardLoss: evaluation.forward,
    backwardLoss: evaluation.backward,
    auxiliary: proxy.scale.toUserUnits(evaluation.auxiliary),
    start: start.row,
    // a design has its start's length, so there is a measured sequence of that length
    nearest: index.find(sequence) as Nearest,
  }));
}

/** How sure the proxy is of each. */
async function believe(
  visits: readonly Visit[],
  { featureMap, belief, scale }: LearnedProxy,
  signal?: AbortSignal,
): Promise<Pick<Design, 'deviation' | 'leverage' | 'outside'>[]> {
  if (belief === null) return visits.map(() => ({ deviation: null, leverage: null, outside: null }));
  const phi = await featureMap.features(
    visits.map(({ sequence }) => sequence),
    signal,
  );
  const D = featureMap.width;
  return visits.map(({ evaluation: { prediction } }, i) => {
    const own = phi.subarray(i * D, (i + 1) * D);
    const sd = Math.sqrt(belief.variance(own));
    const leverage = belief.leverage(own);
    return {
      deviation: (scale.toUserUnits(prediction + sd) - scale.toUserUnits(prediction - sd)) / 2,
      leverage,
      outside: leverage > belief.reach,
    };
  });
}
