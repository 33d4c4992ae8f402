import { decode } from '../core/alphabet.js';
import type { Sequence } from '../core/alphabet.js';
import type { Design } from '../design/design-sequences.js';
import { formatMutations } from '../table/mutations.js';
import type { Table } from '../table/table.js';
import type { FobarShares } from './verify/fobar-columns.js';

/** A design as people read it. */
export interface DesignRow {
  /** 1 is the best. */
  rank: number;
  /** `design-01`, `design-02`, ... */
  id: string;
  /** Letters. */
  sequence: string;
  /** From the wild type, in the user's own numbering and separator; null without a wild type. */
  mutations: string | null;
  /** Predicted score, in the user's unit. */
  predicted: number;
  /** Standard deviation of a new measurement, in the user's unit; null where the proxy does not say (the paper's ridge). */
  deviation: number | null;
  /** How far the design lies from what was measured, 0 and up; null where the proxy does not say. */
  leverage: number | null;
  /** Whether it lies further out than 95 % of the measured variants lie from the others; null where the proxy does not say. */
  outside: boolean | null;
  /** L_f, standardised units; 0 is at the target. */
  forwardLoss: number;
  /** L_b, standardised units. */
  backwardLoss: number;
  /** Hamming distance to the nearest measured variant. */
  nearestDistance: number;
  /** Its id, or what the table calls it. */
  nearestId: string;
  /** Its own mutations from the wild type; null without one. */
  nearestMutations: string | null;
  /** 1-based line of the table that it was first measured in. */
  nearestLine: number;
  /** Its measured score. */
  nearestScore: number;
  /** The letters that the design changes in it, in the user's own numbering. */
  changes: string;
  /** What forward-backward verification says of it; absent unless the run was asked to verify. */
  fobar?: FobarShares;
}

/** Designs, best first, in the user's own terms. */
export function describeDesigns(
  designs: readonly Design[],
  table: Table,
  direction: 'max' | 'min',
): DesignRow[] {
  const digits = Math.max(2, String(designs.length).length);
  const sign = direction === 'max' ? 1 : -1;
  return designs.map((design, i) => {
    const nearest = table.rows[design.nearest.row];
    return {
      rank: i + 1,
      id: `design-${String(i + 1).padStart(digits, '0')}`,
      sequence: decode(table.alphabet, design.sequence),
      mutations: mutationsOf(table, design.sequence),
      predicted: sign * design.predicted,
      deviation: design.deviation,
      leverage: design.leverage,
      outside: design.outside,
      forwardLoss: design.forwardLoss,
      backwardLoss: design.backwardLoss,
      nearestDistance: design.nearest.distance,
      nearestId: nearest.id,
      nearestMutations: mutationsOf(table, nearest.sequence),
      nearestLine: nearest.line,
      nearestScore: nearest.score,
      changes: formatMutations(nearest.sequence, design.sequence, table.numbering),
    };
  });
}

function mutationsOf({ wildType, numbering }: Table, sequence: Sequence): string | null {
  if (wildType === null || wildType.length !== sequence.length) return null;
  return formatMutations(wildType, sequence, numbering);
}
