import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CellJob, Executor, JobReport } from '../../src/sweep/job.js';
import { createLocalExecutor } from '../../src/sweep/local-executor.js';
import { planSweep } from '../../src/sweep/plan.js';
import { createProcessExecutor } from '../../src/sweep/process-executor.js';
import { runSweep } from '../../src/sweep/run.js';
import { openStore } from '../../src/sweep/store.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { writeJson, writeSmallTask } from './config-files.js';
import { recordOf } from './records.js';

const folder = temporaryFolder();
const tiny = path.join(folder, 'tiny');
const FORMULA = 'ehrlich-20-15-2-4';
let names = 0;

beforeAll(() => writeTinyModel(tiny));

async function planOf(config: object, code?: string) {
  return planSweep(writeJson(folder, `config-${names++}.json`, config), { code });
}

/** An executor in this process that tells what it computed. */
function watched(): Executor & { computed: CellJob[] } {
  const computed: CellJob[] = [];
  const { execute } = createLocalExecutor();
  return {
    computed,
    execute: (next, done, signal) =>
      execute(
        next,
        (report) => {
          computed.push(report.job);
          return done(report);
        },
        signal,
      ),
  };
}

const keysOf = (jobs: readonly CellJob[]) => jobs.map(({ key }) => key);

const small = { tasks: [FORMULA, 'ehrlich-4-24-2-4'], methods: ['random'], seeds: 3 };

describe('runSweep', () => {
  it('computes what is missing, and nothing twice', async () => {
    const plan = await planOf(small, 'test');
    const store = openStore(plan.store);
    const [first, half] = [watched(), { ...plan, cells: plan.cells.slice(0, 4) }];
    expect(await runSweep(half, store, first)).toEqual({ total: 4, before: 0, computed: 4, failed: [] });
    const second = watched();
    expect(await runSweep(plan, store, second)).toEqual({ total: 6, before: 4, computed: 2, failed: [] });
    expect(keysOf(second.computed)).toEqual(keysOf(plan.cells.slice(4).map(({ job }) => job)));
    const bytes = readFileSync(plan.store);
    expect(await runSweep(plan, openStore(plan.store), watched())).toMatchObject({ before: 6, computed: 0 });
    expect(readFileSync(plan.store)).toEqual(bytes);
    expect(existsSync(`${plan.store}.claims`)).toBe(false);
    expect(existsSync(`${plan.store}.lock`)).toBe(false);
  });

  it('computes cells again for another version of the code', async () => {
    const file = writeJson(folder, 'versions.json', small);
    const first = await planSweep(file, { code: 'one' });
    const store = openStore(first.store);
    await runSweep(first, store, watched());
    const outcome = await runSweep(await planSweep(file, { code: 'two' }), store, watched());
    expect(outcome).toMatchObject({ before: 0, computed: 6 });
    const designs = store.records().map(({ outcome: { status }, ...record }) => [record.code, status]);
    expect(designs.filter(([code]) => code === 'two')).toHaveLength(6);
  });

  it('leaves out what any version has, where it is told to', async () => {
    const file = writeJson(folder, 'any-version.json', small);
    const first = await planSweep(file, { code: 'one' });
    const store = openStore(first.store);
    await runSweep({ ...first, cells: first.cells.slice(0, 4) }, store, watched());
    const second = await planSweep(file, { code: 'two' });
    const some = watched();
    expect(await runSweep(second, store, some, { anyVersion: true })).toEqual({
      ...{ total: 6, before: 4, computed: 2, failed: [] },
    });
    expect(keysOf(some.computed)).toEqual(keysOf(second.cells.slice(4).map(({ job }) => job)));
  });

  it('gives the same results by child processes as in this one', async () => {
    const [here, there] = [await planOf(small), await planOf(small)];
    const [a, b] = [openStore(here.store), openStore(there.store)];
    await runSweep(here, a, createLocalExecutor());
    await runSweep(there, b, createProcessExecutor({ processes: 2 }));
    expect(b.records()).toHaveLength(6);
    for (const record of a.records()) {
      const { circumstances: _, ...content } = record;
      expect(b.get(record.key)).toMatchObject(content);
    }
  });

  it('records a cell that fails with its reason, goes on, and tries it again', async () => {
    const plan = await planOf(
      {
        // 66 tokens are more than the model takes
        tasks: ['ehrlich-20-64-2-4', { task: FORMULA, count: 4 }],
        methods: [{ method: 'bib', settings: { model: tiny, steps: 1, starts: 2 } }, 'random'],
        seeds: 1,
      },
      'test',
    );
    const store = openStore(plan.store);
    const outcome = await runSweep(plan, store, watched());
    expect(outcome).toMatchObject({ total: 4, computed: 3 });
    expect(outcome.failed).toHaveLength(1);
    expect(outcome.failed[0].reason).toContain('at most 64 tokens, got 66 tokens');
    expect(store.get(outcome.failed[0].job.key)?.outcome).toEqual({
      status: 'failed',
      reason: outcome.failed[0].reason,
    });
    const again = watched();
    expect(await runSweep(plan, store, again)).toMatchObject({ before: 3, computed: 0 });
    expect(keysOf(again.computed)).toEqual([outcome.failed[0].job.key]);
  });

  it('says everything that is wrong with the tasks before it computes anything', async () => {
    const own = writeSmallTask(path.join(folder, 'own'));
    const config = {
      tasks: [
        FORMULA,
        'gb1-384',
        'aav',
        { task: own, count: 35 },
        { task: 'tfbind8', file: own, label: 'x' },
      ],
      methods: ['random'],
    };
    const plan = await planSweep(writeJson(folder, 'wrong.json', config), { dataDir: folder, code: 'test' });
    const executor = watched();
    const error = await runSweep(plan, openStore(plan.store), executor).then(
      () => '',
      (thrown: Error) => thrown.message,
    );
    expect(error).toContain('4 faults: (1) tasks[1]: ');
    expect(error).toContain('the data folder does not hold the table of this task');
    expect(error).toContain('(2) tasks[2]: ');
    expect(error).toContain('(3) tasks[3]: expected at most 34 designs, got 35');
    expect(error).toContain('(4) tasks[4]: ');
    expect(executor.computed).toEqual([]);
    expect(existsSync(plan.store)).toBe(false);
  });

  it('shares the work with another run on the same store', async () => {
    const config = { ...small, seeds: 12 };
    const file = writeJson(folder, 'shared.json', config);
    const runs = await Promise.all(
      [0, 1].map(async () => {
        const plan = await planSweep(file, { code: 'test' });
        const executor = watched();
        return { executor, outcome: await runSweep(plan, openStore(plan.store), executor) };
      }),
    );
    const computed = runs.flatMap(({ executor }) => executor.computed.map(({ key }) => key));
    expect(computed).toHaveLength(24);
    expect(new Set(computed).size).toBe(24);
    for (const { executor, outcome } of runs) {
      expect(executor.computed.length).toBeGreaterThan(0);
      expect(outcome).toEqual({ total: 24, before: 0, computed: 24, failed: [] });
    }
  });

  it('stops when the signal fires, keeps what is done, and goes on from there', async () => {
    const plan = await planOf(small, 'test');
    const controller = new AbortController();
    const reports: (JobReport | null)[] = [];
    const onProgress = ({ report, done }: { report: JobReport | null; done: number }) => {
      reports.push(report);
      if (done === 2) controller.abort();
    };
    const hooks = { signal: controller.signal, onProgress };
    await expect(runSweep(plan, openStore(plan.store), createLocalExecutor(), hooks)).rejects.toThrow(
      'cancelled',
    );
    expect(reports).toHaveLength(3);
    expect(existsSync(`${plan.store}.claims`)).toBe(false);
    const outcome = await runSweep(plan, openStore(plan.store), createLocalExecutor());
    expect(outcome).toEqual({ total: 6, before: 2, computed: 4, failed: [] });
  });

  it('takes the memory of like cells that are done for an estimate', async () => {
    const plan = await planOf(small, 'test');
    const store = openStore(plan.store);
    const [{ job }] = plan.cells;
    const done = { ...recordOf(0), key: job.key, cell: job.cell, code: job.code };
    await store.append({ ...done, circumstances: { ...done.circumstances, peakMemoryBytes: 1000 } });
    const executor = watched();
    await runSweep(plan, store, executor);
    const known = executor.computed.filter(({ memoryBytes }) => memoryBytes === 1200);
    expect(known.map(({ cell }) => [cell.task, cell.seed])).toEqual([
      [FORMULA, 1],
      [FORMULA, 2],
    ]);
  });
});
