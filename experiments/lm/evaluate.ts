/**
 * What an embedded language model adds on real tables: Spearman (and recall of the top 5 %) on held-out rows of a ridge
 * head fitted on 384 random rows, five draws, and zero-shot Spearman of wild-type marginals or pseudo-likelihood.
 *   npx tsx experiments/lm/evaluate.ts --model data/models/protein-small --data ../shared/data
 */
import path from 'node:path';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Alphabet, Sequence } from '../../src/core/alphabet.js';
import type { FeatureMap } from '../../src/core/feature-map.js';
import { createRandom } from '../../src/core/random.js';
import { logitsGraph } from '../../src/lm/feature-graph.js';
import { type LanguageModel, openLanguageModel } from '../../src/lm/language-model.js';
import { languageModelFeatures } from '../../src/lm/lm-feature-map.js';
import { compileGraph } from '../../src/lm/runner.js';
import { initialWeights } from '../../src/lm/training/initialise.js';
import { lossGraph } from '../../src/lm/training/loss-graph.js';
import { oneHotLetters, physicoChemicalLetters } from '../../src/proxy/blocks/letters.js';
import { siteFeatures } from '../../src/proxy/blocks/sites.js';
import { cholesky, solveCholesky } from '../../src/proxy/linear-algebra.js';
import { createPool, type Pool } from '../../src/runtime/pool.js';
import { mean, spearman, standardError, topRecall } from '../../src/stats/index.js';
import { readTable, type Table, type TableOptions } from '../../src/table/index.js';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string', default: 'data/models/protein-small' },
    data: { type: 'string', default: '../shared/data' },
    rows: { type: 'string', default: '1884' },
    draws: { type: 'string', default: '5' },
    tables: { type: 'string', default: '' },
    out: { type: 'string' },
  },
});
const TRAINING_ROWS = 384;
const AVGFP =
  'MSKGEELFTGVVPILVELDGDVNGHKFSVSGEGEGDATYGKLTLKFICTTGKLPVPWPTLVTTLSYGVQCFSRYPDHMKQHDFFKSAMPEGYVQERTIFFKDDGNYKTRAEVKFEGDTLVNRIELKGIDFKEDGNILGHKLEYNYNSHNVYIMADKQKNGIKVNFKIRHNIEDGSVQLADHYQQNTPIGDGPVLLPDNHYLSTQSALSKDPNEKRDHMVLLEFVTAAGITHGMDELYK';
const E4B =
  'IEKFKLLAEKVEEIVAKNARAEIDYSDAPDEFRDPLMDTLMTDPVRLPSGTVMDRSIILRHLLNSPTDPFNRQMLTESMLEPVPELKEQIQAWMREKQSSDH';
const TABLES: Record<Alphabet['name'], { name: string; file: string; options: TableOptions }[]> = {
  protein: [
    {
      name: 'GB1',
      file: 'gb1/Gb1Dataset.csv.gz',
      options: {
        wildType: 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE',
        sites: [39, 40, 41, 54],
      },
    },
    { name: 'avGFP', file: 'avgfp/amino_acid_genotypes_to_brightness.tsv.gz', options: { wildType: AVGFP } },
    {
      name: 'AAV',
      file: 'aav/ground_truth.csv.gz',
      options: { wildType: 'DEEEIRTTNPVATEQYGSVSTNLQRGNR' },
    },
    { name: 'E4B', file: 'e4b/ube4b.tsv.gz', options: { wildType: E4B } },
  ],
  dna: [
    {
      name: 'yeast promoters',
      file: 'yeast_promoters/Native_complex.csv.gz',
      options: { scoreColumn: 'Measured Expression' },
    },
  ],
};

/** Centred kernel of features, scaled to mean diagonal 1. */
async function kernel(map: FeatureMap, sequences: Sequence[]): Promise<Float64Array> {
  const n = sequences.length;
  const D = map.width;
  const phi = Float64Array.from(await map.features(sequences));
  for (let d = 0; d < D; d++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += phi[i * D + d];
    for (let i = 0; i < n; i++) phi[i * D + d] -= sum / n;
  }
  const K = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let d = 0; d < D; d++) sum += phi[i * D + d] * phi[j * D + d];
      K[i * n + j] = K[j * n + i] = sum;
    }
  }
  let trace = 0;
  for (let i = 0; i < n; i++) trace += K[i * n + i];
  return K.map((value) => (value * n) / trace);
}

/** Predictions on `test` rows of kernel ridge fitted on `train` rows, its penalty by leave-one-out error. */
function ridge(K: Float64Array, n: number, y: Float64Array, train: number[], test: number[]): Float64Array {
  const N = train.length;
  const centre = mean(train.map((i) => y[i]));
  const target = Float64Array.from(train, (i) => y[i] - centre);
  let best: { error: number; c: Float64Array } = { error: Infinity, c: new Float64Array(N) };
  for (let log = -6; log <= 1; log += 1) {
    const A = new Float64Array(N * N);
    for (let a = 0; a < N; a++) {
      for (let b = 0; b < N; b++) A[a * N + b] = K[train[a] * n + train[b]] + (a === b ? 10 ** log : 0);
    }
    const L = cholesky(A, N);
    const c = solveCholesky(L, target);
    let error = 0;
    for (let a = 0; a < N; a++) {
      const unit = new Float64Array(N);
      unit[a] = 1;
      error += (c[a] / solveCholesky(L, unit)[a]) ** 2;
    }
    if (error < best.error) best = { error, c };
  }
  return Float64Array.from(
    test,
    (i) => centre + train.reduce((sum, j, a) => sum + best.c[a] * K[i * n + j], 0),
  );
}

function randomTwin(model: LanguageModel): LanguageModel {
  const weights = initialWeights(lossGraph(model.architecture).parameters, createRandom('twin'));
  return { ...model, sha256: 'random', weights: { read: (name) => weights.get(name)! } };
}

/** log p of every letter at every position, [L x A], from one pass over `tokens` per row of `masked` positions. */
async function letterLogits(
  model: LanguageModel,
  alphabet: Alphabet,
  pool: Pool,
  rows: Int32Array[],
): Promise<Float64Array[]> {
  const compiled = compileGraph(pool, model, () => logitsGraph(model.architecture, model.weights), 'logits');
  const columns = model.tokenizer.letters.columns(alphabet, 1);
  const out: Float64Array[] = new Array<Float64Array>(rows.length);
  await compiled.run(rows, ({ data, shape }, plan) => {
    const V = shape[2];
    plan.rows.forEach((row, b) => {
      const L = rows[row].length - 2;
      const logs = new Float64Array(L * alphabet.size);
      for (let i = 0; i < L; i++) {
        const at = (b * plan.length + i + 1) * V;
        const raw = Array.from(columns, (column) => Number(data[at + column]));
        const largest = Math.max(...raw);
        const total = largest + Math.log(raw.reduce((sum, x) => sum + Math.exp(x - largest), 0));
        raw.forEach((x, a) => (logs[i * alphabet.size + a] = x - total));
      }
      out[row] = logs;
    });
  });
  await compiled.release();
  return out;
}

/** Zero-shot scores: masked marginals against the wild type, or masked pseudo-log-likelihood where there is none. */
async function zeroShot(
  model: LanguageModel,
  table: Table,
  sequences: Sequence[],
  pool: Pool,
): Promise<Float64Array> {
  const { alphabet } = table;
  const A = alphabet.size;
  const mask = model.tokenizer.special.mask!;
  const masked = (sequence: Sequence) =>
    Array.from(sequence, (_, i) => {
      const ids = model.tokenizer.encodeSequence(alphabet, sequence);
      ids[i + 1] = mask;
      return ids;
    });
  const { wildType } = table;
  if (wildType) {
    const logs = await letterLogits(model, alphabet, pool, masked(wildType));
    return Float64Array.from(sequences, (sequence) =>
      sequence.reduce((sum, a, i) => sum + logs[i][i * A + a] - logs[i][i * A + wildType[i]], 0),
    );
  }
  const scores = new Float64Array(sequences.length);
  for (let s = 0; s < sequences.length; s++) {
    const logs = await letterLogits(model, alphabet, pool, masked(sequences[s]));
    scores[s] = sequences[s].reduce((sum, a, i) => sum + logs[i][i * A + a], 0);
  }
  return scores;
}

const model = await openLanguageModel(args.model);
const pool = createPool();
const lines = [
  `Model ${model.name}, sha256 ${model.sha256.slice(0, 16)}; ${args.rows} random rows a table (seed "evaluate"), ${TRAINING_ROWS} fitted, the rest held out, ${args.draws} draws: mean ± standard error.`,
  '',
  '| table | features | Spearman | recall of the top 5 % |',
  '|---|---|---|---|',
];
const wanted = args.tables.split(',').filter(Boolean);
for (const { name, file, options } of TABLES[model.alphabet.name]) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const table = await readTable(path.join(args.data, file), options);
  const random = createRandom('evaluate').fork(name);
  const rows = random.shuffle([...table.rows]).slice(0, Number(args.rows));
  const sequences = rows.map((row) => row.sequence);
  const y = Float64Array.from(rows, (row) => row.score);
  const n = rows.length;
  const L = sequences[0].length;
  const sites = Array.from({ length: L }, (_, i) => i).filter((i) =>
    sequences.some((s) => s[i] !== sequences[0][i]),
  );
  const sum = (...kernels: Float64Array[]) =>
    kernels[0].map((_, i) => kernels.reduce((total, K) => total + K[i], 0));
  const onehot = await kernel(siteFeatures(oneHotLetters(table.alphabet), sites), sequences);
  const lm = await kernel(languageModelFeatures(model, table.alphabet, pool), sequences);
  const twin = await kernel(languageModelFeatures(randomTwin(model), table.alphabet, pool), sequences);
  const sets: [string, Float64Array][] = [['one-hot', onehot]];
  if (table.alphabet.name === 'protein') {
    sets.push([
      'one-hot + physico-chemical',
      sum(onehot, await kernel(siteFeatures(physicoChemicalLetters(), sites), sequences)),
    ]);
  }
  sets.push(
    ['LM mean', lm],
    ['random weights, mean', twin],
    ['one-hot + LM mean', sum(onehot, lm)],
    ['one-hot + random weights', sum(onehot, twin)],
  );
  const draws = Array.from({ length: Number(args.draws) }, (_, d) =>
    createRandom('evaluate')
      .fork(`${name}/${d}`)
      .shuffle(rows.map((_row, i) => i)),
  );
  const report = (features: string, rho: number[], recall: number[]) => {
    const cell = (xs: number[]) =>
      xs.length > 1 ? `${mean(xs).toFixed(3)} ± ${standardError(xs).toFixed(3)}` : xs[0].toFixed(3);
    const line = `| ${name} | ${features} | ${cell(rho)} | ${cell(recall)} |`;
    console.log(line);
    lines.push(line);
  };
  for (const [features, K] of sets) {
    const [rho, recall]: [number[], number[]] = [[], []];
    for (const order of draws) {
      const [train, test] = [order.slice(0, TRAINING_ROWS), order.slice(TRAINING_ROWS)];
      const predicted = ridge(K, n, y, train, test);
      const truth = test.map((i) => y[i]);
      rho.push(spearman(truth, predicted));
      recall.push(topRecall(truth, predicted, Math.round(0.05 * test.length)));
    }
    report(features, rho, recall);
  }
  const zero = table.wildType ? n : 300;
  const scores = await zeroShot(model, table, sequences.slice(0, zero), pool);
  const truth = y.slice(0, zero);
  const what = table.wildType ? 'zero-shot, masked marginals' : `zero-shot, pseudo-likelihood (${zero} rows)`;
  report(what, [spearman(truth, scores)], [topRecall(truth, scores, Math.round(0.05 * zero))]);
}
if (args.out) writeFileSync(args.out, lines.join('\n') + '\n');
await pool.close();
