/** Writes table.md from results.ndjson: npx tsx experiments/fobar/table.ts */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Estimate, mean, meanInterval, pairedDifference } from '../../src/stats/index.js';

interface Judged {
  mean: number;
  max: number;
  hits: number;
}
interface PoolResult {
  kind: 'best' | 'drawn';
  count: number;
  spread: { min: number; max: number; mean: number; deviation: number; chance: number; apart: boolean };
  moved: { gained: number; lost: number; of: number };
  fallback: boolean;
  rules: Record<string, Judged>;
  spearman: { predicted: number; votes: number; recovered: number };
}
interface Cell {
  task: string;
  seed: number;
  measured: number;
  pools: PoolResult[];
}

const REFERENCE = 'predicted score';
const folder = path.dirname(fileURLToPath(import.meta.url));
const cells = readFileSync(path.join(folder, 'results.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Cell);

const line = (parts: readonly (string | number)[]) => `| ${parts.join(' | ')} |`;
const short = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(3)).toString() : '–');
const signed = (value: number) => (value > 0 ? '+' : '') + short(value);
const interval = ({ mean: centre, low, high }: Estimate) =>
  Number.isFinite(low) ? `${signed(centre)} (${signed(low)} to ${signed(high)})` : '–';
const poolNames = { best: 'the 1,000 that the proxy holds best', drawn: '1,000 at random' };

function tableOf(pools: readonly PoolResult[]): string {
  const of = (rule: string, value: (judged: Judged) => number) =>
    pools.map(({ rules }) => value(rules[rule]));
  const rows = Object.keys(pools[0].rules).map((rule) => {
    const scores = meanInterval(of(rule, (judged) => judged.mean));
    const difference = (value: (judged: Judged) => number) =>
      rule === REFERENCE ? '' : interval(pairedDifference(of(rule, value), of(REFERENCE, value)));
    return line([
      ...[
        rule,
        `${short(scores.mean)} ± ${short(scores.standardError)}`,
        difference((judged) => judged.mean),
      ],
      ...[short(mean(of(rule, (judged) => judged.hits))), difference((judged) => judged.hits)],
    ]);
  });
  const head = [
    'picked by',
    'mean true score ± s.e.',
    'difference (95 %)',
    'hits of 96',
    'difference (95 %)',
  ];
  return [line(head), line(head.map(() => '---')), ...rows].join('\n');
}

function describe(pools: readonly PoolResult[]): string {
  const average = (value: (pool: PoolResult) => number) => short(mean(pools.map(value)));
  return [
    `Recoveries of 8: ${average(({ spread }) => spread.mean)} in the mean, deviation ` +
      `${average(({ spread }) => spread.deviation)} (by chance ${average(({ spread }) => spread.chance)}; told apart in ` +
      `${pools.filter(({ spread }) => spread.apart).length} of ${pools.length}).`,
    `Hidden scores of which the candidate decides: ${average(({ moved }) => (100 * (moved.gained + moved.lost)) / moved.of)} %.`,
    `Rank correlation with the true score: predicted ${average(({ spearman }) => spearman.predicted)}, votes ` +
      `${average(({ spearman }) => spearman.votes)}, recoveries ${average(({ spearman }) => spearman.recovered)}.`,
  ].join(' ');
}

const sections = [...new Set(cells.map(({ task }) => task))].flatMap((task) =>
  (['best', 'drawn'] as const).map((kind) => {
    const own = cells.filter((cell) => cell.task === task).sort((a, b) => a.seed - b.seed);
    const pools = own.flatMap((cell) => cell.pools.filter((pool) => pool.kind === kind));
    const seeds = `${own.length} seed${own.length === 1 ? '' : 's'}`;
    return `## ${task}, ${poolNames[kind]} (${seeds})\n\n${tableOf(pools)}\n\n${describe(pools)}`;
  }),
);
const text = `# FOBAR: picking 96 of 1,000 candidates

Made by \`npx tsx experiments/fobar/run.ts\` and \`npx tsx experiments/fobar/table.ts\`. Differences are paired by seed, to
picking by the predicted score; intervals by Student's t. Hits: picks among the pool's truly best 96. Ties are broken by the
predicted score where nothing else is said. Scores in the unit of the source; the measured rows are those of the task
(\`npx biseq tasks NAME\`).

${sections.join('\n\n')}
`;
writeFileSync(path.join(folder, 'table.md'), text);
console.log(text);
