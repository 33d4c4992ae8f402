/**
 * The default proxy by the number of rows: seconds of one core, peak memory and what it learns, each size in a process
 * of its own. With `lm-mean` the rows pass through the embedded protein model too.
 *   npx tsx experiments/blocks/scale.ts [--sizes 20,200,...] [--lm-sizes 1000,10000,...] [--out experiments/blocks/scale.md]
 * The landscape is planted: eight sites of a protein, random effects of letters and of pairs of letters at neighbouring
 * sites, noise of half the signal's deviation; 2,000 fresh sequences are asked for.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Sequence } from '../../src/core/alphabet.js';
import { PROTEIN } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { languageModelFeatures } from '../../src/lm/lm-feature-map.js';
import { fitBlocks } from '../../src/proxy/blocks/fit-blocks.js';
import { createPool } from '../../src/runtime/pool.js';
import { spearman } from '../../src/stats/index.js';

const SITES = 8;
const ASKED = 2000;

/** A random landscape and draws of sequences from it. */
function plant(seed: string) {
  const random = createRandom(seed);
  const A = PROTEIN.size;
  const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal());
  const letters = normals(SITES * A);
  const pairs = normals((SITES - 1) * A * A);
  const truth = (x: Sequence) => {
    let sum = 0;
    for (let p = 0; p < SITES; p++) sum += letters[p * A + x[p]];
    for (let p = 0; p + 1 < SITES; p++) sum += 0.7 * pairs[(p * A + x[p]) * A + x[p + 1]];
    return sum;
  };
  const signal = Math.sqrt(SITES + 0.49 * (SITES - 1));
  const draw = (count: number) =>
    Array.from({ length: count }, () => Uint8Array.from({ length: SITES }, () => random.integer(A)));
  const measure = (x: Sequence) => truth(x) + 0.5 * signal * random.normal();
  return { truth, draw, measure };
}

/** Fits in this process and prints its CPU seconds, peak memory in MB, rank correlation and blocks. */
async function child(rows: number, lm: boolean): Promise<void> {
  const { truth, draw, measure } = plant('scale');
  const sequences = draw(rows);
  const asked = draw(ASKED);
  const scores = Float64Array.from(sequences, measure);
  const pool = lm ? createPool(1) : null;
  const extra =
    pool === null
      ? []
      : [
          {
            name: 'lm-mean',
            map: languageModelFeatures(await openLanguageModel('data/models/protein-small'), PROTEIN, pool),
          },
        ];
  const began = process.cpuUsage();
  const fit = await fitBlocks({ alphabet: PROTEIN, sequences, scores, extra, random: createRandom(0) });
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1e6;
  const predicted = await fit.predict(asked);
  await pool?.close();
  const peak = process.resourceUsage().maxRSS / 1024;
  const found = spearman(predicted, asked.map(truth));
  const used = new Set(fit.report.chosen.flatMap(({ blocks }) => blocks));
  process.stdout.write(
    [seconds.toFixed(1), peak.toFixed(0), found.toFixed(3), [...used].join(', ')].join(' | '),
  );
}

function rowOf(rows: number, lm: boolean): string {
  const args = [...process.execArgv, process.argv[1], '--child', String(rows), ...(lm ? ['--lm'] : [])];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const line = `| ${rows.toLocaleString('en')} | ${lm ? 'with lm-mean' : 'closed-form'} | ${stdout} |`;
  console.log(line);
  return line;
}

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '20,100,1000,10000,100000,1000000' },
    'lm-sizes': { type: 'string', default: '1000,10000,100000' },
    out: { type: 'string', default: 'experiments/blocks/scale.md' },
    child: { type: 'string' },
    lm: { type: 'boolean', default: false },
  },
});

if (values.child !== undefined) await child(Number(values.child), values.lm);
else {
  const list = (text: string) => text.split(',').filter(Boolean).map(Number);
  const lines = [
    '# The default proxy by the number of rows',
    '',
    `Made by \`npx tsx experiments/blocks/scale.ts --sizes ${values.sizes} --lm-sizes '${values['lm-sizes']}'\`: a planted landscape`,
    'over eight sites of a protein, noise of half the signal; Spearman',
    `with the true score of ${ASKED.toLocaleString('en')} fresh sequences. Seconds of the processor, one worker; peak memory of the process, the table included.`,
    '',
    '| rows | blocks tried | CPU s | peak MB | Spearman | blocks used |',
    '|---|---|---|---|---|---|',
    ...list(values.sizes).map((rows) => rowOf(rows, false)),
    ...list(values['lm-sizes']).map((rows) => rowOf(rows, true)),
  ];
  writeFileSync(values.out, `${lines.join('\n')}\n`);
}
