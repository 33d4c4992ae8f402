import { InputError } from '../core/errors.js';
import { LM_BLOCKS } from '../design/lm-block-names.js';
import type { LmBlock } from '../design/lm-block-names.js';
import type { Problem } from '../design/problem.js';
import { varyingPositions } from '../proxy/blocks/fit-blocks.js';
import type { Table } from '../table/table.js';
import { isLmBlock } from './block-names.js';
import type { CheckedRunOptions } from './options.js';

/** Which blocks are tried for a table. */
export interface BlockPlan {
  /** Names of closed-form blocks; undefined: all that suit the table. */
  closedForm: readonly string[] | undefined;
  /** Blocks of a language model. */
  languageModel: readonly LmBlock[];
  /** Whether they were asked for, so that a model which cannot be used is a fault. */
  asked: boolean;
  /** What was left out and why, one sentence each. */
  notes: string[];
}

/** With more designed positions than this `lm-sites` is tried only where it is named: its cost grows with them. */
const MOST_SITES = 24;
/** With more rows than this the blocks that take a pass for each are tried only where they are named. */
const MOST_ROWS = 20_000;
/** Fewer rows than this cannot be divided into rows to learn from and rows to ask for. */
const LEAST_ROWS = 5;

/**
 * Plans the blocks for a table: those named, else all that suit it.
 * @throws InputError for a table with too few rows, or a named block that does not suit it
 */
export function planBlocks(table: Table, problem: Problem, options: CheckedRunOptions): BlockPlan {
  // the published ridge divides no rows
  const divides = options.ridge === 'evidence' || options.features === 'blocks';
  if (divides || options.verify !== undefined) requireRows(table, divides);
  if (options.features === 'paper')
    return { closedForm: [], languageModel: ['lm-mean'], asked: true, notes: [] };
  if (options.blocks === undefined) return planDefault(table, problem, options.model !== undefined);
  const names = [...new Set(options.blocks)];
  const languageModel = names.filter(isLmBlock);
  for (const name of languageModel) {
    const why = unsuited(name, table);
    if (why === null) continue;
    throw new InputError({
      what: `block ${name} does not suit this table`,
      file: table.source,
      expected: why,
      fix: 'Leave the block out.',
    });
  }
  return { closedForm: names.filter((name) => !isLmBlock(name)), languageModel, asked: true, notes: [] };
}

/**
 * All closed-form blocks and, of a model that was named, all of its blocks. Of the embedded one only `llr`, which takes a few
 * passes a table: the others take a pass for every sequence that is scored, and on four tables with held-out rows they add
 * nothing to the closed-form ones (experiments/lm/protein-tables.md).
 */
function planDefault(table: Table, problem: Problem, named: boolean): BlockPlan {
  const notes: string[] = [];
  const languageModel = (named ? LM_BLOCKS : (['llr'] as const)).filter((name) => {
    if (unsuited(name, table) !== null) return false;
    const why = tooMuch(name, table, problem);
    if (why !== null)
      notes.push(`block ${name} was not tried, because ${why}; name it by --blocks to try it`);
    return why === null;
  });
  return { closedForm: undefined, languageModel, asked: named, notes };
}

/** What a block of a language model needs of a table, or null where the table has it. */
function unsuited(name: LmBlock, { wildType, unequalLengths, rows }: Table): string | null {
  if (name !== 'lm-mean' && unequalLengths) return 'sequences of one length';
  if (name === 'llr' && (wildType === null || wildType.length !== rows[0].sequence.length))
    return 'a wild type';
  return null;
}

function tooMuch(name: LmBlock, { rows }: Table, { designable }: Problem): string | null {
  if (name !== 'llr' && rows.length > MOST_ROWS) return `the table has more than ${MOST_ROWS} rows`;
  if (name === 'lm-sites' && designable.length > MOST_SITES)
    return `more than ${MOST_SITES} positions may change`;
  return null;
}

/** @param divides whether the designs' own proxy needs the rows, and not the verification alone */
function requireRows({ rows, source }: Table, divides: boolean): void {
  if (rows.length >= LEAST_ROWS) return;
  throw new InputError({
    what: `there are too few measured variants to ${divides ? 'learn from' : 'verify by'}`,
    file: source,
    expected: `at least ${LEAST_ROWS} distinct variants with a score`,
    got: `${rows.length}`,
    fix: divides
      ? 'Measure more, or use --features paper (features in the library), which does not check itself.'
      : 'Measure more, or leave --verify (verify in the library) out.',
  });
}

/** 0-based positions that closed-form blocks look at: those that vary in the table, and those that may be changed. */
export function learnedPositions(table: Table, { designable }: Problem): number[] | undefined {
  if (table.unequalLengths) return undefined;
  const sequences = table.rows.map(({ sequence }) => sequence);
  return [...new Set([...varyingPositions(sequences), ...designable])].sort((a, b) => a - b);
}
