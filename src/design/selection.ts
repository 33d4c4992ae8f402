import { createFrontier, groupOf } from './frontier.js';
import { fillUp } from './fill.js';
import { merit } from './method.js';
import type { Exploration, Ranking, Visit } from './method.js';
import type { Objective } from './objective.js';
import type { Problem } from './problem.js';
import { sequenceKey } from './sequence-key.js';

/** What designs are selected from, and how. */
export interface SelectionRequest {
  problem: Problem;
  objective: Objective;
  exploration: Exploration;
  /** What is best: predicted score, or backward loss for a method that does not look at it. */
  ranking: Ranking;
  /** Exactly so many designs are returned. */
  count: number;
  /**
   * `visited` (default): the best of all that any candidate visited. `final`: the candidates' last iterates, as the paper
   * does, then the best of the rest.
   */
  take?: 'visited' | 'final';
  signal?: AbortSignal;
}

/** Selected designs, best first. */
export interface Selection {
  designs: Visit[];
  /** How many of them no candidate visited: neighbours, one letter away, of what was visited. */
  filled: number;
}

/**
 * Exactly `count` distinct, feasible, unmeasured designs, best first; equal merits in the order of the sequences' codes.
 * Where too few were visited, one-letter neighbours of the best are scored by the same objective, and theirs in turn.
 */
export async function selectDesigns(request: SelectionRequest): Promise<Selection> {
  const { problem, exploration, ranking, count } = request;
  const proposable = (visits: readonly Visit[]) =>
    visits.filter(
      (visit) => problem.allows(visit.sequence, visit.start.sequence) && !problem.isMeasured(visit.sequence),
    );
  const visited = proposable(exploration.visits);
  const first = request.take === 'final' ? distinct(proposable(exploration.finals)) : [];
  const missing = count - visited.length;
  const fills =
    missing <= 0 ? [] : await fillUp(request, createFrontierOf(request), exploration.visits, missing);

  const kept = rank(first, ranking).slice(0, count);
  const keys = new Set(kept.map(keyOf));
  const others = [...visited, ...fills].filter((visit) => !keys.has(keyOf(visit)));
  const designs = rank([...kept, ...rank(others, ranking).slice(0, count - kept.length)], ranking);
  const filled = new Set(fills.map(keyOf));
  return { designs, filled: designs.filter((design) => filled.has(keyOf(design))).length };
}

function createFrontierOf({ problem, exploration, ranking }: SelectionRequest) {
  const frontier = createFrontier(ranking, groupOf(problem));
  for (const visit of [...exploration.visits, ...exploration.finals]) frontier.add(visit);
  return frontier;
}

function keyOf(visit: Visit): string {
  return sequenceKey(visit.sequence);
}

function distinct(visits: readonly Visit[]): Visit[] {
  return [...new Map(visits.map((visit) => [keyOf(visit), visit])).values()];
}

/** Best first; ties by the sequences' codes, so that the order never depends on who came first. */
export function rank(visits: readonly Visit[], ranking: Ranking): Visit[] {
  return visits
    .map((visit) => ({ visit, merit: merit(ranking, visit.evaluation), key: keyOf(visit) }))
    .sort((a, b) => b.merit - a.merit || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ visit }) => visit);
}
