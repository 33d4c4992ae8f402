/** What a model is worth: perplexity, a ridge head on measured variants, and how fast it reads. */
import path from 'node:path';
import { createRandom } from '../../src/core/random.js';
import { languageModelFeatures } from '../../src/lm/lm-feature-map.js';
import type { LanguageModel } from '../../src/lm/language-model.js';
import { cholesky, dot, solveCholesky } from '../../src/proxy/linear-algebra.js';
import { standardise } from '../../src/proxy/standardise.js';
import type { Pool } from '../../src/runtime/pool.js';
import { mean, spearman } from '../../src/stats/index.js';
import { leaveOneOutPenalty } from '../../src/sweep/plain-ridge.js';
import { readTable, type Table } from '../../src/table/index.js';
import { cpuSeconds } from './arms.js';

const TABLES = {
  GB1: {
    file: 'gb1/Gb1Dataset.csv.gz',
    options: {
      wildType: 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE',
      sites: [39, 40, 41, 54],
    },
  },
  AAV: { file: 'aav/ground_truth.csv.gz', options: { wildType: 'DEEEIRTTNPVATEQYGSVSTNLQRGNR' } },
};

/** Rows that a head is fitted to, rows that it is asked about, and how many of those are picked. */
const [FITTED, ASKED, PICKED] = [384, 1000, 96];

export type TableName = keyof typeof TABLES;

/** Tables by name. */
export async function readTables(data: string): Promise<Record<TableName, Table>> {
  const read = (name: TableName) => readTable(path.join(data, TABLES[name].file), TABLES[name].options);
  return { GB1: await read('GB1'), AAV: await read('AAV') };
}

/** One draw of one table. */
export interface Draw {
  table: TableName;
  draw: number;
  /** Of predicted and measured scores over the rows that were not fitted. */
  spearman: number;
  /** Mean measured score of the 96 rows with the best predictions, in standard deviations of all rows asked about. */
  picked: number;
  /** Sequences read in a CPU second. */
  sequencesPerCpuSecond: number;
}

/** A ridge head on the mean features of a model, its penalty by leave-one-out error. */
export async function headDraws(
  model: LanguageModel,
  pool: Pool,
  tables: Record<TableName, Table>,
  draws: number,
): Promise<Draw[]> {
  const found: Draw[] = [];
  for (const [name, table] of Object.entries(tables) as [TableName, Table][]) {
    const map = languageModelFeatures(model, table.alphabet, pool);
    for (let draw = 0; draw < draws; draw++) {
      const random = createRandom(`distill/${name}/${draw}`);
      const rows = random.shuffle([...table.rows]).slice(0, FITTED + ASKED);
      const before = cpuSeconds();
      const phi = Float64Array.from(await map.features(rows.map((row) => row.sequence)));
      const cpu = cpuSeconds() - before;
      const scores = rows.map((row) => row.score);
      const predicted = ridge(phi, map.width, scores.slice(0, FITTED));
      const truth = standardise(scores.slice(FITTED)).y;
      const best = [...truth.keys()].sort((a, b) => predicted[b] - predicted[a]).slice(0, PICKED);
      found.push({
        ...{ table: name, draw, spearman: spearman(truth, predicted) },
        ...{ picked: mean(best.map((i) => truth[i])), sequencesPerCpuSecond: rows.length / cpu },
      });
    }
  }
  return found;
}

/** Predictions for the rows after the fitted ones, whose features come first. */
function ridge(phi: Float64Array, D: number, scores: number[]): Float64Array {
  const N = scores.length;
  const centre = new Float64Array(D);
  for (let i = 0; i < N; i++) for (let d = 0; d < D; d++) centre[d] += phi[i * D + d] / N;
  const centred = phi.map((x, i) => x - centre[i % D]);
  const row = (i: number) => centred.subarray(i * D, (i + 1) * D);
  const { y } = standardise(scores);
  const share = leaveOneOutPenalty(centred.slice(0, N * D), y, createRandom('penalty'));
  const K = new Float64Array(N * N);
  for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) K[i * N + j] = dot(row(i), row(j));
  let trace = 0;
  for (let i = 0; i < N; i++) trace += K[i * N + i];
  for (let i = 0; i < N; i++) K[i * N + i] += share * trace;
  const dual = solveCholesky(cholesky(K, N), y);
  const weights = new Float64Array(D);
  for (let i = 0; i < N; i++) for (let d = 0; d < D; d++) weights[d] += dual[i] * row(i)[d];
  return Float64Array.from({ length: phi.length / D - N }, (_, i) => dot(weights, row(N + i)));
}
