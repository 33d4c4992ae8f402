import { appendFileSync, cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson, sha256 } from '../../src/sweep/canonical-json.js';
import { expandGrid, labelOf } from '../../src/sweep/grid.js';
import { planSweep } from '../../src/sweep/plan.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { writeJson, writeSmallTask } from './config-files.js';

const folder = temporaryFolder();
const tiny = path.join(folder, 'tiny');
const FORMULA = 'ehrlich-20-15-2-4';
let names = 0;
const configFile = (value: unknown) => writeJson(folder, `config-${names++}.json`, value);
const plan = (value: unknown) => planSweep(configFile(value), { code: 'test' });

beforeAll(async () => {
  await writeTinyModel(tiny);
  writeSmallTask(path.join(folder, 'task'));
});

describe('expandGrid', () => {
  it('makes every combination once, the last name fastest', () => {
    const points = expandGrid({ a: [1, 2], b: ['x'], c: [true, false, null] });
    expect(points).toHaveLength(6);
    expect(new Set(points.map(canonicalJson)).size).toBe(6);
    expect(points[1]).toEqual({ a: 1, b: 'x', c: false });
    expect(expandGrid({})).toEqual([{}]);
  });

  it('labels them', () => {
    const entry = { method: 'bib', settings: {}, grid: {} };
    expect(labelOf(entry, { gamma: 0.5, mode: 'both' })).toBe('bib gamma=0.5 mode=both');
    expect(labelOf({ ...entry, label: 'BIB at {gamma}' }, { gamma: 0.5, steps: 3 })).toBe(
      'BIB at 0.5 steps=3',
    );
    expect(labelOf({ ...entry, label: '{blocks} ridge' }, { blocks: ['onehot', 'pairs'] })).toBe(
      'onehot + pairs ridge',
    );
    expect(labelOf(entry, { lm: [] })).toBe('bib lm=none');
    expect(labelOf({ ...entry, label: '{a} {b}' }, { a: '$&', b: '{a}' })).toBe('$& {a}');
  });
});

describe('a plan', () => {
  it('holds tasks x methods x settings x seeds, and always a random row', async () => {
    const { cells, methods, reference, tasks } = await plan({
      tasks: [FORMULA, { task: 'task/small.json', label: 'own', plates: 3 }],
      methods: [{ method: 'bib', settings: { model: tiny }, grid: { gamma: [0, 1], steps: [1, 2] } }],
      seeds: [5, 'six'],
    });
    expect(methods.map(({ label }) => label)).toEqual([
      'bib gamma=0 steps=1',
      'bib gamma=0 steps=2',
      'bib gamma=1 steps=1',
      'bib gamma=1 steps=2',
      'random',
    ]);
    expect(reference).toBe('bib gamma=0 steps=1');
    expect(tasks[0].repeats).toEqual([
      { seed: 5, plate: 0 },
      { seed: 'six', plate: 0 },
    ]);
    expect(tasks[1].repeats).toEqual([0, 1, 2].map((number) => ({ seed: 5, plate: number })));
    expect(cells).toHaveLength(5 * (2 + 3));
    expect(new Set(cells.map(({ job }) => job.key)).size).toBe(cells.length);
    const own = cells.find(({ task }) => task.label === 'own');
    expect(own?.job.cell).toMatchObject({ count: 8, task: { kind: 'table', name: 'small' } });
    expect(own?.job.cell.task).not.toHaveProperty('file');
  });

  it('runs a method only on the tasks that it names', async () => {
    const { cells } = await plan({
      tasks: [FORMULA, { task: 'task/small.json', label: 'own' }],
      methods: ['exhaustive', { method: 'auto', tasks: ['own'] }, { method: 'bdi', tasks: [FORMULA, 'own'] }],
      seeds: 2,
    });
    const seen = cells.map(({ task, method, repeat }) => `${task.label} ${method.label} ${repeat}`);
    expect([...seen].sort()).toEqual(
      [0, 1]
        .flatMap((repeat) => [
          ...[`${FORMULA} bdi ${repeat}`, `${FORMULA} exhaustive ${repeat}`, `${FORMULA} random ${repeat}`],
          ...['auto', 'bdi', 'exhaustive', 'random'].map((method) => `own ${method} ${repeat}`),
        ])
        .sort(),
    );
    const wrong = { tasks: [FORMULA], methods: [{ method: 'auto', tasks: ['owm'] }], seeds: 1 };
    await expect(plan(wrong)).rejects.toThrow(
      `methods[0].tasks: there is no task with the label 'owm', did you mean '${FORMULA}'?`,
    );
    await expect(plan({ ...wrong, methods: [{ method: 'auto', tasks: [] }] })).rejects.toThrow(
      'methods[0].tasks',
    );
  });

  it('spells out defaults, so that a setting left out and one said are the same cell', async () => {
    const keys = async (settings: object) => {
      const { cells } = await plan({
        tasks: [FORMULA],
        methods: [{ method: 'bib', settings: { model: tiny, ...settings } }],
        seeds: 1,
      });
      return cells[0].job.key;
    };
    const key = await keys({});
    expect(await keys({ mode: 'both', starts: 128, gamma: 'adaptive' })).toBe(key);
    expect(await keys({ starts: 127 })).not.toBe(key);
  });

  it('keys a cell by the code, the table and the model, and not by where they lie', async () => {
    const elsewhere = path.join(folder, 'elsewhere');
    writeSmallTask(elsewhere, { description: 'Told otherwise.' });
    const keyOf = async (task: string, options: { code?: string; model?: string } = {}) => {
      const { code = 'test', model = tiny } = options;
      const methods = [{ method: 'bib', settings: { model } }];
      const { cells } = await planSweep(configFile({ tasks: [task], methods, seeds: 1 }), { code });
      return cells[0].job.key;
    };
    const key = await keyOf('task/small.json');
    expect(await keyOf('elsewhere/small.json')).toBe(key);
    expect(await keyOf('task/small.json', { code: 'other' })).not.toBe(key);
    appendFileSync(path.join(elsewhere, 'small.csv'), 'CCCC,0\n');
    expect(await keyOf('elsewhere/small.json')).not.toBe(key);
    const jobs = (await plan({ tasks: ['tfbind8-r', FORMULA], methods: ['random'], seeds: 1 })).cells;
    // known without the table at hand
    expect(jobs[0].job.expected.table).toMatch(/^[0-9a-f]{64}$/);
    expect(jobs[1].job.expected).toEqual({});
  });

  it('keys a cell by the bytes of its model', async () => {
    const model = path.join(folder, 'changing');
    cpSync(tiny, model, { recursive: true });
    const config = configFile({
      tasks: [FORMULA],
      methods: [{ method: 'bib', settings: { model } }],
      seeds: 1,
    });
    const before = (await planSweep(config, { code: 'test' })).cells[0].job;
    await writeTinyModel(model, 'dna');
    const after = (await planSweep(config, { code: 'test' })).cells[0].job;
    expect(after.key).not.toBe(before.key);
    expect(after.cell).toEqual(before.cell);
  });

  it('puts the store beside the config unless it is told otherwise', async () => {
    const members = { tasks: [FORMULA], methods: ['random'] };
    const file = writeJson(folder, 'a/b.json', members);
    expect((await planSweep(file, { code: '' })).store).toBe(path.join(folder, 'a/b.results.ndjson'));
    const named = writeJson(folder, 'a/c.json', { ...members, store: '../s.ndjson' });
    expect((await planSweep(named, { code: '' })).store).toBe(path.join(folder, 's.ndjson'));
    expect((await planSweep(named, { code: '', store: '/x' })).store).toBe('/x');
  });
});

const valid = { tasks: [FORMULA], methods: ['random'] };

describe('a config with faults', () => {
  it('lists all of them at once, with the nearest names', async () => {
    const config = {
      taks: [],
      seeds: 0,
      metric: 'medain',
      tasks: [
        'tfbind8r',
        { task: FORMULA, cuont: 3 },
        { task: FORMULA, label: 'x', count: 1.5 },
        7,
        'none.json',
      ],
      methods: [
        'bibb',
        { method: 'bib', settings: { gama: 1, mode: 'up', model: tiny }, grid: { gamma: [0, 2, 'x'] } },
        { method: 'random', settings: { seed: 1 } },
        { label: 'nameless' },
      ],
    };
    const error = await plan(config).then(
      () => '',
      (thrown: Error) => thrown.message,
    );
    for (const part of [
      "taks: there is no such member, did you mean 'tasks'?",
      'seeds: expected a whole number from 1 to 10000, got 0',
      'metric: expected one of median, ',
      'got "medain"',
      "tasks[0]: there is no task 'tfbind8r'",
      "Did you mean 'tfbind8-r'?",
      "tasks[1].cuont: there is no such member, did you mean 'count'?",
      'tasks[2].count: expected a whole number from 1 to 100000, got 1.5',
      'tasks[3]: expected a name, or an object with the member task, got 7',
      'the task file cannot be read; got ENOENT',
      "methods[0]: there is no method 'bibb', did you mean 'bib'?",
      "methods[1].settings.gama: there is no such setting, did you mean 'gamma'?",
      'methods[1].settings.mode: expected one of both, forward, backward, got "up"',
      'methods[1].grid.gamma: expected at most 1, got 2',
      'methods[1].grid.gamma: expected adaptive, or a number, got "x"',
      'methods[2].settings.seed: there is no such setting',
      'methods[3].method: expected a text, got nothing',
    ])
      expect(error).toContain(part);
    expect(error).toMatch(/^\S+config-\d+\.json: 15 faults: \(1\) .*\(15\) [^\n]*\.$/);
  });

  it.each([
    ['not JSON', '{"tasks": [', 'the config is not JSON'],
    ['no object', '[1]', 'the config is no object'],
    ['empty', '{}', '2 faults: (1) tasks: expected a list of at least one'],
    ['no tasks', '{"tasks": [], "methods": ["random"]}', 'tasks: expected a list of at least one'],
  ])('%s', async (_, text, says) => {
    const file = path.join(folder, `text-${names++}.json`);
    writeFileSync(file, text);
    await expect(planSweep(file)).rejects.toThrow(says);
  });

  it.each<[string, object, string]>([
    [
      'a repeated task',
      { ...valid, tasks: [FORMULA, FORMULA] },
      `tasks: two of them are called '${FORMULA}'`,
    ],
    [
      'a repeated method',
      { ...valid, methods: ['random', 'random'] },
      "methods: two of them are called 'random'",
    ],
    ['a repeated seed', { ...valid, seeds: [1, 2, 1] }, 'tasks[0]: a seed or plate stands there twice'],
    [
      'seeds and plates',
      { ...valid, tasks: [{ task: FORMULA, seeds: 2, plates: 2 }] },
      'tasks[0]: expected seeds or plates, got both',
    ],
    [
      'an unknown reference',
      { ...valid, reference: 'radnom' },
      "reference: there is no method with the label 'radnom', did you mean 'random'?",
    ],
    [
      'a setting in both places',
      { ...valid, methods: [{ method: 'bib', settings: { gamma: 1 }, grid: { gamma: [1] } }] },
      'methods[0].grid.gamma: it stands in settings too',
    ],
    [
      'a huge grid',
      {
        ...valid,
        methods: [
          { method: 'bib', grid: Object.fromEntries('abcde'.split('').map((k) => [k, Array(10).fill(0)])) },
        ],
      },
      'methods[0].grid: expected at most 10000 combinations, got 100000',
    ],
    [
      'a model that is not there',
      { ...valid, methods: [{ method: 'bib', settings: { model: 'nowhere' } }] },
      "method bib: there is no model 'nowhere'",
    ],
    [
      'a task without its file',
      { ...valid, tasks: ['tfbind10-r'] },
      'tasks[0]: the task tfbind10-r needs a table of your own',
    ],
    ['a task file with faults', { ...valid, tasks: ['bad/small.json'] }, 'tasks[0]: '],
    [
      'a table with a wrong checksum',
      { ...valid, tasks: ['wrong/small.json'] },
      'the table has a wrong checksum',
    ],
  ])('%s', async (_, config, says) => {
    writeSmallTask(path.join(folder, 'bad'), { mode: 'chose' });
    writeSmallTask(path.join(folder, 'wrong'), { sha256: sha256('another table') });
    await expect(plan(config)).rejects.toThrow(says);
  });
});
