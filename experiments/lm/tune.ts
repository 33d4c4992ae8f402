/**
 * Whether tuning on a family of homologs lowers the perplexity on members that were held out: the largest clusters of a
 * fold that the base model has never seen, 70 % to train on, 10 % for early stopping, 20 % scored once, several splits.
 *   npx tsx experiments/lm/tune.ts --corpora ../shared/data/corpora [--fold test] [--families 4] [--splits 3]
 *     [--rates 0.0005] [--steps 500] [--model data/models/protein-small] [--out experiments/lm/tune.md]
 * Learning rate and steps are the command's own defaults unless named. Outcomes are appended to --log as they come; run
 * again with the same log, it computes only those that are missing.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { type BaseModel, openBaseModel } from '../../src/lm/training/base-model.js';
import { trainingSchema } from '../../src/lm/training/config.js';
import { type Corpus, heldOutFeeds } from '../../src/lm/training/data.js';
import { createEvaluator } from '../../src/lm/training/evaluator.js';
import { runTraining } from '../../src/lm/training/run.js';
import { TUNE_DEFAULTS } from '../../src/run/lm/training-defaults.js';
import { createPool, type Pool } from '../../src/runtime/pool.js';
import { readFasta } from '../../src/table/fasta.js';

const { values: args } = parseArgs({
  options: {
    corpora: { type: 'string', default: '../shared/data/corpora' },
    model: { type: 'string', default: 'data/models/protein-small' },
    fold: { type: 'string', default: 'test' },
    families: { type: 'string', default: '4' },
    splits: { type: 'string', default: '3' },
    rates: { type: 'string', default: String(TUNE_DEFAULTS.learningRate) },
    steps: { type: 'string', default: String(TUNE_DEFAULTS.steps) },
    workers: { type: 'string', default: '2' },
    log: { type: 'string' },
    out: { type: 'string' },
  },
});

interface Member {
  id: string;
  tokens: Int32Array | Uint8Array;
}

/** The largest clusters of a fold, members in the corpus's order. */
async function families(base: BaseModel): Promise<[cluster: string, members: Member[]][]> {
  const table = gunzipSync(readFileSync(path.join(args.corpora, 'proteins.clusters.tsv.gz'))).toString();
  const rows = table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const clusterOf = new Map(
    rows.filter(([, , fold]) => fold === args.fold).map(([id, cluster]) => [id, cluster]),
  );
  const clusters = new Map<string, Member[]>();
  for (const { id, text } of await readFasta(path.join(args.corpora, 'proteins.fasta.gz'))) {
    const cluster = clusterOf.get(id);
    if (cluster === undefined) continue;
    const members = clusters.get(cluster) ?? [];
    members.push({ id, tokens: base.encode(text.toUpperCase()) });
    clusters.set(cluster, members);
  }
  return [...clusters].sort((a, b) => b[1].length - a[1].length).slice(0, Number(args.families));
}

/** Members in the order of a hash: the first fifth is scored, the next tenth stops, the rest trains. */
function split(members: readonly Member[], seed: number): { train: Corpus; valid: Corpus; test: Corpus } {
  const place = ({ id }: Member) => createHash('sha256').update(`${seed}/${id}`).digest('hex');
  const order = members
    .map((member) => ({ member, place: place(member) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ member }) => member.tokens);
  const [test, valid] = [Math.round(0.2 * order.length), Math.round(0.3 * order.length)];
  return { test: order.slice(0, test), valid: order.slice(test, valid), train: order.slice(valid) };
}

interface Outcome {
  family: string;
  members: number;
  scored: number;
  rate: number;
  seed: number;
  base: number;
  tuned: number;
  best: number;
  steps: number;
}

async function tune(
  pool: Pool,
  base: BaseModel,
  [family, members]: [string, Member[]],
  seed: number,
  rate: number,
): Promise<Outcome> {
  const { architecture, special, padId, files, start, objective, order } = base;
  const { train, valid, test } = split(members, seed);
  const own = { seed, objective, order, learningRate: rate, steps: Number(args.steps) };
  const config = trainingSchema.parse({ ...TUNE_DEFAULTS, ...own });
  const task = { architecture, special, padId, config, train, heldOut: valid, start };
  const heldOut = heldOutFeeds(test, task);
  const evaluator = await createEvaluator(pool, architecture);
  const before = await evaluator.loss(start!, heldOut);
  await evaluator.release();
  const folder = mkdtempSync(path.join(tmpdir(), 'biseq-tune-'));
  try {
    const kept = {
      key: 'tune',
      folder,
      modelFolder: path.join(folder, 'model'),
      files,
      keep: 'best',
    } as const;
    const { state, test: after } = await runTraining(pool, { ...kept, task, test });
    const [baseline, tuned] = [Math.exp(before), Math.exp(after!.loss)];
    const { scored } = heldOut;
    const { best, step: steps } = state;
    return {
      family,
      members: members.length,
      scored,
      rate,
      seed,
      base: baseline,
      tuned,
      best: best!.step,
      steps,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(outcomes: readonly Outcome[], base: BaseModel): string {
  const rows = outcomes.map(
    (o) =>
      `| ${o.family.replaceAll('|', '\\|')} | ${o.members} | ${o.seed} | ${o.scored} | ${o.rate} | ${o.base.toFixed(2)} | ${o.tuned.toFixed(2)} | ${(o.tuned / o.base).toFixed(3)} | ${o.best} of ${o.steps} |`,
  );
  const lower = outcomes.filter(({ base: before, tuned }) => tuned < before).length;
  return [
    '# Tuning on a family of homologs',
    '',
    `Made by \`npx tsx experiments/lm/tune.ts --fold ${args.fold} --families ${args.families} --splits ${args.splits} --rates ${args.rates} --steps ${args.steps}\`.`,
    `Base model ${base.model.name}, sha256 ${base.model.sha256.slice(0, 16)}. Families are the largest clusters (30 % identity) of the`,
    `corpus's ${args.fold} fold: the base model has seen none of their members. Of each family 70 % train, 10 % stop early, and 20 % are`,
    'scored once: the perplexity over 15 % of their letters, hidden. The split is random within a family, so the members that are',
    'scored have relatives among those that were trained on; that is the use that tuning has.',
    '',
    '| family | members | split | letters scored | learning rate | base | tuned | ratio | best step |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    `Perplexity fell in ${lower} of ${outcomes.length} runs.`,
    '',
  ].join('\n');
}

/** Outcomes of an earlier run. */
function logged(): Outcome[] {
  if (args.log === undefined || !existsSync(args.log)) return [];
  const lines = readFileSync(args.log, 'utf8').trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Outcome);
}

const base = await openBaseModel(args.model);
const pool = createPool(Number(args.workers));
const known = logged();
const outcomes: Outcome[] = [];
for (const family of await families(base)) {
  for (let seed = 0; seed < Number(args.splits); seed++) {
    for (const rate of args.rates.split(',').map(Number)) {
      const same = (o: Outcome) => o.family === family[0] && o.seed === seed && o.rate === rate;
      const done = known.find(same);
      const outcome = done ?? (await tune(pool, base, family, seed, rate));
      outcomes.push(outcome);
      if (!done && args.log) appendFileSync(args.log, `${JSON.stringify(outcome)}\n`);
      const { base: before, tuned, best } = outcome;
      console.error(
        `${family[0]} split ${seed} rate ${rate}: ${before.toFixed(3)} -> ${tuned.toFixed(3)} at step ${best}`,
      );
      if (args.out) writeFileSync(args.out, report(outcomes, base));
    }
  }
}
await pool.close();
console.log(report(outcomes, base));
