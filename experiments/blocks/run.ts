/**
 * The default proxy beside simple tools on the same rows: designs by exhaustive scoring, or the order of held-out rows.
 * Appends one line of JSON for each task, plate and method to a file, and does only what is missing there.
 *
 * Usage: npx tsx experiments/blocks/run.ts TASK[,TASK...] FROM TO [--out FILE] [--only METHOD,...]
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/core/random.js';
import { fitBlocks } from '../../src/proxy/blocks/fit-blocks.js';
import { median, mean, spearman } from '../../src/stats/index.js';
import { taskOf } from './data.js';
import type { Landscape } from './data.js';
import { plainRidge, predictByFit } from './tools.js';
import type { Predict } from './tools.js';

/** One line of the results. */
export interface Result {
  task: string;
  plate: number;
  method: string;
  /** Mean and median true score of the designs, and how many are among the true top 100 of the whole table. */
  mean: number;
  median: number;
  hits: number;
  /** Rank correlation of the predictions with the true scores of all rows asked for. */
  spearman: number;
  seconds: number;
}

const methods: Record<string, (task: Landscape) => Promise<Predict>> = {
  default: async (task) => {
    const fit = await fitBlocks({
      alphabet: task.alphabet,
      ...task.measured,
      positions: task.positions,
      random: createRandom(0),
    });
    if (process.env.VERBOSE) console.log(JSON.stringify(fit.report, null, 1));
    return predictByFit(fit);
  },
  'onehot-loo': (task) => plainRidge(task, ['onehot'], 'loo'),
  'physchem-weak': (task) => plainRidge(task, ['physchem'], 'weak'),
  'onehot+physchem-loo': (task) => plainRidge(task, ['onehot', 'physchem'], 'loo'),
  'pairs-weak': (task) => plainRidge(task, ['pairs'], 'weak'),
  'kmers-3-weak': (task) => plainRidge(task, ['kmers-3'], 'weak'),
  random: async () => {
    const random = createRandom('random designs');
    return async (sequences) => Float64Array.from(sequences, () => random.uniform());
  },
};

const METHODS_OF: Record<string, string[]> = {
  tfbind8r: ['default', 'onehot-loo', 'pairs-weak', 'kmers-3-weak', 'random'],
  tfbind8: ['default', 'onehot-loo', 'pairs-weak', 'kmers-3-weak', 'random'],
  gb1: ['default', 'onehot-loo', 'physchem-weak', 'random'],
  'gb1-half': ['default', 'onehot-loo', 'pairs-weak', 'random'],
  'gfp-random': ['default', 'onehot-loo', 'onehot+physchem-loo'],
  'gfp-few-to-many': ['default', 'onehot-loo', 'onehot+physchem-loo'],
};

function judge(task: Landscape, predicted: Float64Array) {
  const order = Uint32Array.from(predicted, (_, i) => i).sort((a, b) => predicted[b] - predicted[a] || a - b);
  const scores = Array.from(order.subarray(0, task.designs), (i) => task.pool.scores[i]);
  return {
    mean: mean(scores),
    median: median(scores),
    hits: scores.filter((score) => score >= task.top100).length,
    spearman: spearman(predicted, task.pool.scores),
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'experiments/blocks/results.jsonl' }, only: { type: 'string' } },
});
const [names = 'tfbind8r', from = '0', to = '1'] = positionals;
const known = existsSync(values.out)
  ? readFileSync(values.out, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Result)
  : [];
for (const name of names.split(',')) {
  for (let plate = Number(from); plate < Number(to); plate++) {
    const asked = values.only?.split(',') ?? METHODS_OF[name] ?? ['default', 'onehot-loo', 'random'];
    const missing = asked.filter(
      (method) => !known.some((r) => r.task === name && r.plate === plate && r.method === method),
    );
    if (missing.length === 0) continue;
    const task = taskOf(name, plate);
    for (const method of missing) {
      const started = process.cpuUsage();
      const predict = await methods[method](task);
      const { user } = process.cpuUsage(started);
      const judged = judge(task, await predict(task.pool.sequences));
      const result: Result = { task: name, plate, method, ...judged, seconds: user / 1e6 };
      appendFileSync(values.out, `${JSON.stringify(result)}\n`);
      console.log(JSON.stringify(result));
    }
  }
}
