import Table from 'cli-table3';
import { editCells } from '../run/edit-files.js';
import type { EditRun } from '../run/edit-run.js';
import { formatNumber } from '../run/cells.js';
import { printable } from '../run/printable.js';

const SHOWN = 10;
const LONGEST_CELL = 40;

const thousands = (n: number): string => n.toLocaleString('en-US');
const cut = (text: string): string =>
  text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…` : text;

/** What was edited, to what, and with what. */
export function describeEdit(run: EditRun): string {
  const { lead, leadScore, target, problem, options, model, reconstructionError } = run;
  const measured = lead.row ? `measured ${formatNumber(lead.row.score)}` : 'not measured';
  const told = options.pool === 0 && lead.row ? '' : `, predicted ${formatNumber(leadScore)}`;
  const { heldOutLoss, untrainedLoss } = model;
  const heldOut =
    heldOutLoss === null
      ? ''
      : `, held-out letters ${heldOutLoss.toFixed(3)} nats (${(untrainedLoss ?? 0).toFixed(3)} untrained)`;
  return [
    `lead: ${cut(lead.name)}, ${measured}${told}; asked for: ${formatNumber(target)}`,
    `designable: ${thousands(problem.designable.length)} of ${thousands(problem.length)} positions`,
    problem.budget === null
      ? ''
      : `at most ${problem.budget.max} mutations from ${problem.budget.from === 'reference' ? 'the wild type' : 'the lead'}`,
    `diffusion model: ${model.loaded ? 'loaded' : 'trained'}, step ${model.step}${heldOut}`,
    `the way to noise and back at the lead's own score is off by ${reconstructionError.toExponential(1)} at most`,
  ]
    .filter(Boolean)
    .map(printable)
    .join('\n');
}

/** What each share of the way to noise gave. */
export function ladderTable({ rungs, rows, options }: EditRun): string {
  const view = new Table({
    head: ['back', 'new', 'the lead again', 'measured ones', 'kept', 'letters changed', 'best predicted'],
    style: { head: [], border: [], compact: true },
  });
  const better = options.run.direction === 'max' ? Math.max : Math.min;
  for (const { back, found, returned, measured } of rungs) {
    const kept = rows.filter((row) => row.back === back);
    const distances = kept.map(({ distance }) => distance);
    const [least, most] = [Math.min(...distances), Math.max(...distances)];
    view.push([
      String(back),
      String(found),
      String(returned),
      String(measured),
      String(kept.length),
      kept.length === 0 ? '' : least === most ? String(least) : `${least} to ${most}`,
      kept.length === 0 ? '' : formatNumber(better(...kept.map(({ predicted }) => predicted))),
    ]);
  }
  return view.toString();
}

/** The first edits as a table. */
export function editTable(run: EditRun): string {
  const view = new Table({
    head: ['rank', 'id', 'changes', 'back', `predicted ${run.table.scoreName}`, 'nearest measured'].map(
      printable,
    ),
    style: { head: [], border: [], compact: true },
  });
  run.rows.slice(0, SHOWN).forEach((row, i) => {
    const cells = editCells(run, row, i + 1);
    view.push(
      [
        cells.rank,
        cells.id,
        cut(cells.changes_from_lead),
        cells.back,
        cells.predicted_score,
        `${cut(cells.nearest_id)} (${cells.nearest_score}), ${cells.nearest_distance} away`,
      ].map(printable),
    );
  });
  return view.toString();
}

/** Where the rest is, and what to be wary of. */
export function describeEditOutput({ rows, seconds, warnings }: EditRun, out: string): string {
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  return [
    rows.length > SHOWN ? `... and ${rows.length - SHOWN} more.` : '',
    ...warnings.map((warning) => `warning: ${warning}`),
    printable(
      `${rows.length} edits in ${out}: designs.csv, designs.fasta, run.json, timings.json; ${total.toFixed(1)} s`,
    ),
  ]
    .filter(Boolean)
    .join('\n');
}
