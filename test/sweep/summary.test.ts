import { describe, expect, it } from 'vitest';
import type { PlannedCell, SweepPlan } from '../../src/sweep/plan.js';
import { svgPlot, htmlPlot } from '../../src/sweep/plot.js';
import type { CellMetrics, CellRecord } from '../../src/sweep/record.js';
import { countStates, findCells, type FoundCell } from '../../src/sweep/results.js';
import type { Store } from '../../src/sweep/store.js';
import { summarise } from '../../src/sweep/summary.js';
import { csvTable, jsonTable, markdownTable } from '../../src/sweep/table.js';
import { recordOf } from './records.js';

/** A plan of one task, with cells whose keys are their places. */
function planOf(methods: readonly string[], seeds: readonly number[], title = 'A title'): SweepPlan {
  const task = {
    at: 'tasks[0]',
    label: 'task <1>',
    source: { task: 'some' },
    identity: { identity: 'some', table: null, alphabet: 'protein', count: 2 },
    count: 2,
    over: 'seeds',
    repeats: seeds.map((seed) => ({ seed, plate: 0 })),
    metric: 'median',
  } as const;
  const planned = methods.map((label) => ({ label, tasks: null })) as unknown as SweepPlan['methods'];
  const cells = seeds.flatMap((seed, repeat) =>
    planned.map((method): PlannedCell => {
      const cell = { ...recordOf(0).cell, seed, method: method.label };
      return { task, method, repeat, job: { cell, key: `${method.label} ${seed}` } as PlannedCell['job'] };
    }),
  );
  const config = { description: 'What *it* is.' } as SweepPlan['config'];
  return {
    config,
    title,
    store: '',
    code: new Map(methods.map((label) => [label, 'now'])),
    tasks: [task],
    methods: planned,
    reference: methods[0],
    cells,
  };
}

interface Found {
  metrics?: Partial<CellMetrics>;
  failed?: string;
  code?: string;
}

/** A store that holds these records by key. */
function storeOf(plan: SweepPlan, found: Record<string, Found>): Store {
  const records = Object.entries(found).map(([key, { metrics, failed, code = 'now' }]): CellRecord => {
    const record = recordOf(1);
    const cell = plan.cells.find(({ job }) => job.key === key)?.job.cell ?? record.cell;
    const outcome: CellRecord['outcome'] = structuredClone(record.outcome);
    if (outcome.status === 'done') Object.assign(outcome.result.metrics, metrics);
    const passes = { measured: 4, asked: 10, done: 6 };
    const circumstances = { ...record.circumstances, passes, seconds: { task: 1, total: 5 } };
    return {
      ...record,
      ...{ key: code === 'now' ? key : `${key} of ${code}`, cell, code, circumstances },
      outcome: failed === undefined ? outcome : { status: 'failed', reason: failed },
    };
  });
  const byKey = new Map(records.map((record) => [record.key, record]));
  return { records: () => records, get: (key: string) => byKey.get(key) } as unknown as Store;
}

const medians = (values: Record<string, number | null>) =>
  Object.fromEntries(Object.entries(values).map(([key, median]) => [key, { metrics: { median } }]));

describe('findCells', () => {
  it('tells done, failed, outdated and missing cells apart', () => {
    const plan = planOf(['a', 'b'], [1, 2]);
    const store = storeOf(plan, {
      'a 1': {},
      'b 1': { failed: 'why' },
      'a 2': { code: 'then' },
    });
    const states = (cells: FoundCell[]) => cells.map(({ cell, found }) => [cell.job.key, found.state]);
    expect(states(findCells(plan, store))).toEqual([
      ['a 1', 'done'],
      ['b 1', 'failed'],
      ['a 2', 'outdated'],
      ['b 2', 'missing'],
    ]);
    const counts = { done: 2, failed: 1, outdated: 0, missing: 1 };
    expect(countStates(findCells(plan, store, true))).toEqual(counts);
  });
});

describe('summarise', () => {
  it('leaves out a method on a task that it is not run on', () => {
    const plan = planOf(['a', 'b'], [0]);
    plan.methods[1].tasks = ['another'];
    const summary = summarise(plan, findCells(plan, storeOf(plan, {})));
    expect(summary.tasks[0].methods.map(({ label }) => label)).toEqual(['a']);
  });

  it('gives means, standard errors and paired differences', () => {
    const plan = planOf(['a', 'b', 'c'], [1, 2, 3, 4]);
    const values = {
      'a 1': 1,
      'a 2': 2,
      'a 3': 6,
      'a 4': 9,
      'b 1': 2,
      'b 2': 4,
      'b 3': 9,
      'c 1': 5,
      'c 3': null,
    };
    const summary = summarise(plan, findCells(plan, storeOf(plan, medians(values))));
    const [a, b, c] = summary.tasks[0].methods;
    // mean (1 + 2 + 6 + 9) / 4; squared deviations 12.25 + 6.25 + 2.25 + 20.25 = 41; 41 / 3 / 4
    expect(a.metrics.median).toEqual({
      mean: 4.5,
      standardError: expect.closeTo(Math.sqrt(41 / 12), 12) as number,
      n: 4,
    });
    expect(a.difference).toBeNull();
    expect(b.metrics.median).toMatchObject({ mean: 5, n: 3 });
    // differences 1, 2, 3: mean 2, standard error 1 / sqrt 3, and t_2 = 4.302652729911275 (tables of Student's t)
    expect(b.difference).toMatchObject({
      mean: 2,
      n: 3,
      low: expect.closeTo(2 - 4.302652729911275 / Math.sqrt(3), 9) as number,
      high: expect.closeTo(2 + 4.302652729911275 / Math.sqrt(3), 9) as number,
    });
    expect(c.metrics.median).toEqual({ mean: 5, standardError: null, n: 1 });
    expect(c.values).toEqual([5, null, null, null]);
    expect(c.difference).toBeNull();
    expect([a, b, c].map(({ done, missing }) => [done, missing])).toEqual([
      [4, 0],
      [3, 1],
      [2, 2],
    ]);
    // 5 s less 1 s of opening the task, and 6 + 4 passes, over two designs
    expect(a.cost).toEqual({ seconds: 2, passes: 5 });
  });
});

const hostile = '<script>alert("x")</script>|[a](javascript:b)\n=1+1\u001b[31m';

describe('tables and plots', () => {
  const plan = planOf(['ours', hostile, 'none'], [1, 2, 3], 'Title & <b>');
  const keys = (label: string, values: number[]) =>
    Object.fromEntries(values.map((value, i) => [`${label} ${i + 1}`, value]));
  const store = storeOf(plan, {
    ...medians({ ...keys('ours', [0.91, 0.87, 0.95]), ...keys(hostile, [0.5, 0.61, 0.42]) }),
    'none 1': { failed: 'it has | a bar' },
  });
  const summary = summarise(plan, findCells(plan, store));

  it('as Markdown', async () => {
    await expect(markdownTable(summary, { cost: true })).toMatchFileSnapshot('golden/table-markdown.txt');
    expect(markdownTable(summary)).not.toContain('s / design');
  });

  it('tells which methods were computed by which version of the code', () => {
    const labels = ['a', 'b|', 'c'];
    const mixed = planOf(labels, [1, 2]);
    const found = { 'a 1': {}, 'a 2': {}, 'b| 1': { code: 'then' }, 'c 1': {}, 'c 2': { code: 'then' } };
    const { code } = summarise(mixed, findCells(mixed, storeOf(mixed, found), true));
    expect(code).toEqual([
      { version: 'now', methods: ['a', 'c'] },
      { version: 'then', methods: ['b|', 'c'] },
    ]);
    expect(markdownTable({ ...summary, code })).toContain(' Code now (a, c), then (b\\|, c).\n');
    expect(markdownTable(summary)).toContain(' Code now.\n');
    expect(markdownTable({ ...summary, code: [] })).not.toContain('Code');
  });

  it('as CSV', async () => {
    await expect(csvTable(summary)).toMatchFileSnapshot('golden/table-csv.txt');
  });

  it('as JSON', () => {
    expect(JSON.parse(jsonTable(summary))).toEqual(JSON.parse(JSON.stringify(summary)));
  });

  it('as SVG and HTML with every text escaped', async () => {
    const svg = svgPlot(summary);
    await expect(svg).toMatchFileSnapshot('golden/plot-svg.txt');
    for (const text of [svg, htmlPlot(summary)]) {
      expect(text).not.toContain('<script');
      expect(text).not.toContain('\u001b');
    }
    expect(htmlPlot(summary)).toContain(svg);
    // one light dot a result
    expect(svg.match(/fill-opacity/g)).toHaveLength(6);
  });

  it('without any result', () => {
    const empty = summarise(plan, findCells(plan, storeOf(plan, {})));
    expect(markdownTable(empty)).toContain('**Not complete**: 9 cells are missing.');
    expect(svgPlot(empty)).toContain('no results');
  });

  it('of one value, or of equal ones', () => {
    const one = summarise(plan, findCells(plan, storeOf(plan, medians(keys('ours', [0.5])))));
    expect(svgPlot(one)).not.toContain('NaN');
    const equal = summarise(plan, findCells(plan, storeOf(plan, medians(keys('ours', [0.5, 0.5, 0.5])))));
    expect(svgPlot(equal)).not.toContain('NaN');
    expect(markdownTable(equal)).toContain('| ours | 3 | 1.000 ± 0.000 | 0.500 ± 0.000 |');
  });
});
