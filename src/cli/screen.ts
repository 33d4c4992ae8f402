import Table from 'cli-table3';
import { countSetAside, type Table as MeasuredTable } from '../table/table.js';
import type { DesignRun } from '../run/design-run.js';
import { hammingDistance } from '../core/alphabet.js';
import { formatNumber } from '../run/files.js';
import { printable } from '../run/printable.js';

const SHOWN = 10;
const LONGEST_CELL = 40;

const thousands = (n: number): string => n.toLocaleString('en-US');
const cut = (text: string): string =>
  text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…` : text;

/** What was understood of a table, a line each. */
export function describeTable(table: MeasuredTable): string {
  const { rows, columns } = table;
  const scores = rows.map(({ score }) => score).sort((a, b) => a - b);
  const lines = [
    `${table.source}: ${thousands(rows.length)} measured ${table.alphabet.name} variants`,
    ...columns.map(
      ({ role, name, column, why }) => `  ${role.padEnd(10)}column ${column} '${name}' (${why})`,
    ),
    describeWildType(table),
    `  score     ${formatNumber(scores[0])} to ${formatNumber(scores[scores.length - 1])}, median ${formatNumber(scores[scores.length >> 1])}`,
    ...Object.entries(countSetAside(table.setAside)).map(
      ([reason, count]) => `  set aside ${thousands(count)} rows: ${reason}`,
    ),
    ...table.notes.map((note) => `  note      ${note}`),
  ];
  return lines.map(printable).join('\n');
}

function describeWildType({ wildType, numbering, rows }: MeasuredTable): string {
  if (wildType === null) return '  wild type none given';
  const measured = rows.find(
    ({ sequence }) => sequence.length === wildType.length && hammingDistance(sequence, wildType) === 0,
  );
  const score = measured ? `score ${formatNumber(measured.score)}` : 'not measured';
  return `  wild type ${thousands(wildType.length)} letters, numbered from ${numbering.firstPosition}, ${score}`;
}

/** What was designed, and with what. */
export function describeRun({ problem, table, model, options, stats }: DesignRun): string {
  const { numbering } = table;
  const designable = problem.designable.map((position) => numbering.label(position));
  const shown = designable.length > 12 ? [...designable.slice(0, 10), '...', designable.at(-1)] : designable;
  return [
    `designable: ${thousands(designable.length)} of ${thousands(problem.length)} positions (${shown.join(', ')})`,
    problem.budget === null
      ? ''
      : `at most ${problem.budget.max} mutations from ${problem.budget.from === 'reference' ? 'the wild type' : 'the start'}`,
    options.direction === 'min' ? `smaller ${table.scoreName} is better` : '',
    `model: ${model.name}, ${thousands(model.parameters)} weights, ${model.width} features`,
    `method: BIB, mode ${options.mode}, ${stats.starts} starts, ${options.steps} steps, seed ${options.seed}`,
  ]
    .filter(Boolean)
    .map(printable)
    .join('\n');
}

/** The first designs as a table. */
export function designTable({ rows, table }: DesignRun): string {
  const view = new Table({
    head: ['rank', 'id', 'mutations', `predicted ${table.scoreName}`, 'nearest measured', 'distance'].map(
      printable,
    ),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows.slice(0, SHOWN)) {
    view.push(
      [
        String(row.rank),
        row.id,
        cut(row.mutations ?? row.changes),
        formatNumber(row.predicted),
        `${cut(row.nearestId)} (${formatNumber(row.nearestScore)})`,
        String(row.nearestDistance),
      ].map(printable),
    );
  }
  return view.toString();
}

/** Where the rest of the designs is. */
export function describeOutput({ rows, seconds, stats, warnings }: DesignRun, out: string): string {
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  const { asked, done } = stats.passes;
  return [
    rows.length > SHOWN ? `... and ${rows.length - SHOWN} more.` : '',
    stats.filled > 0
      ? `${stats.filled} of them no candidate passed: neighbours of the best, scored by the same model`
      : '',
    ...warnings.map((warning) => `warning: ${warning}`),
    printable(`${rows.length} designs in ${out}: designs.csv, designs.fasta, run.json, timings.json`),
    `${total.toFixed(1)} s; ${thousands(done)} of ${thousands(asked)} passes of the model were needed, the rest was remembered`,
  ]
    .filter(Boolean)
    .join('\n');
}
