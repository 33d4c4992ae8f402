import type { Sequence } from '../core/alphabet.js';
import { hammingDistance } from '../core/alphabet.js';
import { InputError, internal } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { requireBetween } from './check.js';
import { greedyDeterminant } from './batch-determinant.js';
import type { ScorePosterior } from './posterior.js';

/** How a batch of exactly `count` is chosen from candidates. */
export type BatchRule =
  /** The best predicted. Needs no posterior. */
  | { rule: 'mean' }
  /**
   * The largest `mean - kappa sd` (lower confidence bound): of what is predicted alike, what is known better. Default kappa
   * {@link CAUTION}. Where more than half of the `count` best predicted are predicted above everything that was measured, the
   * best predicted: that high, nothing is known better.
   */
  | { rule: 'lcb'; kappa?: number }
  /** The largest `mean + kappa sd` (upper confidence bound; Srinivas et al., ICML 2010). Default kappa 2. */
  | { rule: 'ucb'; kappa?: number }
  /** One posterior draw for each place in the batch; the place goes to the draw's best candidate that is not taken yet. */
  | { rule: 'thompson' }
  /**
   * Greedy best predicted, each at least `distance` letters from all chosen before; where too few are left, the distance
   * falls by one. Default distance 2. Needs no posterior.
   */
  | { rule: 'distance'; distance?: number }
  /**
   * Greedy determinantal batch: the largest determinant of `q_i q_j S(x_i, x_j)`, quality `q = exp(weight mean / 2)` and
   * similarity `S = exp(-Hamming distance / scale)` (Kulesza and Taskar, 2012; greedy MAP: Chen et al., NeurIPS 2018).
   * Defaults: weight 4 (per standard deviation of the candidates' means), scale 2 letters. Needs no posterior.
   */
  | { rule: 'determinant'; weight?: number; scale?: number };

/** kappa of `lcb`; see experiments/blocks/caution.md for what others do. */
export const CAUTION = 1;

/** What a batch is chosen from. */
export interface BatchRequest {
  /** Distinct candidates, at least `count`. */
  sequences: readonly Sequence[];
  /** [B] predicted scores, larger is better; used where the rule looks at no posterior. */
  merits: ArrayLike<number>;
  count: number;
  rule: BatchRule;
  posterior?: ScorePosterior | null;
  random: Random;
  signal?: AbortSignal;
}

/**
 * Exactly `count` indices into the candidates, in the order in which they were chosen. The same request gives the same
 * batch; ties go to the earlier candidate.
 * @throws InputError where a rule needs a posterior that is not there, or for an option that is wrong
 */
export async function selectBatch(request: BatchRequest): Promise<number[]> {
  const { sequences, merits, count } = request;
  if (sequences.length < count || sequences.length !== merits.length)
    throw internal(`batch of ${count} from ${sequences.length} candidates and ${merits.length} merits`);
  checkBatchRule(request.rule);
  const rule = ruleThatHolds(request);
  switch (rule.rule) {
    case 'mean':
      return best(merits, count);
    case 'lcb':
      return best(await bounds(request, -(rule.kappa ?? CAUTION)), count);
    case 'ucb':
      return best(await bounds(request, rule.kappa ?? 2), count);
    case 'thompson':
      return thompson(request);
    case 'distance':
      return spreadOut(sequences, merits, count, rule.distance ?? 2);
    case 'determinant':
      return determinantal(sequences, merits, count, rule.weight ?? 4, rule.scale ?? 2);
  }
}

/** @throws InputError for an option that is out of range */
export function checkBatchRule(rule: BatchRule): void {
  if (rule.rule === 'ucb' || rule.rule === 'lcb') requireBetween('kappa', rule.kappa ?? 2, 0, 1000);
  if (rule.rule === 'distance') requireBetween('distance', rule.distance ?? 2, 1, 100_000);
  if (rule.rule === 'determinant') {
    requireBetween('weight', rule.weight ?? 4, 0, 1000);
    requireBetween('scale', rule.scale ?? 2, 1e-3, 1e6);
  }
}

/** The rule that a batch is taken by: the one asked for, but `mean` where `lcb` gives way to it. */
export function ruleThatHolds(
  request: Pick<BatchRequest, 'merits' | 'count' | 'posterior' | 'rule'>,
): BatchRule {
  return request.rule.rule === 'lcb' && exceedsMeasured(request) ? { rule: 'mean' } : request.rule;
}

/** Whether more than half of the best predicted are predicted above every measured score, as of a table that is cut off. */
function exceedsMeasured({
  merits,
  count,
  posterior,
}: Pick<BatchRequest, 'merits' | 'count' | 'posterior'>): boolean {
  const middle = best(merits, count)[count >> 1];
  return posterior?.highest !== undefined && merits[middle] > posterior.highest;
}

/** Indices of the `count` largest, best first. */
function best(values: ArrayLike<number>, count: number): number[] {
  return Array.from(values, (_, i) => i)
    .sort((a, b) => values[b] - values[a] || a - b)
    .slice(0, count);
}

function posteriorOf({ posterior, rule }: BatchRequest): ScorePosterior {
  if (posterior) return posterior;
  throw new InputError({
    what: `batch rule ${rule.rule} needs a proxy that knows how sure it is`,
    expected: 'a posterior',
    got: 'none',
    fix: 'Use a proxy with a posterior, or the rule mean, distance or determinant.',
  });
}

/** `mean + kappa sd` */
async function bounds(request: BatchRequest, kappa: number): Promise<Float64Array> {
  const { mean, variance } = await posteriorOf(request).moments(request.sequences, request.signal);
  return mean.map((value, i) => value + kappa * Math.sqrt(variance[i]));
}

async function thompson(request: BatchRequest): Promise<number[]> {
  const { sequences, count, random, signal } = request;
  const draws = await posteriorOf(request).sample(sequences, count, random, signal);
  const taken = new Uint8Array(sequences.length);
  return Array.from({ length: count }, (_, d) => {
    let top = -1;
    for (let i = 0; i < sequences.length; i++) {
      if (taken[i] === 1) continue;
      if (top < 0 || draws[d * sequences.length + i] > draws[d * sequences.length + top]) top = i;
    }
    taken[top] = 1;
    return top;
  });
}

/** Greedy best first, at least `distance` letters apart; the distance falls where that leaves too few. */
function spreadOut(
  sequences: readonly Sequence[],
  merits: ArrayLike<number>,
  count: number,
  distance: number,
): number[] {
  const order = best(merits, sequences.length);
  const nearest = new Float64Array(sequences.length).fill(Infinity);
  const taken = new Uint8Array(sequences.length);
  const chosen: number[] = [];
  for (let apart = Math.ceil(distance); chosen.length < count; apart--) {
    for (const i of order) {
      if (chosen.length === count) break;
      if (taken[i] === 1 || nearest[i] < apart) continue;
      taken[i] = 1;
      chosen.push(i);
      sequences.forEach((other, j) => {
        nearest[j] = Math.min(nearest[j], hammingDistance(sequences[i], other));
      });
    }
  }
  return chosen;
}

function determinantal(
  sequences: readonly Sequence[],
  merits: ArrayLike<number>,
  count: number,
  weight: number,
  scale: number,
): number[] {
  const values = Array.from(merits);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const logQuality = values.map((value) => (spread > 0 ? (weight * (value - mean)) / (2 * spread) : 0));
  const similarity = (i: number, j: number) => Math.exp(-hammingDistance(sequences[i], sequences[j]) / scale);
  return greedyDeterminant(logQuality, similarity, count);
}
