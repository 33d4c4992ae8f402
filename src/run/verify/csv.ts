import Papa from 'papaparse';
import { FORMULA, formatNumber } from '../cells.js';
import { fobarColumns } from './fobar-columns.js';
import type { Verification } from './verify.js';

type Cell = (candidate: number) => string;

/** Columns that a verification adds, those of the methods that were run. */
function addedColumns({ fobar, trlm }: Verification): [string, Cell][] {
  const columns: [string, Cell][] = [];
  if (fobar !== null) {
    for (const [name, cell] of Object.entries(fobarColumns))
      columns.push([name, (c) => cell(fobar.candidates[c])]);
  }
  if (trlm !== null) {
    columns.push(
      ['trlm_forward', (c) => formatNumber(trlm.scores[c].forward)],
      ['trlm_reverse', (c) => formatNumber(trlm.scores[c].reverse)],
      ['trlm_score', (c) => formatNumber(trlm.scores[c].score)],
    );
  }
  return columns;
}

/** Names of all columns that a verification may add; what a file has of them from before is replaced. */
const OURS = new Set([
  'verified_rank',
  ...Object.keys(fobarColumns),
  ...['trlm_forward', 'trlm_reverse', 'trlm_score'],
]);

/**
 * The candidates as CSV, best first: `verified_rank`, the columns of their file as they are, and what was found
 * (shares from 0 to 1, TRLM in nats). A cell that a spreadsheet would run as a formula gets an apostrophe in front.
 */
export function verifiedCsv(verification: Verification): string {
  const { list, order } = verification;
  const kept = list.header.map((_, i) => i).filter((i) => !OURS.has(list.header[i]));
  const added = addedColumns(verification);
  const fields = ['verified_rank', ...kept.map((i) => list.header[i]), ...added.map(([name]) => name)];
  const data = order.map((c, rank) => [
    String(rank + 1),
    ...kept.map((i) => list.candidates[c].cells[i]),
    ...added.map(([, cell]) => cell(c)),
  ]);
  return `${Papa.unparse({ fields, data }, { newline: '\n', escapeFormulae: FORMULA })}\n`;
}
