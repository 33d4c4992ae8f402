/**
 * Picking 96 of 1,000 candidates by forward-backward verification: forward alone, backward alone, both.
 *   npx tsx experiments/fobar/run.ts [--tasks tfbind8-r,gb1-384,...] [--seeds 8]   adds to results.ndjson what is missing
 *   npx tsx experiments/fobar/table.ts                                              writes table.md from it
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fitBlocks } from '../../src/proxy/blocks/fit-blocks.js';
import { spearman } from '../../src/stats/index.js';
import { descendingOrder } from '../../src/stats/ranks.js';
import { combineVotes, type FobarResult, verifyByFobar } from '../../src/verify/index.js';
import { drawTask, otherMeans, type PickingPool, poolsOf, randomOf } from './pools.js';

const PICK = 96;
const CHAINS = 10;
const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'results.ndjson');

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: 'gb1-384,tfbind8-r,ehrlich-20-15-2-4,aav' },
    seeds: { type: 'string', default: '8' },
  },
});

/** Indices of picks: the best by the first key, ties by the next. */
function pick(...keys: readonly ArrayLike<number>[]): number[] {
  return Array.from({ length: keys[0].length }, (_, i) => i)
    .sort((a, b) => keys.map((key) => key[b] - key[a]).find((difference) => difference !== 0) ?? a - b)
    .slice(0, PICK);
}

/** What a rule's picks are worth. */
function judge(picks: readonly number[], { scores }: PickingPool) {
  const order = descendingOrder(scores);
  const [border, least] = [scores[order[PICK - 1]], scores[order[scores.length - 1]]];
  const found = picks.map((i) => scores[i]);
  return {
    mean: found.reduce((sum, score) => sum + score, 0) / PICK,
    max: found.reduce((most, score) => Math.max(most, score)),
    hits: found.filter((score) => score >= border && score > least).length,
  };
}

function byRule(
  result: FobarResult,
  pool: PickingPool,
  means: Awaited<ReturnType<typeof otherMeans>>,
  chance: number[],
) {
  const predicted = result.candidates.map((one) => one.predicted);
  const votes = result.candidates.map(({ forward }) => forward);
  const recovered = result.candidates.map((one) => one.recovered);
  // how much nearer the candidate brings the hidden scores: what counting cannot see
  const gain = result.candidates.map(({ scores }) =>
    scores.reduce(
      (sum, one) => sum + Math.abs(one.predictedWithout - one.score) - Math.abs(one.predicted - one.score),
      0,
    ),
  );
  const combined = (alpha: number) => combineVotes({ votes, recovered }, { alpha }).combined;
  const rules = {
    random: pick(chance),
    'predicted score': pick(predicted),
    'posterior mean': pick(means.posterior),
    'mean of the chains': pick(means.bootstraps),
    'forward alone': pick(votes, predicted),
    'backward alone': pick(recovered, predicted),
    'backward alone, ties at random': pick(recovered, chance),
    'backward by errors, not counts': pick(gain, predicted),
    combined: pick(combined(0.5), predicted),
    'combined, ties at random': pick(combined(0.5), chance),
  };
  return Object.fromEntries(Object.entries(rules).map(([rule, picks]) => [rule, judge(picks, pool)]));
}

async function runCell(name: string, seed: number) {
  const task = await drawTask(name, seed);
  const random = randomOf(task, seed);
  const { sequences, scores } = task.measured;
  const fit = await fitBlocks({
    ...{ alphabet: task.alphabet, sequences, scores, random: random.fork('proxy') },
    positions: task.designable ?? undefined,
    options: { heads: CHAINS },
  });
  const pools = [];
  for (const pool of await poolsOf(task, fit, random)) {
    const result = await verifyByFobar({
      ...{ measured: { alphabet: task.alphabet, sequences, scores }, fit, candidates: pool.sequences },
      random: random.fork('verify'),
      options: { best: PICK },
    });
    const chance = pool.sequences.map((_, i) => random.fork(`chance ${pool.kind} ${i}`).uniform());
    const { spread, moved, fallback, candidates } = result;
    const correlation = (values: number[]) => spearman(values, pool.scores);
    pools.push({
      ...{ kind: pool.kind, count: pool.sequences.length, spread, moved, fallback },
      rules: byRule(result, pool, await otherMeans(fit, pool.sequences), chance),
      spearman: {
        predicted: correlation(candidates.map((one) => one.predicted)),
        votes: correlation(candidates.map(({ forward }) => forward)),
        recovered: correlation(candidates.map((one) => one.recovered)),
      },
    });
  }
  return { task: name, seed, measured: sequences.length, width: fit.featureMap.width, pools };
}

const done = new Set(
  (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []).map((line) => {
    const { task, seed } = JSON.parse(line) as { task: string; seed: number };
    return `${task}/${seed}`;
  }),
);
for (let seed = 0; seed < Number(values.seeds); seed++) {
  for (const name of values.tasks.split(',')) {
    if (done.has(`${name}/${seed}`)) continue;
    const since = performance.now();
    const result = await runCell(name, seed);
    appendFileSync(file, `${JSON.stringify(result)}\n`);
    console.log(name, seed, `${((performance.now() - since) / 1000).toFixed(0)} s`);
  }
}
