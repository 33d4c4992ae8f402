/**
 * The default proxy beside simple tools on the same rows: designs by exhaustive scoring, or the order of held-out rows.
 * Appends one line of JSON for each task, plate and method to a file, and does only what is missing there.
 *
 * Usage: npx tsx experiments/blocks/run.ts TASK[,TASK...] FROM TO [--out FILE] [--only METHOD,...]
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRandom } from '../../src/core/random.js';
import { median, mean, spearman } from '../../src/stats/index.js';
import { taskOf } from './data.js';
import type { Landscape } from './data.js';
import { best, byLowerBounds, fitDefault, gaussianProcess, plainRidge, predictByFit } from './tools.js';
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

/** Takes designs of the pool that it predicts, where they are not the best predicted. */
type Take = (predicted: Float64Array) => Promise<number[]>;

/** Both ways of taking a plate are of one fit. */
const fits = new WeakMap<Landscape, ReturnType<typeof fitDefault>>();

async function fitTold(task: Landscape) {
  const known = fits.get(task) ?? fitDefault(task);
  fits.set(task, known);
  const fit = await known;
  if (process.env.VERBOSE) console.log(JSON.stringify(fit.report, null, 1));
  return fit;
}

const methods: Record<string, (task: Landscape) => Promise<Predict | { predict: Predict; take: Take }>> = {
  default: async (task) => {
    const fit = await fitTold(task);
    return {
      predict: predictByFit(fit),
      take: (predicted) => byLowerBounds(fit, task, predicted),
    };
  },
  'default, best predicted': async (task) => predictByFit(await fitTold(task)),
  'onehot-loo': (task) => plainRidge(task, ['onehot'], 'loo'),
  'gaussian process': async (task) => gaussianProcess(task),
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
  tfbind8r: ['default', 'default, best predicted', 'onehot-loo', 'pairs-weak', 'kmers-3-weak', 'random'],
  tfbind8: ['default', 'default, best predicted', 'onehot-loo', 'pairs-weak', 'kmers-3-weak', 'random'],
  gb1: ['default', 'default, best predicted', 'onehot-loo', 'physchem-weak', 'gaussian process', 'random'],
  'gb1-half': ['default', 'default, best predicted', 'onehot-loo', 'pairs-weak', 'random'],
  'gfp-random': ['default', 'default, best predicted', 'onehot-loo', 'onehot+physchem-loo'],
  'gfp-few-to-many': ['default', 'default, best predicted', 'onehot-loo', 'onehot+physchem-loo'],
};

function judge(task: Landscape, predicted: Float64Array, designs: readonly number[]) {
  const scores = designs.map((i) => task.pool.scores[i]);
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
    const asked = values.only?.split(',') ??
      METHODS_OF[name] ?? ['default', 'default, best predicted', 'onehot-loo', 'gaussian process', 'random'];
    const missing = asked.filter(
      (method) => !known.some((r) => r.task === name && r.plate === plate && r.method === method),
    );
    if (missing.length === 0) continue;
    const task = taskOf(name, plate);
    for (const method of missing) {
      const started = process.cpuUsage();
      const tool = await methods[method](task);
      const { predict, take } = 'take' in tool ? tool : { predict: tool, take: null };
      const { user } = process.cpuUsage(started);
      const predicted = await predict(task.pool.sequences);
      const designs = take === null ? best(predicted, task.designs) : await take(predicted);
      const judged = judge(task, predicted, designs);
      const result: Result = { task: name, plate, method, ...judged, seconds: user / 1e6 };
      appendFileSync(values.out, `${JSON.stringify(result)}\n`);
      console.log(JSON.stringify(result));
    }
  }
}
