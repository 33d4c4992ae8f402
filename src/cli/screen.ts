import Table from 'cli-table3';
import { countSetAside, type Table as MeasuredTable } from '../table/table.js';
import type { DesignRun } from '../run/design-run.js';
import type { DesignRow } from '../run/rows.js';
import { hammingDistance } from '../core/alphabet.js';
import { formatNumber } from '../run/cells.js';
import { takesPasses } from '../run/search.js';
import { printable } from '../run/printable.js';
import { describeFobar } from './verify-screen.js';

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
export function describeRun(run: DesignRun): string {
  const { problem, table, model, options, stats, notes } = run;
  const { numbering } = table;
  const designable = problem.designable.map((position) => numbering.label(position));
  const shown = designable.length > 12 ? [...designable.slice(0, 10), '...', designable.at(-1)] : designable;
  return [
    `designable: ${thousands(designable.length)} of ${thousands(problem.length)} positions (${shown.join(', ')})`,
    problem.budget === null
      ? ''
      : `at most ${problem.budget.max} mutations from ${problem.budget.from === 'reference' ? 'the wild type' : 'the start'}`,
    options.direction === 'min' ? `smaller ${table.scoreName} is better` : '',
    model === null ? '' : `model: ${model.name}, ${thousands(model.parameters)} weights`,
    ...describeProxy(run),
    ...stats.notes.map((note) => `search: ${note}`),
    `method: ${describeMethod(run)}, seed ${options.seed}`,
    ...notes.map((note) => `note: ${note}`),
    ...describeVerification(run),
  ]
    .filter(Boolean)
    .map(printable)
    .join('\n');
}

function describeVerification({ verification }: DesignRun): string[] {
  if (verification === null) return [];
  return [...describeFobar(verification), ...verification.notes].map((line) => `verified: ${line}`);
}

/** What the scores are learned by. */
function describeProxy({ stats: { blocks, width }, options }: DesignRun): string[] {
  if (blocks === null) return [`features: ${width} of the language model, the published ridge`];
  const { signal, chosen, tried, noise, bothStrands, avoided, cutOff } = blocks;
  const [best] = chosen;
  // + 0 takes the sign off a share that rounds to nothing
  const percent = (share: number) => `${Math.round(100 * share) + 0} %`;
  const shares = [...signal]
    .sort((a, b) => b.share - a.share)
    .map(({ block, share }) => `${block} ${percent(share)}`);
  return [
    `features: ${thousands(width)}, share of the signal: ${shares.join(', ')}${bothStrands ? ' (both strands)' : ''}`,
    `chosen: ${chosen.length} of ${thousands(tried)} ways to learn, averaged; the best ${best.blocks.join(' + ')}, scores by ${best.transform}`,
    cutOff
      ? 'cut off: the scores end where they are dense; what predicts above the rows learned from counts too'
      : '',
    `trust: cross-validated correlation ${best.within.toFixed(2)}; rank correlation above the range learned from ${best.beyond.toFixed(2)}; noise ${percent(noise)} of the variance`,
    options.ridge === 'paper' ? 'ridge: the published one, on the chosen features' : '',
    describeAvoided(avoided),
  ];
}

/** Pairs of letters that are named before the rest are counted. */
const NAMED_PAIRS = 8;

function describeAvoided(pairs: readonly string[]): string {
  if (pairs.length === 0) return '';
  const rest = pairs.length - NAMED_PAIRS;
  const named = pairs.slice(0, NAMED_PAIRS).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return `avoided: no measured variant has ${named} side by side; each counts against a design`;
}

function describeMethod({ options, stats }: DesignRun): string {
  const batch = describeBatch(options.batch, stats.batch);
  const steps = `${stats.starts} starts, ${options.steps} steps`;
  switch (options.search) {
    case 'bib':
      return `BIB, mode ${options.mode}, ${steps}${batch}`;
    case 'discrete':
      return `discrete search, mode ${options.mode}, ${steps}${batch}`;
    default:
      return `${options.search}, mode ${options.mode}${batch}`;
  }
}

function describeBatch(asked: string, taken: string): string {
  if (asked === 'lcb' && taken === 'mean')
    return ', batch of the best predicted (most of it above everything measured)';
  if (taken === 'mean') return '';
  return taken === 'lcb' ? ', batch by lower bounds (predicted less one sd)' : `, batch by ${taken}`;
}

/** The first designs as a table. */
export function designTable({ rows, table }: DesignRun): string {
  const view = new Table({
    head: [
      ...['rank', 'id', 'mutations', `predicted ${table.scoreName}`],
      ...['nearest measured', 'distance'],
    ].map(printable),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows.slice(0, SHOWN)) {
    view.push(
      [
        String(row.rank),
        row.id,
        cut(row.mutations ?? row.changes),
        predictionOf(row),
        `${cut(row.nearestId)} (${formatNumber(row.nearestScore)})`,
        String(row.nearestDistance),
      ].map(printable),
    );
  }
  return view.toString();
}

/** `1.62 ± 0.84`, where the proxy says how sure it is. */
function predictionOf({ predicted, deviation }: DesignRow): string {
  if (deviation === null) return formatNumber(predicted);
  const short = (value: number) => String(Number(value.toPrecision(3)));
  return `${short(predicted)} ± ${short(deviation)}`;
}

/** Where the rest of the designs is. */
export function describeOutput({ rows, seconds, stats, warnings }: DesignRun, out: string): string {
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  const { asked, done } = stats.passes;
  const what = takesPasses(stats) ? 'the model was run' : 'the features were computed';
  return [
    rows.length > SHOWN ? `... and ${rows.length - SHOWN} more.` : '',
    stats.filled > 0
      ? `${stats.filled} of them no candidate passed: neighbours of the best, scored by the same model`
      : '',
    ...warnings.map((warning) => `warning: ${warning}`),
    printable(`${rows.length} designs in ${out}: designs.csv, designs.fasta, run.json, timings.json`),
    `${total.toFixed(1)} s; ${what} ${thousands(done)} of ${thousands(asked)} times, the rest was remembered`,
  ]
    .filter(Boolean)
    .join('\n');
}
