/**
 * The main job on the embedded 384 variants of GB1, every design scored with the full table of Wu et al. (149,361 of the
 * 160,000 variants at four sites):
 *   npx tsx experiments/main-job/gb1.ts [--model FOLDER] [--default]
 * --default runs the default settings alone, and writes gb1-default.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  createRandom,
  decode,
  designFromTable,
  exampleTable,
  readTable,
  type DesignRun,
} from '../../src/index.js';
import { cell, markdownTable, provenance, shared, summarise, writeReport } from './report.js';

const COUNT = 96;
const TOP = 100;
const SEEDS = [0, 1, 2];
/** Settings, with the seeds that each is run with. */
const RUNS = [
  { plate: 'the default: blocks, auto', options: {}, seeds: SEEDS },
  { plate: 'blocks, discrete search', options: { search: 'discrete' }, seeds: SEEDS },
  { plate: 'BIB as published, both', options: { features: 'paper' }, seeds: SEEDS },
  { plate: 'BIB as published, forward', options: { features: 'paper', mode: 'forward' }, seeds: [0] },
  { plate: 'BIB as published, backward', options: { features: 'paper', mode: 'backward' }, seeds: [0] },
] as const;

const { model, default: defaultOnly } = parseArgs({
  options: { model: { type: 'string' }, default: { type: 'boolean', default: false } },
}).values;
const name = defaultOnly ? 'gb1-default' : 'gb1';
const example = exampleTable('gb1');
const table = await readTable(example.file, example.options);
const full = await readTable(path.join(shared, 'gb1/Gb1Dataset.csv.gz'), example.options);

const letters = (sequence: Uint8Array) => decode(table.alphabet, sequence);
const fitness = new Map(full.rows.map(({ sequence, score }) => [letters(sequence), score]));
const measured = new Set(table.rows.map(({ sequence }) => letters(sequence)));
const top = new Set(
  [...fitness]
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOP)
    .map(([sequence]) => sequence),
);

/** A plate scored with the full table; what that lacks is counted apart. */
function score(sequences: readonly string[]) {
  const known = sequences.filter((sequence) => fitness.has(sequence));
  const scores = known.map((sequence) => fitness.get(sequence) as number);
  return {
    ...summarise(scores),
    aboveWildType: scores.filter((value) => value > 1).length,
    top100: known.filter((sequence) => top.has(sequence)).length,
  };
}

const rows: {
  plate: string;
  seed: number | null;
  seconds: number | null;
  result: ReturnType<typeof score>;
}[] = [];
let last: DesignRun | null = null;
for (const { plate, options, seeds } of defaultOnly ? RUNS.slice(0, 1) : RUNS) {
  for (const seed of seeds) {
    const since = performance.now();
    last = await designFromTable(table, { count: COUNT, ...options, seed, model });
    const seconds = (performance.now() - since) / 1000;
    const result = score(last.rows.map(({ sequence }) => sequence));
    rows.push({ plate, seed, seconds, result });
  }
}

// what a plate without any design would hold, from variants that are in the full table and not in the 384
const others = [...fitness.keys()].filter((sequence) => !measured.has(sequence));
for (const seed of SEEDS) {
  const plate = createRandom(`random plate ${seed}`)
    .shuffle([...others])
    .slice(0, COUNT);
  rows.push({ plate: 'random, unmeasured', seed, seconds: null, result: score(plate) });
}
const best = [...measured].sort((a, b) => fitness.get(b)! - fitness.get(a)!).slice(0, COUNT);
rows.push({ plate: `best ${COUNT} of the 384 measured`, seed: null, seconds: null, result: score(best) });
rows.push({ plate: 'all 384 measured', seed: null, seconds: null, result: score([...measured]) });
rows.push({ plate: 'the whole table', seed: null, seconds: null, result: score([...fitness.keys()]) });

const text = markdownTable(
  ['plate', 'seed', 'scored', 'mean', 'median', 'best', 'above wild type', `in the true top ${TOP}`],
  rows.map(({ plate, seed, result }) => [
    ...[plate, seed ?? '–', result.n, cell(result.mean), cell(result.median), cell(result.max)],
    ...[result.aboveWildType, result.top100],
  ]),
);
writeReport(
  name,
  `# GB1: ${COUNT} designs from the embedded 384 variants

Made by \`npx tsx experiments/main-job/gb1.ts${defaultOnly ? ' --default' : ''}\`. ${provenance(last!)}

Fitness as in the full table (wild type 1); a design that the full table lacks (${160_000 - fitness.size} of the 160,000
variants were not measured) is not scored. "Scored" counts the others.

${text}
`,
  { model: last!.model?.sha256, rows },
);
