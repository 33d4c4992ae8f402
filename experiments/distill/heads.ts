/**
 * An ensemble of ridge heads on one-hot letters, and one head with soft bins that learned from it.
 *   npx tsx experiments/distill/heads.ts --data ../shared/data
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Sequence } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { bootstrapHeads } from '../../src/proxy/blocks/bootstrap.js';
import { oneHotLetters } from '../../src/proxy/blocks/letters.js';
import { siteFeatures } from '../../src/proxy/blocks/sites.js';
import { distillHeads, type DistilledHeadOptions } from '../../src/proxy/distilled-head.js';
import { applyLinear } from '../../src/proxy/head.js';
import { standardise } from '../../src/proxy/standardise.js';
import { mean, pearson, spearman, standardError } from '../../src/stats/index.js';
import { leaveOneOutPenalty } from '../../src/sweep/plain-ridge.js';
import { cpuSeconds } from './arms.js';
import { readTables } from './measure.js';

const { values: args } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    draws: { type: 'string', default: '5' },
    out: { type: 'string', default: 'experiments/distill/heads.md' },
  },
});
const [FITTED, ASKED, HEADS] = [384, 1000, 16];
const DRAWS = Number(args.draws);

const WAYS: { name: string; unmeasured: boolean; options: DistilledHeadOptions }[] = [
  { name: 'one head, soft targets', unmeasured: false, options: { beta: 0 } },
  { name: 'one head, SinKD, beta 0.8', unmeasured: false, options: {} },
  { name: 'one head, SinKD, beta 1000', unmeasured: false, options: { beta: 1000 } },
  {
    name: 'one head, SinKD, beta 0.8, with 1,000 rows that were not measured',
    unmeasured: true,
    options: {},
  },
];

/** Sites at which the rows differ. */
function variedSites(sequences: readonly Sequence[]): number[] {
  return Array.from(sequences[0], (_, i) => i).filter((i) => sequences.some((s) => s[i] !== sequences[0][i]));
}

interface Measured {
  /** Seconds of fitting. */
  cpu: number[];
  spearman: number[];
  toEnsemble: number[];
  disagreement: number[];
}

const found = new Map<string, Measured>();
function record(key: string, values: Record<keyof Measured, number>): void {
  const lists = found.get(key) ?? { cpu: [], spearman: [], toEnsemble: [], disagreement: [] };
  for (const name of Object.keys(lists) as (keyof Measured)[]) lists[name].push(values[name]);
  found.set(key, lists);
}

for (const [table, { rows: all, alphabet }] of Object.entries(await readTables(args.data))) {
  for (let draw = 0; draw < DRAWS; draw++) {
    const random = createRandom(`distill/heads/${table}/${draw}`);
    const rows = random.shuffle([...all]).slice(0, FITTED + 2 * ASKED);
    const sequences = rows.map((row) => row.sequence);
    const map = siteFeatures(oneHotLetters(alphabet), variedSites(sequences));
    const phi = Float64Array.from(await map.features(sequences));
    const D = map.width;
    for (let d = 0; d < D; d++) {
      const centre = mean(Array.from({ length: FITTED }, (_, i) => phi[i * D + d]));
      for (let i = 0; i < rows.length; i++) phi[i * D + d] -= centre;
    }
    const { y } = standardise(rows.slice(0, FITTED).map((row) => row.score));
    const fitted = phi.slice(0, FITTED * D);
    const trace = fitted.reduce((sum, x) => sum + x * x, 0);
    const penalty = leaveOneOutPenalty(fitted, y, random.fork('penalty')) * trace;
    let before = cpuSeconds();
    const ensemble = bootstrapHeads({ phi: fitted, y }, penalty, random.fork('heads'), HEADS);
    const cpu = cpuSeconds() - before;
    const asked = Array.from({ length: ASKED }, (_, i) =>
      phi.subarray((FITTED + i) * D, (FITTED + i + 1) * D),
    );
    const truth = rows.slice(FITTED, FITTED + ASKED).map((row) => row.score);
    const taught = asked.map((x) => applyLinear(ensemble, x));
    const spread = asked.map((x) => ensemble.spread(x));
    record(`${table}|mean of ${HEADS} heads`, {
      cpu,
      spearman: spearman(truth, taught),
      toEnsemble: 1,
      disagreement: 1,
    });
    for (const { name, unmeasured, options } of WAYS) {
      // The rows that are asked about are never taught.
      const more = phi.subarray((FITTED + ASKED) * D);
      const taughtBy = unmeasured ? Float64Array.from([...fitted, ...more]) : fitted;
      before = cpuSeconds();
      const head = await distillHeads(
        { phi: taughtBy, width: D, y },
        ensemble.heads,
        random.fork(name),
        options,
      );
      const cost = cpuSeconds() - before;
      const predicted = asked.map((x) => head.predict(x));
      const means = predicted.map((one) => one.mean);
      record(`${table}|${name}`, {
        cpu: cost,
        spearman: spearman(truth, means),
        toEnsemble: pearson(means, taught),
        disagreement: spearman(
          predicted.map((one) => one.spread),
          spread,
        ),
      });
    }
  }
}

const cell = (xs: number[]) => `${mean(xs).toFixed(3)} ± ${standardError(xs).toFixed(3)}`;
const lines = [
  `${HEADS} ridge heads on one-hot letters, each fitted to a bootstrap of ${FITTED} measured rows, and one linear head with soft bins`,
  `that learned from them on the same rows (${DRAWS} draws, mean ± standard error over the draws; ${ASKED} other rows are asked about).`,
  '',
  '| table | head | Spearman to the measured scores | correlation with the ensemble’s mean | Spearman of the spreads | CPU s to fit |',
  '|---|---|---|---|---|---|',
  ...[...found].map(([key, { cpu, spearman: rho, toEnsemble, disagreement }]) => {
    const [table, name] = key.split('|');
    return `| ${table} | ${name} | ${cell(rho)} | ${cell(toEnsemble)} | ${cell(disagreement)} | ${mean(cpu).toFixed(2)} |`;
  }),
];
writeFileSync(args.out, `${lines.join('\n')}\n`);
console.log(lines.join('\n'));
