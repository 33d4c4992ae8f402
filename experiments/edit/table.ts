/**
 * Writes `table.md` from the results of `run.ts`.
 * Usage: npx tsx experiments/edit/table.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mean, pairedDifference } from '../../src/stats/index.js';
import {
  BACKS,
  BLOCKS,
  type CellRecord,
  DRAWS,
  type LeadRecord,
  LEADS,
  RESULTS,
  type Rung,
} from './record.js';

const records = readFileSync(RESULTS, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as CellRecord);

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
const number = (value: number | null) => (value === null ? '–' : value.toFixed(3));
const average = (values: readonly number[]) => (values.length === 0 ? null : mean(values));

/** What a rung of BDIA picked for a lead, beside the others at the same distance. */
interface Pair {
  lead: number;
  distance: number;
  bdia: number;
  mean: number;
  ddim: Rung;
  beside: LeadRecord['beside'][number];
}

function pairsOf({ leads }: CellRecord, rung: number): Pair[] {
  return leads.flatMap((lead) => {
    const { picked, mean: all } = lead.bdia[rung];
    const beside = lead.beside.find(({ distance }) => distance === picked?.distance);
    if (picked === null || all === null || beside === undefined) return [];
    return [
      {
        ...{ lead: lead.score, distance: picked.distance, bdia: picked.score, mean: all, beside },
        ddim: lead.ddim[rung],
      },
    ];
  });
}

/** Mean over the leads of each seed; seeds without a pair are left out. */
function bySeed(cells: readonly CellRecord[], rung: number, of: (pair: Pair) => number | null): number[] {
  return cells.flatMap((cell) => {
    const values = pairsOf(cell, rung).flatMap((pair) => of(pair) ?? []);
    return values.length === 0 ? [] : [mean(values)];
  });
}

/** BDIA less another, paired by lead, its mean over leads by seed: with the 95 % interval over seeds. */
function difference(cells: readonly CellRecord[], rung: number, of: (pair: Pair) => number | null): string {
  const both = cells.flatMap((cell) => {
    const pairs = pairsOf(cell, rung).flatMap((pair) => {
      const other = of(pair);
      return other === null ? [] : [[pair.bdia, other] as const];
    });
    if (pairs.length === 0) return [];
    return [[mean(pairs.map(([a]) => a)), mean(pairs.map(([, b]) => b))] as const];
  });
  if (both.length < 2) return '–';
  const {
    mean: centre,
    low,
    high,
  } = pairedDifference(
    both.map(([a]) => a),
    both.map(([, b]) => b),
  );
  const sign = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
  return `${sign(centre)} (${sign(low)} to ${sign(high)})`;
}

function usable(cells: readonly CellRecord[], rung: number, sampler: 'bdia' | 'ddim'): string {
  const shares = cells.flatMap(({ leads }) => leads.map((lead) => lead[sampler][rung].usable / DRAWS));
  return `${(100 * mean(shares)).toFixed(0)} %`;
}

function section(task: string, target: number): string {
  const cells = records
    .filter((record) => record.task === task && record.target === target)
    .sort((a, b) => a.seed - b.seed);
  const lead = mean(cells.map(({ leads }) => mean(leads.map(({ score }) => score))));
  const rungs = BACKS.map((back, rung) => {
    const of = (value: (pair: Pair) => number | null) => average(bySeed(cells, rung, value));
    return { back, rung, of };
  });
  const reached = table(
    [
      'back',
      'new draws',
      'letters changed',
      'BDIA, picked',
      'BDIA, all',
      'DDIM, picked',
      'DDIM, letters',
    ].concat(['search (BIB)', 'random, picked', 'random, all']),
    rungs.map(({ back, rung, of }) => [
      String(back),
      usable(cells, rung, 'bdia'),
      number(of(({ distance }) => distance)),
      number(of(({ bdia }) => bdia)),
      number(of((pair) => pair.mean)),
      number(of(({ ddim }) => ddim.picked?.score ?? null)),
      number(of(({ ddim }) => ddim.picked?.distance ?? null)),
      number(of(({ beside }) => beside.bib)),
      number(of(({ beside }) => beside.randomPicked)),
      number(of(({ beside }) => beside.random)),
    ]),
  );
  const differences = table(
    ['back', 'seeds', 'less DDIM', 'less the search', 'less random, picked'],
    rungs.map(({ back, rung }) => [
      String(back),
      String(bySeed(cells, rung, ({ bdia }) => bdia).length),
      difference(cells, rung, ({ ddim }) => ddim.picked?.score ?? null),
      difference(cells, rung, ({ beside }) => beside.bib),
      difference(cells, rung, ({ beside }) => beside.randomPicked),
    ]),
  );
  const worst = (sampler: 'bdia' | 'ddim') => Math.max(...cells.map(({ error }) => error[sampler]));
  const back = (sampler: 'bdia' | 'ddim') =>
    `${(100 * mean(cells.map(({ returned }) => returned[sampler]))).toFixed(1)} %`;
  return [
    `## ${task}, ${cells.length} seeds, asked for +${target} sd`,
    `The leads score ${number(lead)} on average.${BLOCKS[task] ? ` The proxy has the blocks ${BLOCKS[task].join(' and ')} only.` : ''}`,
    reached,
    'BDIA, picked, less the others, paired by lead; mean and 95 % interval over seeds:',
    differences,
    `Regenerated at the lead's own score from full noise, the largest error of a state was ${worst('bdia').toExponential(1)} with BDIA ` +
      `and ${worst('ddim').toExponential(1)} with DDIM; ${back('bdia')} and ${back('ddim')} of the draws came back as the lead.`,
  ].join('\n\n');
}

const groups = [
  ...new Map(records.map(({ task, target }) => [`${task} ${target}`, { task, target }])).values(),
];
const text = [
  '# Edits of leads: exact diffusion inversion against DDIM, search and chance',
  `Written by \`npx tsx experiments/edit/table.ts\` from the results of \`npx tsx experiments/edit/run.ts\`. Leads are the ${LEADS} best measured ` +
    `variants; ${DRAWS} draws of each are taken to noise and brought back. Scores are true ones, normalised over the whole task. ` +
    '"Picked" is the one of the new draws that the proxy predicts best, "all" their mean; rows of a table hold the leads for which BDIA gave ' +
    'something new. The search (discrete, for the objective of BIB, on the same proxy) has as many mutations as BDIA made in its ' +
    `pick; random mutants have exactly as many, picked among ${DRAWS}.`,
  ...groups.map(({ task, target }) => section(task, target)),
].join('\n\n');
writeFileSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'table.md'), `${text}\n`);
console.log(text);
