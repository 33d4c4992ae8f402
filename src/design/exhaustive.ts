import type { Sequence } from '../core/alphabet.js';
import { hammingDistance } from '../core/alphabet.js';
import { InputError, internal } from '../core/errors.js';
import { breathe } from './breathe.js';
import { requireBetween, requireOneOf, requireWhole } from './check.js';
import { createTopList } from './exhaustive-top.js';
import type { TopList } from './exhaustive-top.js';
import { merit } from './method.js';
import type { Exploration, Method, MethodRun, Ranking, Start } from './method.js';
import type { Problem } from './problem.js';
import { sequenceKey } from './sequence-key.js';
import { spaceSize } from './space.js';
import type { Space } from './space.js';
import { walkSpace } from './space-walk.js';

/** Options of exhaustive scoring. */
export interface ExhaustiveOptions {
  /**
   * What the whole space is ranked by: `forward` (default), the forward mapping, which is the predicted score; `backward`,
   * the backward loss; `mixed`, the mixed loss at a fixed gamma.
   */
  by?: 'forward' | 'backward' | 'mixed';
  /** Weight of the forward loss for `mixed`. Default 0.5, where Adaptive-gamma starts. */
  gamma?: number;
  /** Largest space that is gone through. Default 2,000,000 sequences. */
  limit?: number;
  /** How many of the best get all their scalars, to select from; at least four times the designs asked for. Default 512. */
  keep?: number;
}

/** Largest space that is enumerated unless the caller says otherwise. */
export const ENUMERABLE = 2_000_000;
/** Sequences scored at a time. */
const CHUNK = 2048;

/**
 * Scores every sequence that the constraints allow, as a {@link Method}: exact, and the yardstick of every search. Streams
 * through the space; memory holds one chunk and the best `keep`.
 *
 * Ranking by the forward mapping needs predictions only. The mixed loss is bounded below by `gamma L_f`, for `L_b >= 0`,
 * so its exact best are found without the backward mapping of most sequences: that is taken for those alone whose
 * `gamma L_f` is below the worst mixed loss kept.
 * @throws InputError for options that are wrong, or when run on a space above the limit
 */
export function exhaustive(options: ExhaustiveOptions = {}): Method {
  const by = requireOneOf('by', options.by ?? 'forward', ['forward', 'backward', 'mixed']);
  const gamma = requireBetween('gamma', options.gamma ?? 0.5, 0, 1);
  const limit = requireWhole('limit', options.limit ?? ENUMERABLE, 1);
  const keep = requireWhole('keep', options.keep ?? 512, 1);
  const ranking: Ranking = by === 'forward' ? 'prediction' : by === 'backward' ? 'backward' : { gamma };
  return {
    name: 'exhaustive',
    ranking,
    design: (run) => runExhaustive(run, ranking, limit, Math.max(keep, 4 * (run.count ?? 1))),
  };
}

async function runExhaustive(
  run: MethodRun,
  ranking: Ranking,
  limit: number,
  keep: number,
): Promise<Exploration> {
  const { problem, starts, objective } = run;
  const size = sizeOfSearch(problem, starts);
  if (size > BigInt(limit)) {
    throw new InputError({
      what: 'the space is too large to go through',
      expected: `at most ${limit} sequences`,
      got: `${size}`,
      fix: 'Allow fewer positions, letters or mutations, or choose another method.',
    });
  }
  const kept =
    ranking === 'prediction' ? await bestPredicted(run, keep) : await bestLosses(run, ranking, keep);
  const sequences = kept.sorted().map(({ sequence }) => sequence);
  const evaluations = await objective.score(sequences, run.signal);
  const visits = sequences.map((sequence, i) => ({
    sequence,
    start: nearestStart(problem, starts, sequence),
    evaluation: evaluations[i],
  }));
  return {
    visits,
    finals: visits,
    notes: [`scored all ${size} sequences that the constraints allow`],
  };
}

/**
 * How many sequences an enumeration from these starts goes through: the whole space or, where the mutation budget counts
 * from the start, the sum of the spaces around the starts (which may overlap).
 */
export function sizeOfSearch(problem: Problem, starts: readonly Start[]): bigint {
  return spacesOf(problem, starts).reduce((sum, space) => sum + spaceSize(space), 0n);
}

function spacesOf(problem: Problem, starts: readonly Start[]): Space[] {
  const { mask, length, alphabet, budget } = problem;
  const space = (base: Sequence | null): Space => ({
    mask,
    length,
    alphabetSize: alphabet.size,
    base,
    max: budget?.max ?? length,
  });
  if (budget?.from === 'start') return starts.map(({ sequence }) => space(sequence));
  return [space(budget === null ? null : problem.reference)];
}

/** All unmeasured sequences of the search in chunks, each once, in a fixed order. */
function* chunksOf({ problem, starts }: MethodRun): Generator<Sequence[]> {
  const spaces = spacesOf(problem, starts);
  // only overlapping spaces can give a sequence twice
  const seen = spaces.length > 1 ? new Set<string>() : null;
  let chunk: Sequence[] = [];
  for (const space of spaces) {
    for (const sequence of walkSpace(space)) {
      if (problem.isMeasured(sequence)) continue;
      if (seen !== null) {
        const key = sequenceKey(sequence);
        if (seen.has(key)) continue;
        seen.add(key);
      }
      chunk.push(sequence.slice());
      if (chunk.length < CHUNK) continue;
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

/** One pass through the space; `passes` are needed in all. */
async function goThrough(
  run: MethodRun,
  [pass, passes]: readonly [number, number],
  visit: (chunk: Sequence[]) => Promise<void>,
): Promise<void> {
  const { problem, starts, objective, onProgress } = run;
  const total = Number(sizeOfSearch(problem, starts));
  let done = 0;
  for (const chunk of chunksOf(run)) {
    await breathe(run.signal);
    await visit(chunk);
    done += chunk.length;
    onProgress?.({
      step: (pass - 1) * total + done,
      steps: passes * total,
      visited: done,
      passes: objective.passes(),
    });
  }
}

async function bestPredicted(run: MethodRun, keep: number): Promise<TopList> {
  const top = createTopList(keep);
  await goThrough(run, [1, 1], async (chunk) => {
    const predictions = await run.objective.predict(chunk, run.signal);
    chunk.forEach((sequence, i) => top.offer(sequence, predictions[i]));
  });
  return top;
}

/** The best by a ranking that needs the backward loss. */
async function bestLosses(
  run: MethodRun,
  ranking: Exclude<Ranking, 'prediction'>,
  keep: number,
): Promise<TopList> {
  const top = createTopList(keep);
  const offer = async (sequences: readonly Sequence[]) => {
    const evaluations = await run.objective.score(sequences, run.signal);
    sequences.forEach((sequence, i) => top.offer(sequence, merit(ranking, evaluations[i])));
  };
  const gamma = ranking === 'backward' ? 0 : ranking.gamma;
  if (gamma === 0) await goThrough(run, [1, 1], offer);
  else await offerBounded(run, gamma, keep, top, offer);
  return top;
}

/** Offers the sequences whose lower bound `gamma L_f` leaves them a chance; in a first pass those where it is least. */
async function offerBounded(
  run: MethodRun,
  gamma: number,
  keep: number,
  top: TopList,
  offer: (sequences: readonly Sequence[]) => Promise<void>,
): Promise<void> {
  const { objective, signal } = run;
  const bounds = async (sequences: readonly Sequence[]) =>
    (await objective.predict(sequences, signal)).map((value) => gamma * (value - objective.target) ** 2);
  const likely = createTopList(keep);
  await goThrough(run, [1, 2], async (chunk) => {
    const bound = await bounds(chunk);
    chunk.forEach((sequence, i) => likely.offer(sequence, -bound[i]));
  });
  const first = likely.sorted().map(({ sequence }) => sequence);
  await offer(first);
  const known = new Set(first.map(sequenceKey));
  await goThrough(run, [2, 2], async (chunk) => {
    const open = chunk.filter((sequence) => !known.has(sequenceKey(sequence)));
    const bound = await bounds(open);
    await offer(open.filter((_, i) => -bound[i] >= top.threshold()));
  });
}

/** The start that a sequence is told of: the nearest in whose reach it lies, the first of equals. */
function nearestStart(problem: Problem, starts: readonly Start[], sequence: Sequence): Start {
  let best: { start: Start; distance: number } | null = null;
  for (const start of starts) {
    if (!problem.allows(sequence, start.sequence)) continue;
    const distance = hammingDistance(sequence, start.sequence);
    if (best === null || distance < best.distance) best = { start, distance };
  }
  if (best === null) throw internal('an enumerated sequence lies outside the constraints');
  return best.start;
}
