/**
 * Renders the results of run.ts as a table.
 * Usage: npx tsx experiments/blocks/table.ts [results.jsonl] > experiments/blocks/figures.md
 */
import { readFileSync } from 'node:fs';
import { mean, meanInterval, pairedDifference } from '../../src/stats/index.js';
import type { Result } from './run.js';

const results = readFileSync(process.argv[2] ?? 'experiments/blocks/results.jsonl', 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Result);

const of = (task: string, method: string) =>
  results.filter((r) => r.task === task && r.method === method).sort((a, b) => a.plate - b.plate);

/** The mean with half the width of its interval. */
function withInterval(values: readonly number[]): string {
  if (values.length === 1) return values[0].toFixed(3);
  const { mean: centre, high } = meanInterval(values);
  return `${centre.toFixed(3)} ± ${(high - centre).toFixed(3)}`;
}

/** What the default gains over a method on the plates that both have, with its interval. */
function gain(task: string, method: string, of1: keyof Result & ('mean' | 'median' | 'spearman')): string {
  const [ours, theirs] = [of(task, 'default'), of(task, method)];
  const both = ours.filter(({ plate }) => theirs.some((r) => r.plate === plate));
  if (method === 'default' || both.length === 0) return '';
  const other = both.map(({ plate }) => theirs.find((r) => r.plate === plate)![of1]);
  const own = both.map((r) => r[of1]);
  if (both.length === 1) return (own[0] - other[0]).toFixed(3);
  const { mean: centre, low, high } = pairedDifference(own, other);
  return `${centre.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

const lines = [
  '# The default proxy beside simple tools',
  '',
  'Made by `npx tsx experiments/blocks/table.ts`, from results.jsonl, which `npx tsx experiments/blocks/run.ts TASK FROM TO` appends to.',
  'Designs are 96 (PBM tables: 128) by exhaustive scoring, the best predicted; of `default` those with the best lower bounds, as `biseq design` takes them; intervals are 95 % by Student’s t over plates; differences are paired by plate.',
  'PBM scores are min-max normalised over all entries; others are in the units of their tables. Seed of the fit 0; plate p is draw p of the measured rows.',
  'gb1: 384 random rows. gb1-half: the lower half. aav, e4b, yeast: 384 random rows, the rest is the pool. gfp-random: 1,000 random rows and 10,000 others. gfp-few-to-many: 1,000 rows of up to 3 mutations, 10,000 of 4 and more.',
  '',
  '| task | method | plates | mean | median | true top 100 | Spearman | default − method, mean | default − method, Spearman | CPU s |',
  '|---|---|---|---|---|---|---|---|---|---|',
];
for (const task of [...new Set(results.map((r) => r.task))]) {
  for (const method of [...new Set(results.filter((r) => r.task === task).map((r) => r.method))]) {
    const rows = of(task, method);
    const column = (key: 'mean' | 'median' | 'spearman') => withInterval(rows.map((r) => r[key]));
    lines.push(
      `| ${[
        task,
        method,
        rows.length,
        column('mean'),
        column('median'),
        mean(rows.map((r) => r.hits)).toFixed(1),
        column('spearman'),
        gain(task, method, 'mean'),
        gain(task, method, 'spearman'),
        mean(rows.map((r) => r.seconds)).toFixed(1),
      ].join(' | ')} |`,
    );
  }
}
console.log(lines.join('\n'));
