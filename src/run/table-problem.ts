import { hammingDistance } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { createProblem } from '../design/problem.js';
import type { Problem, ProblemOptions } from '../design/problem.js';
import type { Table } from '../table/table.js';
import type { CheckedRunOptions } from './options.js';

/** Smallest number of mutations that is allowed by default, so that tables of single mutants can be combined. */
const LEAST_BUDGET = 5;

/**
 * The problem that a table and the options pose, checked before any work. Positions come in the user's numbers.
 * @throws InputError for a position outside the sequence, or options that need sequences of one length
 * @throws InfeasibleError when the constraints leave fewer than `count` sequences
 */
export function problemOfTable(table: Table, options: CheckedRunOptions): Problem {
  const { numbering, wildType } = table;
  if (table.unequalLengths) refusePositions(table, options);
  const indices = (name: string, positions: readonly (number | string)[]) =>
    positions.map((position) => indexOf(name, position, table));
  const designable = options.designable && indices('designable', options.designable);
  const constraints: ProblemOptions = {
    alphabet: table.alphabet,
    measured: table.rows.map(({ sequence }) => sequence),
    reference: wildType,
    length: wildType?.length ?? commonestLength(table),
    designable: designable ?? table.sites ?? undefined,
    fixed: indices('fixed', options.fixed),
    letters: options.letters,
    lettersAt: new Map(
      Object.entries(options.lettersAt).map(([position, letters]) => [
        indexOf('lettersAt', position, table),
        letters,
      ]),
    ),
    maxMutations: typeof options.maxMutations === 'number' ? options.maxMutations : undefined,
    relativeTo: options.mutationsFrom === 'wild-type' ? 'reference' : options.mutationsFrom,
    count: options.count,
    label: (position) => numbering.label(position),
  };
  const problem = createProblem(constraints);
  const budget = options.maxMutations === undefined ? defaultBudget(table) : null;
  if (budget === null || budget >= problem.designable.length) return problem;
  return createProblem({ ...constraints, maxMutations: budget });
}

/** The number of mutations that is allowed by default, or null for any. */
function defaultBudget({ rows, wildType }: Table): number | null {
  if (wildType === null) return null;
  return rows
    .filter(({ sequence }) => sequence.length === wildType.length)
    .reduce((most, { sequence }) => Math.max(most, hammingDistance(wildType, sequence)), LEAST_BUDGET);
}

function indexOf(name: string, position: number | string, { numbering }: Table): number {
  try {
    return numbering.parse(position);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { what, expected, got } = error.fault;
    throw new InputError({ what: `option ${name}: ${what}`, expected, got }, { cause: error });
  }
}

/** @throws InputError for position-wise constraints on sequences that have no common positions */
function refusePositions(table: Table, options: CheckedRunOptions): void {
  const asked = [
    options.designable === undefined ? '' : 'designable',
    options.fixed.length === 0 ? '' : 'fixed',
    Object.keys(options.lettersAt).length === 0 ? '' : 'lettersAt',
    table.sites === null ? '' : 'sites',
  ].filter((name) => name !== '');
  if (asked.length === 0) return;
  throw new InputError({
    what: `option ${asked[0]} names positions, but the sequences differ in length`,
    file: table.source,
    expected: 'sequences of one length',
    got: 'several lengths',
    fix: 'Align the sequences, or leave the option out.',
  });
}

/** The length that most rows have; of equally common ones, that of the earliest row. */
function commonestLength({ rows }: Table): number {
  const counts = new Map<number, number>();
  for (const { sequence } of rows) counts.set(sequence.length, (counts.get(sequence.length) ?? 0) + 1);
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}
