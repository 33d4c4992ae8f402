import Papa from 'papaparse';
import type { DesignRun } from './design-run.js';
import { runRecord } from './record.js';
import type { DesignRow } from './rows.js';

/** Significant digits of every score and loss in the files. */
export const DIGITS = 6;

/** A number as the files print it: rounded to `DIGITS` significant digits, as short as that allows. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(DIGITS)));
}

/** Text with control characters (which could move a terminal's cursor or break a FASTA header) escaped. */
export function printable(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

/** Cells that a spreadsheet would take for a formula; plain numbers are none. */
const FORMULA = /^(?![+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$)[=+\-@\t\r]/i;

/** What a column of `designs.csv` holds. */
const columns: Record<string, (row: DesignRow) => string> = {
  rank: ({ rank }) => String(rank),
  id: ({ id }) => id,
  sequence: ({ sequence }) => sequence,
  mutations: ({ mutations }) => mutations ?? '',
  predicted_score: ({ predicted }) => formatNumber(predicted),
  forward_loss: ({ forwardLoss }) => formatNumber(forwardLoss),
  backward_loss: ({ backwardLoss }) => formatNumber(backwardLoss),
  nearest_distance: ({ nearestDistance }) => String(nearestDistance),
  nearest_id: ({ nearestId }) => nearestId,
  nearest_mutations: ({ nearestMutations }) => nearestMutations ?? '',
  nearest_score: ({ nearestScore }) => formatNumber(nearestScore),
  changes_from_nearest: ({ changes }) => changes,
};

/**
 * The designs as CSV: UTF-8, a header, lines ended by `\n`, numbers with `DIGITS` significant digits. A cell that a
 * spreadsheet would run as a formula gets an apostrophe in front.
 */
export function designsCsv(rows: readonly DesignRow[]): string {
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

/** For `timings.json`: what a run took. Nothing here changes the designs, and nothing here is the same twice. */
export function timingsRecord(run: DesignRun, finishedAt: Date) {
  const { seconds, stats, workers, options } = run;
  const phases = Object.fromEntries(Object.entries(seconds).map(([phase, value]) => [phase, rounded(value)]));
  return {
    finishedAt: finishedAt.toISOString(),
    seconds: { ...phases, total: rounded(Object.values(seconds).reduce((sum, value) => sum + value, 0)) },
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
 * @param finishedAt goes into timings.json
 */
export function runFiles(run: DesignRun, finishedAt: Date): Record<string, string> {
  return {
    'designs.csv': designsCsv(run.rows),
    'designs.fasta': designsFasta(run.rows),
    'run.json': json(runRecord(run)),
    'timings.json': json(timingsRecord(run, finishedAt)),
  };
}
