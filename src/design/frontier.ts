import type { Sequence } from '../core/alphabet.js';
import { merit } from './method.js';
import type { Ranking, Start } from './method.js';
import type { Evaluation } from './objective.js';
import type { Problem } from './problem.js';
import { sequenceKey } from './sequence-key.js';

/** A feasible sequence whose neighbours are yet to be looked at. */
export interface FrontierNode {
  sequence: Sequence;
  start: Start;
  /** null for a measured sequence that was only passed through. */
  evaluation: Evaluation | null;
}

/** Open nodes of a search through the feasible sequences, best first; those without an evaluation last. */
export interface Frontier {
  /** Adds a node unless it was there before; says whether it was new. */
  add(node: FrontierNode): boolean;
  /** Whether the node was ever added. */
  has(node: FrontierNode): boolean;
  /** Equal for nodes that are the same: one sequence, reached within the same set of feasible sequences. */
  nameOf(node: FrontierNode): string;
  /** The best open node. */
  peek(): FrontierNode | undefined;
  /** Closes the best open node for good. */
  close(): void;
}

/**
 * Names the set of sequences that a start can reach. Where the budget counts from the start each start has its own, and
 * one sequence may have to be searched from in several.
 */
export function groupOf(problem: Problem): (start: Start) => string {
  return problem.budget?.from === 'start' ? (start) => `${sequenceKey(start.sequence)}/` : () => '';
}

/** An empty {@link Frontier}. */
export function createFrontier(ranking: Ranking, group: (start: Start) => string): Frontier {
  const seen = new Set<string>();
  const nameOf = (node: FrontierNode) => group(node.start) + sequenceKey(node.sequence);
  const evaluated: { node: FrontierNode; merit: number; name: string }[] = [];
  let sorted = true;
  const passed: FrontierNode[] = [];
  let nextPassed = 0;
  const sort = () => {
    // the best stands last, where it can be taken off
    if (!sorted) evaluated.sort((a, b) => a.merit - b.merit || (a.name < b.name ? 1 : -1));
    sorted = true;
  };
  return {
    nameOf,
    has: (node) => seen.has(nameOf(node)),
    add(node) {
      const name = nameOf(node);
      if (seen.has(name)) return false;
      seen.add(name);
      if (node.evaluation === null) passed.push(node);
      else evaluated.push({ node, merit: merit(ranking, node.evaluation), name });
      sorted &&= node.evaluation === null;
      return true;
    },
    peek() {
      sort();
      return evaluated.at(-1)?.node ?? passed[nextPassed];
    },
    close() {
      sort();
      if (evaluated.length > 0) evaluated.pop();
      else nextPassed++;
    },
  };
}
