import type { Sequence } from '../core/alphabet.js';
import { internal, throwIfAborted } from '../core/errors.js';
import type { Frontier, FrontierNode } from './frontier.js';
import { mixedLoss } from './losses.js';
import type { Ranking, Visit } from './method.js';
import type { GradientEvaluation, Objective } from './objective.js';
import type { Problem } from './problem.js';
import { sequenceKey } from './sequence-key.js';

/** What {@link fillUp} works with. */
export interface FillRequest {
  problem: Problem;
  objective: Objective;
  ranking: Ranking;
  signal?: AbortSignal;
}

/** Neighbours scored for each design that is missing. */
const CHOICE = 2;

/**
 * At least `missing` unmeasured feasible sequences that are not among `visited`: one-letter neighbours of the best, then of
 * theirs. Of a node with more neighbours than can be used, those with the best first-order estimate are scored.
 * One-letter steps inside the constraints (through measured sequences too) reach every feasible sequence, so a search to
 * the end finds all.
 */
export async function fillUp(
  request: FillRequest,
  frontier: Frontier,
  visited: readonly Visit[],
  missing: number,
): Promise<Visit[]> {
  const { objective, signal } = request;
  const fills: Visit[] = [];
  const scored = new Set(visited.map((visit) => sequenceKey(visit.sequence)));
  while (fills.length < missing) {
    throwIfAborted(signal);
    const batch = await collect(request, frontier, scored, CHOICE * (missing - fills.length));
    if (batch.length === 0)
      throw internal('the feasible sequences ran out although their number was checked');
    const evaluations = await objective.score(
      batch.map((node) => node.sequence),
      signal,
    );
    batch.forEach((node, i) => {
      const visit = { sequence: node.sequence, start: node.start, evaluation: evaluations[i] };
      fills.push(visit);
      frontier.add(visit);
    });
  }
  return fills;
}

/** Up to `limit` unmeasured sequences that were neither visited nor scored, from the best nodes on. */
async function collect(
  request: FillRequest,
  frontier: Frontier,
  scored: Set<string>,
  limit: number,
): Promise<FrontierNode[]> {
  const batch: FrontierNode[] = [];
  const pending = new Set<string>();
  while (batch.length < limit) {
    const node = frontier.peek();
    if (node === undefined) break;
    throwIfAborted(request.signal);
    const fresh: FrontierNode[] = [];
    for (const neighbour of neighboursOf(request.problem, node)) {
      if (frontier.has(neighbour) || pending.has(frontier.nameOf(neighbour))) continue;
      const known =
        scored.has(sequenceKey(neighbour.sequence)) || request.problem.isMeasured(neighbour.sequence);
      if (known) frontier.add(neighbour);
      else fresh.push(neighbour);
    }
    const room = limit - batch.length;
    const taken = fresh.length <= room ? fresh : (await byEstimate(request, node, fresh)).slice(0, room);
    for (const neighbour of taken) {
      scored.add(sequenceKey(neighbour.sequence));
      pending.add(frontier.nameOf(neighbour));
    }
    batch.push(...taken);
    // a node with neighbours left stays open for the next round
    if (taken.length === fresh.length) frontier.close();
  }
  return batch;
}

function neighboursOf(problem: Problem, node: FrontierNode): FrontierNode[] {
  const A = problem.alphabet.size;
  const found: FrontierNode[] = [];
  for (const i of problem.designable) {
    for (let a = 0; a < A; a++) {
      if (a === node.sequence[i] || problem.mask[i * A + a] !== 1) continue;
      const sequence = node.sequence.slice();
      sequence[i] = a;
      if (problem.allows(sequence, node.start.sequence))
        found.push({ sequence, start: node.start, evaluation: null });
    }
  }
  return found;
}

/** Neighbours by the first-order change of what is ranked, `g[i, a] - g[i, x_i]`, most promising first. */
async function byEstimate(
  { objective, ranking, signal }: FillRequest,
  node: FrontierNode,
  neighbours: readonly FrontierNode[],
): Promise<FrontierNode[]> {
  const [evaluation] = await objective.evaluate([node.sequence], signal);
  return neighbours
    .map((neighbour) => ({
      neighbour,
      gain: firstOrderGain(ranking, evaluation, objective.target, node.sequence, neighbour.sequence),
    }))
    .sort((a, b) => b.gain - a.gain)
    .map(({ neighbour }) => neighbour);
}

/** First-order change of the merit from one sequence to another, by the gradients at the first. */
function firstOrderGain(
  ranking: Ranking,
  evaluation: GradientEvaluation,
  target: number,
  from: Sequence,
  to: Sequence,
): number {
  const forward = () => firstOrderChange(evaluation.gradients, 0, from, to);
  const backward = () => firstOrderChange(evaluation.gradients, 1, from, to);
  // L_f falls towards the target, from both sides
  if (ranking === 'prediction') return evaluation.prediction > target ? forward() : -forward();
  return ranking === 'backward' ? -backward() : -mixedLoss(ranking.gamma, forward(), backward());
}

/** @param scalar which of L_f, L_b and f */
function firstOrderChange(
  gradients: GradientEvaluation['gradients'],
  scalar: number,
  from: Sequence,
  to: Sequence,
): number {
  const size = gradients.length / 3;
  const A = size / from.length;
  const offset = scalar * size;
  let change = 0;
  for (let i = 0; i < from.length; i++) {
    if (to[i] !== from[i]) change += gradients[offset + i * A + to[i]] - gradients[offset + i * A + from[i]];
  }
  return change;
}
