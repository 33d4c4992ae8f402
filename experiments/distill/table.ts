/**
 * The table of results.ndjson.
 *   npx tsx experiments/distill/table.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mean, standardError } from '../../src/stats/index.js';
import type { Draw, TableName } from './measure.js';

const { values: args } = parseArgs({
  options: {
    results: { type: 'string', default: 'experiments/distill/results.ndjson' },
    out: { type: 'string', default: 'experiments/distill/table.md' },
  },
});

interface Line {
  arm: string;
  seed: string;
  student: string;
  steps: number | null;
  cpu: number | null;
  perplexity: number;
  scored: number;
  draws: Draw[];
}

const results = readFileSync(args.results, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);
const arms = [...new Set(results.map(({ arm }) => arm))];
const tables: TableName[] = ['GB1', 'AAV'];

/** Mean ± standard error over the seeds; without seeds to speak of, the mean. */
function cell(values: number[], digits: number): string {
  const centre = mean(values).toFixed(digits);
  return values.length > 1 ? `${centre} ± ${standardError(values).toFixed(digits)}` : centre;
}

const drawsOf = ({ draws }: Line, table: TableName) => draws.filter((one) => one.table === table);

/** Mean over the draws of a seed; the draws are the same for every model. */
const overDraws = (table: TableName, value: (draw: Draw) => number) => (line: Line) =>
  mean(drawsOf(line, table).map(value));

function row(arm: string): string {
  const lines = results.filter((line) => line.arm === arm);
  const over = (value: (line: Line) => number, digits: number) => cell(lines.map(value), digits);
  const trained = lines[0].steps !== null;
  const cells = [
    arm,
    `${lines.length}`,
    trained ? over(({ steps }) => steps ?? NaN, 0) : '–',
    trained ? over(({ cpu }) => cpu ?? NaN, 0) : '–',
    over(({ perplexity }) => perplexity, 3),
    ...tables.map((table) =>
      over(
        overDraws(table, (draw) => draw.spearman),
        3,
      ),
    ),
    ...tables.map((table) =>
      over(
        overDraws(table, (draw) => draw.picked),
        2,
      ),
    ),
    ...tables.map((table) =>
      over(
        overDraws(table, (draw) => draw.sequencesPerCpuSecond),
        0,
      ),
    ),
  ];
  return `| ${cells.join(' | ')} |`;
}

const student = results.find(({ steps }) => steps !== null);
const head = [
  ...['model', 'seeds', 'steps', 'CPU s', 'test perplexity'],
  ...tables.map((table) => `Spearman ${table}`),
  ...tables.map((table) => `best 96 ${table}`),
  ...tables.map((table) => `sequences/CPU s ${table}`),
];
const draws = Math.max(...results.map((line) => drawsOf(line, 'GB1').length));
const text = [
  `Teacher: the 4 x 192 protein model that was embedded until 25 November 2026. Students: ${student?.student}, steps of 4,096 tokens of the training fold. Test perplexity: hidden`,
  `residues of families that neither has seen (${results[0].scored.toLocaleString('en-US')} of them, the same for all). Spearman: ridge head on mean`,
  `features, 384 random rows fitted, 1,000 others asked about, ${draws} draws, the same for all. Best 96: mean measured score of the 96`,
  'of them with the best predictions, in standard deviations. ± is the standard error over the seeds of the training.',
  'CPU seconds of all threads, the teacher’s predictions included.',
  '',
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...arms.map(row),
];
writeFileSync(args.out, `${text.join('\n')}\n`);
console.log(text.join('\n'));
