import { createRandom } from '../../src/core/random.js';
import { mean, meanInterval, pairedDifference, spearman } from '../../src/stats/index.js';
import { combine, rankingOf } from '../../src/verify/trlm/score.js';
import type { Columns, Models } from './scores.js';
import type { Problem } from './tables.js';

/** A pool: true scores, and what the models say, in the same order. */
export interface Measured {
  scores: number[];
  columns: Columns;
}

interface Result {
  problem: Problem;
  models: Models;
  pools: Measured[];
}

/** Variants that are picked: a plate. */
const PLATE = 96;
const FORWARD = 'forward alone (alpha 0)';

/** How a pool is ranked; null where what it takes was not computed. */
type Ranking = (pool: Measured, seed: number) => number[] | null;

const column =
  (name: string): Ranking =>
  ({ columns }) =>
    columns[name] ?? null;

/** forward + alpha `reverse`, averaged over strands where there are two. */
function pair(reverse: string, alpha: number, strands: readonly string[] = ['']): Ranking {
  return ({ columns }) => {
    const each = strands.map((strand) => [columns[`${strand}forward`], columns[`${strand}${reverse}`]]);
    if (each.some((terms) => terms.some((term) => term === undefined))) return null;
    return each[0][0].map((_, i) =>
      mean(each.map(([ahead, back]) => combine(ahead[i], back[i], alpha).score)),
    );
  };
}

const BOTH = ['', 'other '];

function rankings({ problem }: Result): [string, Ranking][] {
  const flanked = problem.rows[0].candidate.leftFlank !== '';
  const dna = problem.alphabet.name === 'dna';
  const random: Ranking = ({ scores }, seed) => {
    const generator = createRandom('trlm random').fork(problem.name).fork(seed);
    return scores.map(() => generator.uniform());
  };
  const published: [string, Ranking][] = [0.5, 1].map((alpha) => [
    `pair, alpha ${alpha}`,
    pair('reverse', alpha),
  ]);
  return [
    ['random', random],
    ['fewest mutations', column('fewest')],
    [FORWARD, pair('reverse', 0)],
    ...(flanked ? published : []),
    ['pair, whole sequence recalled, alpha 0.5', pair('whole', 0.5)],
    ['pair, whole sequence recalled, alpha 1', pair('whole', 1)],
    ...(dna
      ? ([
          ['forward alone, both strands', pair('reverse', 0, BOTH)],
          ['pair, both strands, alpha 1', pair('reverse', 1, BOTH)],
        ] satisfies [string, Ranking][])
      : []),
    ['reverse alone (left flank)', flanked ? column('reverse') : () => null],
    ['masked model, marginals at the wild type', column('marginals')],
    ['masked model, pseudo-perplexity of the region', column('pseudo')],
  ];
}

interface Outcome {
  picked: number[];
  rho: number[];
}

function outcomeOf({ pools }: Result, ranking: Ranking): Outcome {
  const outcome: Outcome = { picked: [], rho: [] };
  pools.forEach((pool, seed) => {
    const values = ranking(pool, seed);
    if (values === null) return;
    const best = rankingOf(values.map((score) => ({ score }))).slice(0, PLATE);
    outcome.picked.push(mean(best.map((i) => pool.scores[i])));
    outcome.rho.push(spearman(pool.scores, values));
  });
  return outcome;
}

const signed = (x: number) => `${x < 0 ? '-' : '+'}${Math.abs(x).toFixed(3)}`;

/** Mean paired difference over the seeds that both have, and its 95 % interval; bold where that excludes 0. */
function difference(a: readonly number[], b: readonly number[]): string {
  const n = Math.min(a.length, b.length);
  const { mean: centre, low, high } = pairedDifference(a.slice(0, n), b.slice(0, n));
  const text = `${signed(centre)} [${signed(low)}, ${signed(high)}]`;
  return low > 0 || high < 0 ? `**${text}**` : text;
}

function rowsOf(result: Result): string[] {
  const outcomes = rankings(result).map(([name, ranking]) => [name, outcomeOf(result, ranking)] as const);
  const forward = outcomes.find(([name]) => name === FORWARD)![1];
  const pools = result.pools.map(({ scores }) => mean(scores));
  return outcomes
    .filter(([, { picked }]) => picked.length > 1)
    .map(([name, { picked, rho }]) => {
      const { mean: centre, standardError } = meanInterval(picked);
      const against = name === FORWARD ? '' : difference(picked, forward.picked);
      return `| ${name} | ${picked.length} | ${centre.toFixed(3)} ± ${standardError.toFixed(3)} | ${difference(picked, pools)} | ${against} | ${mean(rho).toFixed(3)} |`;
    });
}

/** The whole report, in Markdown. */
export function report(results: readonly Result[], size: number): string {
  const models = new Map(
    results.flatMap((one) => Object.values(one.models).map((m: Models['forward']) => [m.name, m])),
  );
  return [
    '# Re-ranking by a time-reversed pair of language models',
    '',
    'Made by `npx tsx experiments/trlm/run.ts --data ../shared/data`.',
    `Of a pool of ${size} measured variants, drawn at random by the seed, ${PLATE} are picked by a ranking that has seen no`,
    'measurement. Mean true score of the picked ones over the seeds ± standard error; paired differences to the mean of the',
    'pool and to the forward model alone with their 95 % intervals (Student), **bold** where they exclude 0; mean Spearman',
    'over the pool. Pools of one table overlap where it has few rows, so the intervals speak of these tables, not of new ones.',
    'The pseudo-perplexity needs many passes of the masked model: only some seeds and tables have it.',
    '',
    'Models: ' +
      [...models.values()].map(({ name, sha256 }) => `${name} (${sha256.slice(0, 16)})`).join(', ') +
      '.',
    ...results.flatMap((result) => [
      '',
      `## ${result.problem.name}`,
      '',
      `${result.problem.rows.length} variants; region: ${result.problem.region}.`,
      '',
      '| ranking | seeds | mean true score of 96 | against the pool | against forward alone | Spearman |',
      '|---|---|---|---|---|---|',
      ...rowsOf(result),
    ]),
    '',
  ].join('\n');
}
