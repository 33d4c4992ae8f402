import type { Alphabet, Sequence } from '../core/alphabet.js';
import type { Random } from '../core/random.js';
import type { FileHash } from '../lm/io/checksums.js';

/** Sequences beside their scores, larger is better. */
export interface ScoredRows {
  sequences: readonly Sequence[];
  /** [N] in the unit of the source. */
  scores: Float64Array;
}

/**
 * Everything that is known about a task before rows are drawn from it: the ground truth. A table (the scores of all its
 * rows were measured) or a formula.
 */
export interface Landscape {
  readonly alphabet: Alphabet;
  /** Letters that may be used; all of the alphabet except for functions with fewer states. */
  readonly letters: string;
  /** L */
  readonly length: number;
  readonly wildType: Sequence | null;
  /** 0-based positions that differ between sequences of the task, or null: all of them. */
  readonly designable: readonly number[] | null;
  /** All rows in the order of the table, or null for a formula. A row may repeat a sequence with the same score. */
  readonly rows: ScoredRows | null;
  /** Smallest and largest score of the whole task. */
  readonly range: { readonly min: number; readonly max: number };
  /** The exact score, or null where there is none: not measured, or infeasible. */
  score(sequence: Sequence): number | null;
  /** A key that is equal for sequences whose scores are equal by construction: the two strands of a DNA, or the same. */
  group(sequence: Sequence): string;
  /** One sequence of a formula's natural distribution; null for a table. */
  readonly sample: ((random: Random) => Sequence) | null;
  /** A sequence with the largest score, where the formula tells; null for a table. */
  readonly optimum: Sequence | null;
}

/** Where a table came from. */
export interface Provenance extends FileHash {
  /** The data folder that was named, the cache, a download into it, or a file of the user's own. */
  from: 'data-dir' | 'cache' | 'download' | 'file';
}

/**
 * A task with ground truth: measured rows to learn from, and an exact score for designs. The same name, seed and plate
 * give the same rows on every machine and to every method, so that results can be compared in pairs.
 */
export interface Task extends Landscape {
  readonly name: string;
  readonly description: string;
  /** Publication and table. */
  readonly source: string;
  readonly licence: string;
  /** The file that was read and the sha256 of its bytes after decompression; null for a formula. */
  readonly provenance: Provenance | null;
  /** `design`: sequences are proposed freely. `choose`: they are chosen among `candidates`. */
  readonly mode: 'design' | 'choose';
  /** Number of designs that are asked for. */
  readonly count: number;
  readonly seed: string | number;
  readonly plate: number;
  /** What a method is given. Never empty. */
  readonly measured: ScoredRows;
  /**
   * Distinct sequences with a known score that are not in `measured`, without their scores; null for a formula. In mode
   * `choose` designs come from here and nowhere else.
   */
  readonly candidates: readonly Sequence[] | null;
  /**
   * Sequences of the design space that have no score, where the space can be enumerated: a method is told not to propose
   * them. They say nothing about scores.
   */
  readonly excluded: readonly Sequence[];
  /** What a design without a score counts as: the smallest score (infeasible), or null: it is left out and counted. */
  readonly unscoredAs: number | null;
  /** `(score - min) / (max - min)` over the whole task. */
  normalise(score: number): number;
  /** The whole protocol in sentences: split, seed, normalisation, what is reported. */
  readonly protocol: string;
}
