import Papa from 'papaparse';
import { decode } from '../core/alphabet.js';
import { formatMutations } from '../table/mutations.js';
import type { EditRow, EditRun } from './edit-run.js';
import { FORMULA, formatNumber } from './cells.js';
import { printable } from './printable.js';
import { tableRecord, versions } from './record.js';

/** Raised when the fields of the record change. */
const FORMAT = 1;

/** An edit's cells by column, in the user's own terms. */
export function editCells(run: EditRun, row: EditRow, rank: number): Record<string, string> {
  const { table, lead, rows } = run;
  const { wildType, numbering, alphabet } = table;
  const digits = Math.max(2, String(rows.length).length);
  const mutations = (sequence: EditRow['sequence']) =>
    wildType?.length === sequence.length ? formatMutations(wildType, sequence, numbering) : '';
  return {
    rank: String(rank),
    id: `edit-${String(rank).padStart(digits, '0')}`,
    sequence: decode(alphabet, row.sequence),
    mutations: mutations(row.sequence),
    predicted_score: formatNumber(row.predicted),
    back: formatNumber(row.back),
    edit_distance: String(row.distance),
    changes_from_lead: formatMutations(lead.sequence, row.sequence, numbering),
    draws: String(row.draws),
    nearest_distance: String(row.nearestDistance),
    nearest_id: row.nearest.id,
    nearest_mutations: mutations(row.nearest.sequence),
    nearest_score: formatNumber(row.nearest.score),
  };
}

const cellsOf = (run: EditRun) => run.rows.map((row, i) => editCells(run, row, i + 1));

/** The edits as CSV, best first; written as `designs.csv` of a design run is. */
export function editsCsv(run: EditRun): string {
  const cells = cellsOf(run);
  const fields = Object.keys(cells[0]);
  const data = cells.map((row) => fields.map((field) => row[field]));
  return `${Papa.unparse({ fields, data }, { newline: '\n', escapeFormulae: FORMULA })}\n`;
}

/** The edits as FASTA. */
export function editsFasta(run: EditRun): string {
  return cellsOf(run)
    .map(({ id, mutations, predicted_score, back, sequence }) => {
      const description = [
        mutations === '' ? '' : `mutations=${mutations}`,
        `predicted_score=${predicted_score}`,
        `back=${back}`,
      ];
      return `>${printable([id, ...description].filter(Boolean).join(' '))}\n${sequence}\n`;
    })
    .join('');
}

/** The record of a run, for `run.json`: the same bytes for the same run. */
export function editRecord(run: EditRun) {
  const { table, options, problem, lead, leadScore, target, model, rungs, rows } = run;
  const { run: constraints, modelFile: _modelFile, ...asked } = options;
  const { wildType, numbering, alphabet } = table;
  const sameLength = wildType?.length === lead.sequence.length;
  return {
    format: FORMAT,
    tool: 'biseq edit',
    versions: versions(),
    table: tableRecord(table),
    lead: {
      name: lead.name,
      sequence: decode(alphabet, lead.sequence),
      mutations: wildType && sameLength ? formatMutations(wildType, lead.sequence, numbering) : null,
      measured: lead.row?.score ?? null,
      score: leadScore,
    },
    target,
    options: {
      ...asked,
      target: asked.target ?? null,
      seed: constraints.seed,
      direction: constraints.direction,
      designable: problem.designable.map((position) => Number(numbering.label(position))),
      letters: constraints.letters ?? alphabet.letters,
      lettersAt: constraints.lettersAt,
      maxMutations: problem.budget?.max ?? null,
      mutationsFrom: problem.budget && (problem.budget.from === 'start' ? 'lead' : 'wild-type'),
    },
    model: { step: model.step, heldOutLoss: model.heldOutLoss, untrainedLoss: model.untrainedLoss },
    result: {
      edits: rows.length,
      rungs,
      reconstructionError: run.reconstructionError,
      warnings: run.warnings,
    },
  };
}

/** What only the caller of a run knows. */
export interface EditCircumstances {
  finishedAt: Date;
  /** Time that reading the table took. */
  tableSeconds: number;
}

/** For `timings.json`. */
export function editTimings({ seconds, model }: EditRun, { finishedAt, tableSeconds }: EditCircumstances) {
  const phases = { table: tableSeconds, ...seconds };
  const total = Object.values(phases).reduce((sum, value) => sum + value, 0);
  return {
    finishedAt: finishedAt.toISOString(),
    seconds: Object.fromEntries(
      Object.entries({ ...phases, total }).map(([phase, value]) => [phase, Number(value.toFixed(3))]),
    ),
    modelLoaded: model.loaded,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The files of a run by name; all but `timings.json` are the same bytes for the same run. */
export function editFiles(run: EditRun, circumstances: EditCircumstances): Record<string, string> {
  return {
    'designs.csv': editsCsv(run),
    'designs.fasta': editsFasta(run),
    'run.json': json(editRecord(run)),
    'timings.json': json(editTimings(run, circumstances)),
  };
}

/** A run as one object, for programs. */
export function editSummary(run: EditRun, circumstances: EditCircumstances) {
  return { edits: cellsOf(run), run: editRecord(run), timings: editTimings(run, circumstances) };
}
