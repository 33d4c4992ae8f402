import Papa from 'papaparse';
import { FORMULA, formatNumber } from './cells.js';
import type { DesignRun } from './design-run.js';
import { printable } from './printable.js';
import { runRecord } from './record.js';
import type { DesignRow } from './rows.js';
import { fobarColumns } from './verify/fobar-columns.js';

/** What a column of `designs.csv` holds. */
const ownColumns: Record<string, (row: DesignRow) => string> = {
  rank: ({ rank }) => String(rank),
  id: ({ id }) => id,
  sequence: ({ sequence }) => sequence,
  mutations: ({ mutations }) => mutations ?? '',
  predicted_score: ({ predicted }) => formatNumber(predicted),
  predicted_sd: ({ deviation }) => (deviation === null ? '' : formatNumber(deviation)),
  leverage: ({ leverage }) => (leverage === null ? '' : formatNumber(leverage)),
  outside_measured: ({ outside }) => (outside === null ? '' : outside ? 'yes' : 'no'),
  forward_loss: ({ forwardLoss }) => formatNumber(forwardLoss),
  backward_loss: ({ backwardLoss }) => formatNumber(backwardLoss),
  nearest_distance: ({ nearestDistance }) => String(nearestDistance),
  nearest_id: ({ nearestId }) => nearestId,
  nearest_mutations: ({ nearestMutations }) => nearestMutations ?? '',
  nearest_score: ({ nearestScore }) => formatNumber(nearestScore),
  changes_from_nearest: ({ changes }) => changes,
};

/** Those of designs that were verified come after their own. */
function columnsOf(rows: readonly DesignRow[]): typeof ownColumns {
  if (rows.every(({ fobar }) => fobar === undefined)) return ownColumns;
  const verified = Object.entries(fobarColumns).map(([name, cell]) => [
    name,
    ({ fobar }: DesignRow) => (fobar === undefined ? '' : cell(fobar)),
  ]);
  return { ...ownColumns, ...Object.fromEntries(verified) };
}

/**
 * The designs as CSV: UTF-8, a header, lines ended by `\n`, numbers with `DIGITS` significant digits. A cell that a
 * spreadsheet would run as a formula gets an apostrophe in front. Designs that were verified have the columns of
 * `verifiedCsv` too.
 */
export function designsCsv(rows: readonly DesignRow[]): string {
  const columns = columnsOf(rows);
  const data = rows.map((row) => Object.values(columns).map((cell) => cell(row)));
  const text = Papa.unparse(
    { fields: Object.keys(columns), data },
    { newline: '\n', escapeFormulae: FORMULA },
  );
  return `${text}\n`;
}

/** The designs as FASTA: `>design-01 mutations=V39A:D40G predicted_score=1.5`, one line a sequence. */
export function designsFasta(rows: readonly DesignRow[]): string {
  return rows
    .map(({ id, mutations, predicted, sequence }) => {
      const description = [
        mutations === null ? '' : `mutations=${mutations}`,
        `predicted_score=${formatNumber(predicted)}`,
      ];
      return `>${printable([id, ...description].filter(Boolean).join(' '))}\n${sequence}\n`;
    })
    .join('');
}

const rounded = (seconds: number): number => Number(seconds.toFixed(3));

/** What only the caller of a run knows. */
export interface RunCircumstances {
  finishedAt: Date;
  /** Time that reading the table took. */
  tableSeconds?: number;
}

/** For `timings.json`: what a run took. Nothing here changes the designs, and the times are never the same twice. */
export function timingsRecord(run: DesignRun, { finishedAt, tableSeconds }: RunCircumstances) {
  const { stats, workers, options } = run;
  const seconds = { ...(tableSeconds === undefined ? {} : { table: tableSeconds }), ...run.seconds };
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  return {
    finishedAt: finishedAt.toISOString(),
    seconds: Object.fromEntries(
      Object.entries({ ...seconds, total }).map(([phase, value]) => [phase, rounded(value)]),
    ),
    passes: { measured: stats.rows, ...stats.passes },
    workers,
    memoBytes: options.memoBytes,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * The files of a run by name: `designs.csv`, `designs.fasta`, `run.json` and `timings.json`. The first three are the same
 * bytes for the same run.
 */
export function runFiles(run: DesignRun, circumstances: RunCircumstances): Record<string, string> {
  return {
    'designs.csv': designsCsv(run.rows),
    'designs.fasta': designsFasta(run.rows),
    'run.json': json(runRecord(run)),
    'timings.json': json(timingsRecord(run, circumstances)),
  };
}

/** A run as one object, for programs: the designs, and what run.json and timings.json hold. */
export function runSummary(run: DesignRun, circumstances: RunCircumstances) {
  return { designs: run.rows, run: runRecord(run), timings: timingsRecord(run, circumstances) };
}
