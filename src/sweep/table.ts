import Papa from 'papaparse';
import { printable } from '../run/printable.js';
import { METRICS, type Metric } from './metrics.js';
import type { MeanAndError, MethodSummary, SweepSummary, TaskSummary } from './summary.js';

/** Options of {@link markdownTable}. */
export interface TableOptions {
  /** Adds seconds and passes per design, which differ from machine to machine. Default false. */
  cost?: boolean;
}

/** Columns of the tables, in their order. */
const COLUMNS: Record<Metric, string> = {
  max: 'max',
  median: 'median',
  lowerMedian: 'lower median',
  mean: 'mean',
  meanScore: 'mean score',
  topHits: 'top 100',
  distinct: 'distinct',
};
const ORDER = Object.keys(COLUMNS) as Metric[];

/** Decimals that a metric is printed with. */
const decimals = (metric: Metric): number => (metric === 'topHits' || metric === 'distinct' ? 1 : 3);

function withError(value: MeanAndError | null, metric: Metric): string {
  if (value === null) return '–';
  const { mean, standardError } = value;
  const digits = decimals(metric);
  const error = standardError === null ? '' : ` ± ${standardError.toFixed(digits)}`;
  return `${mean.toFixed(digits)}${error}`;
}

/** Text for a cell of a Markdown table: no bars, line breaks or markup of its own. */
function escaped(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>|#]/g, (character) => `\\${character}`);
}

/**
 * The summary as Markdown: for each task its protocol and a row for each method, mean ± standard error over the repeats,
 * and the paired difference to the reference with its 95 % interval.
 */
export function markdownTable(summary: SweepSummary, { cost = false }: TableOptions = {}): string {
  const { title, description, states, code } = summary;
  const open = states.missing + states.failed + states.outdated;
  const lines = [
    `# ${escaped(title)}`,
    ...(description === null ? [] : [escaped(description)]),
    `Mean ± standard error over the repeats; differences are paired, with the 95 % interval of the paired t-test.${describeCode(code)}`,
    ...(open === 0 ? [] : [`**Not complete**: ${describeOpen(summary)}.`]),
    ...summary.tasks.map((task) => taskSection(task, summary.reference, cost)),
  ];
  return `${lines.join('\n\n')}\n`;
}

/** One version, or which methods were computed by which. */
function describeCode(code: SweepSummary['code']): string {
  if (code.length === 0) return '';
  if (code.length === 1) return ` Code ${code[0].version}.`;
  const versions = code.map(({ version, methods }) => `${version} (${methods.map(escaped).join(', ')})`);
  return ` Code ${versions.join(', ')}.`;
}

function describeOpen({ states: { missing, failed, outdated } }: SweepSummary): string {
  return [
    missing > 0 ? `${missing} cells are missing` : '',
    failed > 0 ? `${failed} failed` : '',
    outdated > 0 ? `${outdated} have a result of another version of the code or the data only` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function taskSection(task: TaskSummary, reference: string, cost: boolean): string {
  const { label, metric, over, repeats, protocol, count, methods } = task;
  const shown = ORDER.filter((name) => methods.some(({ metrics }) => metrics[name] !== null));
  const hasUnscored = methods.some(({ unscored }) => unscored > 0);
  const hasMeasured = methods.some(({ measured }) => measured > 0);
  const head = [
    'method',
    'n',
    ...shown.map((name) => COLUMNS[name]),
    ...(hasUnscored ? ['unscored, at most'] : []),
    ...(hasMeasured ? ['measured before, at most'] : []),
    `${COLUMNS[metric]} less that of ${escaped(reference)}`,
    ...(cost ? ['s / design', 'passes / design'] : []),
  ];
  const rows = methods.map((method) => [
    escaped(method.label),
    nOf(method),
    ...shown.map((name) => withError(method.metrics[name], name)),
    ...(hasUnscored ? [String(method.unscored)] : []),
    ...(hasMeasured ? [String(method.measured)] : []),
    differenceOf(method, task, reference),
    ...(cost ? costOf(method) : []),
  ]);
  const table = [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const reasons = methods.flatMap(({ label: name, reasons: list }) =>
    list.map((reason) => `- ${escaped(name)} failed: ${escaped(reason)}`),
  );
  const first = protocol === null ? '' : ` First of them: ${escaped(protocol)}`;
  return [
    `## ${escaped(label)}`,
    `${count} designs; ${over} ${listed(repeats)}.${first}`,
    table.join('\n'),
    ...(reasons.length === 0 ? [] : [reasons.join('\n')]),
  ].join('\n\n');
}

function nOf({ done, failed, missing }: MethodSummary): string {
  const open = [failed > 0 ? `${failed} failed` : '', missing > 0 ? `${missing} missing` : ''].filter(
    Boolean,
  );
  return open.length === 0 ? String(done) : `${done} (${open.join(', ')})`;
}

function differenceOf(
  { label, difference }: MethodSummary,
  { metric }: TaskSummary,
  reference: string,
): string {
  if (label === reference) return 'reference';
  if (difference === null) return '–';
  const digits = decimals(metric);
  const [mean, low, high] = [difference.mean, difference.low, difference.high].map(
    (value) => `${value > 0 ? '+' : ''}${value.toFixed(digits)}`,
  );
  return `${mean} [${low}, ${high}]`;
}

function costOf({ cost }: MethodSummary): string[] {
  if (cost === null) return ['–', '–'];
  const passes = cost.passes === null ? '–' : String(Number(cost.passes.toPrecision(3)));
  return [String(Number(cost.seconds.toPrecision(2))), passes];
}

/** `0 to 7`, or all of them where they are no such run. */
function listed(repeats: readonly (number | string)[]): string {
  const isRun = repeats.length > 2 && repeats.every((value, i) => value === Number(repeats[0]) + i);
  return isRun
    ? `${repeats[0]} to ${repeats[repeats.length - 1]}`
    : repeats.map(String).map(escaped).join(', ');
}

/** Cells that a spreadsheet would take for a formula; plain numbers are none. */
const FORMULA = /^(?![+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$)[=+\-@\t\r]/i;

/** The summary as CSV: a row for each task and method, every number in full precision, empty where there is none. */
export function csvTable(summary: SweepSummary): string {
  const fields = [
    'task',
    'method',
    ...METRICS.flatMap((metric) => [`${snake(metric)}_mean`, `${snake(metric)}_se`]),
    'done',
    'failed',
    'missing',
    'unscored_at_most',
    'measured_at_most',
    'reference',
    'compared_by',
    'difference_mean',
    'difference_low',
    'difference_high',
    'difference_pairs',
    'seconds_per_design',
    'passes_per_design',
  ];
  const data = summary.tasks.flatMap((task) =>
    task.methods.map((method) => [
      printable(task.label),
      printable(method.label),
      ...METRICS.flatMap((metric) => [
        method.metrics[metric]?.mean ?? '',
        method.metrics[metric]?.standardError ?? '',
      ]),
      ...[method.done, method.failed, method.missing, method.unscored, method.measured],
      printable(summary.reference),
      task.metric,
      ...differenceCells(method),
      method.cost?.seconds ?? '',
      method.cost?.passes ?? '',
    ]),
  );
  return `${Papa.unparse({ fields, data }, { newline: '\n', escapeFormulae: FORMULA })}\n`;
}

function differenceCells({ difference }: MethodSummary): (number | string)[] {
  if (difference === null) return ['', '', '', ''];
  const { mean, low, high, n } = difference;
  return [mean, low, high, n];
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The summary as JSON. */
export function jsonTable(summary: SweepSummary): string {
  return `${JSON.stringify(summary, null, 2)}\n`;
}
