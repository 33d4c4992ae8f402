import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decode } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { bib } from '../../src/design/bib.js';
import { designSequences } from '../../src/design/design-sequences.js';
import { openLanguageModel } from '../../src/lm/language-model.js';
import { languageModelFeatures } from '../../src/lm/lm-feature-map.js';
import { createPool } from '../../src/runtime/pool.js';
import { loadTask } from '../../src/tasks/index.js';
import { problemOfTask } from '../../src/sweep/task-problem.js';
import { computeCell } from '../../src/sweep/compute-cell.js';
import type { CellJob } from '../../src/sweep/job.js';
import { planSweep } from '../../src/sweep/plan.js';
import { runJob } from '../../src/sweep/run-job.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { smallTable, writeJson, writeSmallTask } from './config-files.js';

const folder = temporaryFolder();
const tiny = path.join(folder, 'tiny');

beforeAll(() => writeTinyModel(tiny));

/** The jobs of a small config on a table of its own. */
async function jobsOf(
  methods: unknown[],
  { task = {}, seeds = 1 as unknown, count = 8 } = {},
): Promise<CellJob[]> {
  const file = writeSmallTask(path.join(folder, `task-${JSON.stringify(task).length}`), task);
  const config = writeJson(folder, 'config.json', { tasks: [{ task: file, count }], methods, seeds });
  return (await planSweep(config, { code: 'test' })).cells.map(({ job }) => job);
}

/** Scores of the table by sequence. */
const scores = new Map(
  smallTable()
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => [row.split(',')[0], Number(row.split(',')[1])]),
);
const sorted = [...scores.values()].sort((a, b) => a - b);

/** What `designSequences` gives for the same settings and draws. */
async function designSequencesFor({ cell, source, data }: CellJob): Promise<string[]> {
  const task = await loadTask(source.task, { ...data, seed: cell.seed, plate: cell.plate });
  const pool = createPool(1);
  try {
    const { designs } = await designSequences({
      ...task.measured,
      problem: problemOfTask(task, cell.count),
      featureMap: languageModelFeatures(await openLanguageModel(tiny), task.alphabet, pool),
      options: { count: cell.count, starts: 4, method: bib({ steps: 3 }) },
      random: createRandom(`${cell.seed}/${cell.plate}`).fork('method'),
    });
    return designs.map(({ sequence }) => decode(task.alphabet, sequence));
  } finally {
    await pool.close();
  }
}

describe('computeCell', () => {
  it('scores the designs by the table', async () => {
    const [job] = await jobsOf(['random']);
    const { result, circumstances } = await computeCell(job);
    expect(result.designs).toHaveLength(8);
    const found = result.designs.map((design) => scores.get(design) as number);
    expect(result.scores).toEqual(found);
    const ascending = [...found].sort((a, b) => a - b);
    const [low, high] = [sorted[0], sorted[sorted.length - 1]];
    const normalise = (score: number) => (score - low) / (high - low);
    const close = (value: number) => expect.closeTo(value, 12) as number;
    expect(result.metrics).toEqual({
      max: close(normalise(ascending[7])),
      median: close(normalise((ascending[3] + ascending[4]) / 2)),
      lowerMedian: close(normalise(ascending[3])),
      mean: close(normalise(found.reduce((sum, score) => sum + score, 0) / 8)),
      meanScore: close(found.reduce((sum, score) => sum + score, 0) / 8),
      // all 64 rows are among the best 100
      topHits: 8,
      distinct: 8,
      unscored: 0,
      measured: 0,
    });
    expect(result.protocol).toContain('30 of 64 rows are measured');
    expect(circumstances.passes).toBeNull();
    expect(circumstances.peakMemoryBytes).toBeGreaterThan(2 ** 20);
  });

  it('is the same for the same cell, and another for another seed', async () => {
    const [a, b] = await jobsOf(['random'], { seeds: 2 });
    const first = (await computeCell(a)).result;
    expect((await computeCell(a)).result).toEqual(first);
    expect((await computeCell(b)).result.designs).not.toEqual(first.designs);
  });

  const settings = { model: tiny, steps: 3, starts: 4 };

  it('runs BIB freely: what it proposes is unmeasured and has a score', async () => {
    const [job] = await jobsOf([{ method: 'bib', settings }]);
    const { result, circumstances } = await computeCell(job);
    expect(result.metrics).toMatchObject({ distinct: 8, unscored: 0, measured: 0 });
    expect(circumstances.passes?.measured).toBe(30);
    expect(circumstances.passes?.asked).toBeGreaterThanOrEqual(circumstances.passes?.done ?? NaN);
    expect((await computeCell(job)).result).toEqual(result);
    expect(result.designs).toEqual(await designSequencesFor(job));
  });

  it('runs BIB on blocks, with those of a language model too', async () => {
    const own = { ...settings, features: 'blocks', average: 2 };
    const [job] = await jobsOf([{ method: 'bib', settings: own }]);
    const { result } = await computeCell(job);
    expect(result.metrics).toMatchObject({ distinct: 8, unscored: 0, measured: 0 });
    expect(result.notes[0]).toMatch(/^share of the signal: /);
    // whether a task has a wild type is not known before it is loaded
    expect(job.expected).toHaveProperty('model');
    const [none] = await jobsOf([{ method: 'bib', settings: { ...own, lm: [] } }]);
    expect(none.expected).not.toHaveProperty('model');
    expect((await computeCell(none)).result.designs).toEqual(result.designs);
    const more = { ...own, blocks: ['onehot'], lm: ['lm-mean', 'lm-sites'] };
    const [other] = await jobsOf([{ method: 'bib', settings: more }]);
    expect(other.expected).toHaveProperty('model');
    expect((await computeCell(other)).result.designs).toHaveLength(8);
    const wrong = await jobsOf([{ method: 'bib', settings: { ...own, lm: ['llr'] } }]);
    expect((await runJob(wrong[0])).outcome).toMatchObject({
      reason: expect.stringContaining('llr compares with the wild type, and none is known') as string,
    });
  });

  it('runs plain ridge regression, and names a block that is not there', async () => {
    const ridge = { features: 'ridge', blocks: ['onehot'] };
    const [loo, weak, wrong] = await jobsOf([
      { method: 'exhaustive', label: 'loo', settings: ridge },
      { method: 'exhaustive', label: 'weak', settings: { ...ridge, penalty: 'weak' } },
      { method: 'exhaustive', label: 'wrong', settings: { ...ridge, blocks: ['onehott'] } },
    ]);
    for (const job of [loo, weak]) {
      const { result } = await computeCell(job);
      expect(result.metrics).toMatchObject({ distinct: 8, unscored: 0, measured: 0 });
      // the score is a sum over letters but for a product of two: better than a random draw
      expect(result.metrics.median).toBeGreaterThan(0.65);
    }
    expect((await runJob(wrong)).outcome).toMatchObject({
      reason: expect.stringContaining("no block 'onehott', did you mean 'onehot'?") as string,
    });
  });

  it('takes a batch by any rule, free or choosing', async () => {
    const grid = { batchRule: ['mean', 'lcb', 'ucb', 'thompson', 'distance', 'determinant'] };
    for (const mode of ['design', 'choose']) {
      const own = { features: 'blocks', average: 2 };
      const jobs = await jobsOf([{ method: 'exhaustive', settings: own, grid }], { task: { mode } });
      const batches = [];
      for (const job of jobs.slice(0, 6)) {
        const { result } = await computeCell(job);
        expect(result.metrics).toMatchObject({ distinct: 8, unscored: 0, measured: 0 });
        batches.push([...result.designs].sort().join());
      }
      expect(new Set(batches).size).toBeGreaterThan(2);
    }
    const [unsure] = await jobsOf([
      { method: 'exhaustive', settings: { features: 'ridge', batchRule: 'thompson' } },
    ]);
    expect((await runJob(unsure)).outcome).toMatchObject({
      reason: expect.stringContaining('batch rule thompson needs a proxy') as string,
    });
  });

  it('runs methods with a model of their own, which need no proxy', async () => {
    const networks = { members: 1, epochs: 1, hidden: 4 };
    const [job] = await jobsOf([{ method: 'genetic', settings: { queries: 20, population: 5, networks } }]);
    expect(job.expected).not.toHaveProperty('model');
    const { result, circumstances } = await computeCell(job);
    expect(result.metrics).toMatchObject({ distinct: 8, unscored: 0, measured: 0 });
    expect(circumstances.passes?.measured).toBe(0);
  });

  it('runs BIB to choose: the best of the candidates by its ranking', async () => {
    const task = { mode: 'choose' };
    const [few] = await jobsOf([{ method: 'bib', settings }], { task });
    const { result, circumstances } = await computeCell(few);
    expect(result.metrics).toMatchObject({ distinct: 8, unscored: 0, measured: 0 });
    expect(circumstances.passes).toEqual({ measured: 30, asked: 34, done: 34 });
    const [all] = await jobsOf([{ method: 'bib', settings }], { task, count: 34 });
    const ranked = (await computeCell(all)).result.designs;
    expect(new Set(ranked).size).toBe(34);
    expect(ranked.slice(0, 8)).toEqual(result.designs);
    const [other] = await jobsOf([{ method: 'bib', settings: { ...settings, mode: 'backward' } }], { task });
    expect((await computeCell(other)).result.designs).not.toEqual(result.designs);
  });

  it('refuses a table that is not the planned one', async () => {
    const [job] = await jobsOf(['random']);
    const report = await runJob({ ...job, expected: { table: 'another' } });
    expect(report.outcome).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('the table changed during the sweep') as string,
    });
  });
});
