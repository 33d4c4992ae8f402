import type { Alphabet, Sequence } from '../core/alphabet.js';
import type { Numbering } from './numbering.js';

/** One distinct measured sequence; replicate rows of the same sequence are already averaged into it. */
export interface MeasuredRow {
  /** The id column's cell, else the variant as written (`WT` for the wild type), else `line<N>`. */
  id: string;
  /** 1-based line of its first measurement in the file. */
  line: number;
  /** Codes of the table's alphabet. */
  sequence: Sequence;
  /** Mean of the replicates, in the table's own unit. */
  score: number;
  /** Number of rows that were averaged, 1 or more. */
  replicates: number;
  /** Unbiased standard deviation of the replicates (divisor n - 1), or null for a single measurement. */
  spread: number | null;
}

/** How a table writes its variants: full sequences, mutation lists, or the letters at named sites. */
export type VariantKind = 'sequences' | 'mutations' | 'sites';

/** Which column was used for what, and why. */
export interface ColumnUse {
  role: 'sequence' | 'score' | 'id';
  /** The header as written, trimmed. */
  name: string;
  /** 1-based column number in the file. */
  column: number;
  /** One printable clause, e.g. `its name; mutation lists`. */
  why: string;
}

/** Why a row was left out without being a fault. */
export type SetAsideReason = 'stop' | 'score missing' | 'score not finite';

/** A row that was left out, and why. */
export interface SetAside {
  /** 1-based line in the file. */
  line: number;
  reason: SetAsideReason;
}

/** A table of measured variants, checked. */
export interface Table {
  /** The file as named by the caller, or `stdin`. */
  source: string;
  /** sha256 of the file's bytes as stored (compressed, if it is), lower-case hexadecimal. */
  sha256: string;
  alphabet: Alphabet;
  /** How the file wrote its variants. */
  kind: VariantKind;
  /** Distinct sequences, in order of first appearance. Never empty. */
  rows: MeasuredRow[];
  /** The wild type, or null where none was given. */
  wildType: Sequence | null;
  /** The user's own position numbers and way of writing mutations. */
  numbering: Numbering;
  /** 0-based indices of the sites, where the table is given as site letters or sites were named; else null. */
  sites: number[] | null;
  /** Header of the score column. */
  scoreName: string;
  columns: ColumnUse[];
  /** Rows left out, in file order. `countSetAside` counts them by reason. */
  setAside: SetAside[];
  /** What the reader inferred or noticed, one printable sentence each. */
  notes: string[];
  /** True where the sequences (or the wild type) differ in length; only with `allowUnequalLengths`. */
  unequalLengths: boolean;
}

/** Number of rows set aside for each reason that occurred. */
export function countSetAside(setAside: readonly SetAside[]): Partial<Record<SetAsideReason, number>> {
  const counts: Partial<Record<SetAsideReason, number>> = {};
  for (const { reason } of setAside) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
