/**
 * The main job on 1,000 random variants of avGFP (Sarkisyan et al.). There is no oracle: designs that happen to be among
 * the other measured variants are compared with their measured brightness.
 *   npx tsx experiments/main-job/avgfp.ts [--model FOLDER]
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom, decode, designFromTable, type DesignRun, readTable } from '../../src/index.js';
import { cell, markdownTable, provenance, shared, summarise, writeReport } from './report.js';

const VARIANTS = 1000;
const COUNT = 96;
const SEED = 'avgfp 1000';
/** Features, and the largest number of mutations; undefined: the default, from the table. */
const RUNS = [
  { features: 'blocks', maxMutations: undefined },
  { features: 'blocks', maxMutations: 5 },
  { features: 'blocks', maxMutations: 2 },
  { features: 'paper', maxMutations: undefined },
  { features: 'paper', maxMutations: 'any' },
  { features: 'paper', maxMutations: 5 },
  { features: 'paper', maxMutations: 2 },
] as const;

const { model } = parseArgs({ options: { model: { type: 'string' } } }).values;
const readme = readFileSync(path.join(shared, 'README.md'), 'utf8');
const wildType = /^MSKGEE[A-Z]+$/m.exec(readme)![0];
const full = await readTable(path.join(shared, 'avgfp/amino_acid_genotypes_to_brightness.tsv.gz'), {
  wildType,
});
const drawn = createRandom(SEED)
  .shuffle([...full.rows])
  .slice(0, VARIANTS);
const table = { ...full, source: `avGFP, ${VARIANTS} variants drawn by seed '${SEED}'`, rows: drawn };

const letters = (sequence: Uint8Array) => decode(full.alphabet, sequence);
const given = new Set(drawn.map(({ sequence }) => letters(sequence)));
const others = new Map(
  full.rows
    .map(({ sequence, score }) => [letters(sequence), score] as const)
    .filter(([text]) => !given.has(text)),
);
const wildTypeScore = full.rows.find(({ sequence }) => letters(sequence) === wildType)!.score;

const rows = [];
let last: DesignRun | null = null;
for (const { features, maxMutations } of RUNS) {
  const since = performance.now();
  last = await designFromTable(table, { count: COUNT, features, maxMutations, model });
  const seconds = (performance.now() - since) / 1000;
  const known = last.rows.filter(({ sequence }) => others.has(sequence));
  rows.push({
    features,
    maxMutations: maxMutations ?? `${last.problem.budget?.max ?? 'any'} (default)`,
    seconds,
    predicted: summarise(last.rows.map(({ predicted }) => predicted)),
    mutations: summarise(last.rows.map(({ mutations }) => mutations!.split(':').length)),
    nearestDistance: summarise(last.rows.map(({ nearestDistance }) => nearestDistance)),
    known: known.map(({ sequence, mutations, predicted }) => ({
      mutations,
      predicted,
      measured: others.get(sequence) as number,
    })),
  });
}

const scores = summarise(drawn.map(({ score }) => score));
const text = markdownTable(
  [
    ...[
      'features',
      'largest number of mutations',
      'mutations, median',
      'predicted, median',
      'predicted, best',
    ],
    ...[
      'distance to the nearest measured, median',
      'designs among the others',
      'their measured median',
      'their measured best',
    ],
  ],
  rows.map(({ features, maxMutations, mutations, predicted, nearestDistance, known }) => {
    const found = summarise(known.map(({ measured }) => measured));
    return [
      ...[features, maxMutations, mutations.median ?? '–', cell(predicted.median), cell(predicted.max)],
      ...[nearestDistance.median ?? '–', found.n, cell(found.median), cell(found.max)],
    ];
  }),
);
writeReport(
  'avgfp',
  `# avGFP: ${COUNT} designs from ${VARIANTS} random variants

Made by \`npx tsx experiments/main-job/avgfp.ts\`. ${provenance(last!)}

Log10 brightness; the wild type has ${cell(wildTypeScore)}, the ${VARIANTS} variants have median ${cell(scores.median)} and best
${cell(scores.max)}, the other ${others.size} measured ones median ${cell(summarise([...others.values()]).median)}. There is no
oracle for avGFP, so predictions stand alone but for the designs that are among the others.

${text}
`,
  { model: last!.model?.sha256, rows },
);
