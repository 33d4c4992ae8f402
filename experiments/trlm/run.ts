/**
 * Does re-ranking a pool of variants by a time-reversed pair of language models find better ones than the forward model
 * alone, than a masked model, and than chance? Pools of 1,000 measured variants, 8 seeds, 96 picked:
 *   npx tsx experiments/trlm/run.ts --data ../shared/data [--problems "GB1;yeast promoters"] [--pseudo "GB1=8;AAV=4"] [--workers 1]
 * Scores are kept in runs/trlm.ndjson and never computed again; `--report` only writes table.md from what is there.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { createPool } from '../../src/runtime/pool.js';
import { type Measured, report } from './report.js';
import {
  columnStore,
  type Columns,
  marginalColumns,
  type Models,
  mutationColumns,
  pairColumns,
  pseudoColumns,
} from './scores.js';
import { poolOf, PROBLEMS, type Problem, readProblem } from './tables.js';

const { values: args } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    models: { type: 'string', default: 'data/models' },
    problems: { type: 'string', default: PROBLEMS.join(';') },
    pseudo: { type: 'string', default: 'GB1=8;yeast promoters=8;AAV=4;E4B, middle third=4' },
    seeds: { type: 'string', default: '8' },
    workers: { type: 'string', default: '1' },
    store: { type: 'string', default: 'runs/trlm.ndjson' },
    report: { type: 'boolean', default: false },
    out: { type: 'string', default: 'experiments/trlm/table.md' },
  },
});
const SIZE = 1000;
const pseudoSeeds = new Map(
  args.pseudo
    .split(';')
    .filter(Boolean)
    .map((part) => [part.split('=')[0], Number(part.split('=')[1])]),
);

async function openModels(alphabet: string): Promise<Models> {
  const open = (name: string) => openLanguageModel(`${args.models}/${alphabet}-${name}`);
  return {
    forward: await open('causal-forward'),
    reverse: await open('causal-reverse'),
    masked: await open('small'),
  };
}

const store = columnStore(args.store);
const pool = createPool(Number(args.workers));
const wanted = args.problems.split(';').map((name) => name.trim());

/** A question to a pool; null where only stored answers are wanted and there is none. */
async function ask(key: string, work: () => Promise<Columns>): Promise<Columns> {
  if (args.report) return store.get(key) ?? {};
  const start = performance.now();
  const known = store.get(key) !== undefined;
  const columns = await store.compute(key, work);
  if (!known) console.error(`${key}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return columns;
}

async function measure(problem: Problem, models: Models): Promise<Measured[]> {
  const pools: Measured[] = [];
  for (let seed = 0; seed < Number(args.seeds); seed++) {
    const rows = poolOf(problem, seed, SIZE);
    const candidates = rows.map(({ candidate }) => candidate);
    const key = (what: string, ...used: { sha256: string }[]) =>
      [problem.name, seed, SIZE, what, ...used.map(({ sha256 }) => sha256.slice(0, 16))].join(' | ');
    const { forward, reverse, masked } = models;
    const columns = {
      ...(await ask(key('pair', forward, reverse), () => pairColumns(models, pool, candidates))),
      ...(await ask(key('marginals', masked), () => marginalColumns(models, pool, problem, candidates))),
      ...(seed < (pseudoSeeds.get(problem.name) ?? 0)
        ? await ask(key('pseudo', masked), () => pseudoColumns(models, pool, problem, candidates))
        : {}),
    };
    pools.push({
      scores: rows.map(({ score }) => score),
      columns: { ...columns, ...mutationColumns(problem, candidates) },
    });
  }
  return pools;
}

const results = [];
for (const name of PROBLEMS.filter((one) => wanted.includes(one))) {
  const problem = await readProblem(name, args.data);
  const models = await openModels(problem.alphabet.name);
  results.push({ problem, models, pools: await measure(problem, models) });
  writeFileSync(args.out, report(results, SIZE));
}
await pool.close();
