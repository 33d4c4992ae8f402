import path from 'node:path';
import Papa from 'papaparse';
import { beforeAll, describe, expect, it } from 'vitest';
import { designFromTable, type DesignRun } from '../../src/run/design-run.js';
import { formatNumber } from '../../src/run/cells.js';
import { designsCsv, designsFasta, runFiles, timingsRecord } from '../../src/run/files.js';
import { createPhaseClock } from '../../src/run/phase-clock.js';
import { printable } from '../../src/run/printable.js';
import { runRecord } from '../../src/run/record.js';
import { parseFasta } from '../../src/table/fasta.js';
import { parseTable } from '../../src/table/read.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { writeTinyModel } from '../helpers/tiny-model.js';
import { smallTable, WILD_TYPE } from './small-table.js';

const model = path.join(temporaryFolder(), 'tiny');
let run: DesignRun;

beforeAll(async () => {
  await writeTinyModel(model);
  const table = parseTable(smallTable(), 'small.csv', { wildType: WILD_TYPE });
  run = await designFromTable(table, {
    blocks: ['onehot', 'llr'],
    model,
    count: 5,
    starts: 3,
    steps: 2,
    workers: 1,
  });
});

describe('formatNumber', () => {
  it('prints six significant digits at most, shortest first', () => {
    expect([1 / 3, 0.5, -0, 1234567.8, -1e-9, 2 / 3e7, 100].map(formatNumber)).toEqual([
      '0.333333',
      '0.5',
      '0',
      '1234570',
      '-1e-9',
      '6.66667e-8',
      '100',
    ]);
  });
});

describe('designs.csv', () => {
  it('reads back to the designs', () => {
    const { data, meta } = Papa.parse<Record<string, string>>(designsCsv(run.rows).trimEnd(), {
      header: true,
    });
    expect(meta.fields).toMatchInlineSnapshot(`
      [
        "rank",
        "id",
        "sequence",
        "mutations",
        "predicted_score",
        "predicted_sd",
        "leverage",
        "outside_measured",
        "forward_loss",
        "backward_loss",
        "nearest_distance",
        "nearest_id",
        "nearest_mutations",
        "nearest_score",
        "changes_from_nearest",
      ]
    `);
    expect(data).toHaveLength(5);
    data.forEach((cells, i) => {
      const row = run.rows[i];
      expect(cells.sequence).toBe(row.sequence);
      expect(cells.mutations).toBe(row.mutations);
      expect(Number(cells.predicted_score)).toBeCloseTo(row.predicted, 4);
      expect(Number(cells.predicted_sd)).toBeCloseTo(row.deviation!, 4);
      expect(Number(cells.leverage)).toBeCloseTo(row.leverage!, 3);
      expect(cells.outside_measured).toBe(row.outside ? 'yes' : 'no');
      expect(cells.nearest_id).toBe(row.nearestId);
      expect(cells.changes_from_nearest).toBe(row.changes);
    });
  });

  it('puts an apostrophe before what a spreadsheet would run, and leaves numbers alone', () => {
    const row = { ...run.rows[0], predicted: -1.5, nearestId: '=cmd()' };
    for (const id of ['=1+1', '+A1', '-A1', '@SUM(A1)', '\tx', '-1+2', '=-1.5']) {
      const [, line] = designsCsv([{ ...row, nearestId: id }]).split('\n');
      expect(line).toContain(`'${id}`);
      expect(line).toContain(',-1.5,');
    }
    for (const id of ['-1.5', '+3e-5', 'A-1', "it's"]) {
      const [, line] = designsCsv([{ ...row, nearestId: id }]).split('\n');
      expect(line).toContain(`,${id},`);
    }
  });
});

describe('designs.fasta', () => {
  it('reads back to the designs, in their order', () => {
    const records = parseFasta(designsFasta(run.rows), 'designs.fasta');
    expect(records.map(({ id }) => id)).toEqual(run.rows.map(({ id }) => id));
    expect(records.map(({ text }) => text)).toEqual(run.rows.map(({ sequence }) => sequence));
  });
});

describe('run.json', () => {
  it('holds what the designs depend on, and neither times nor what does not change them', () => {
    const record = runRecord(run);
    expect(record.versions.biseq).toMatch(/^\d+\.\d+\.\d+/);
    expect(record.versions.onnxruntime).toMatch(/^\d+\.\d+\.\d+/);
    expect(record.table.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(record.model?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(record)).toMatchInlineSnapshot(`
      [
        "format",
        "tool",
        "versions",
        "table",
        "model",
        "options",
        "proxy",
        "result",
      ]
    `);
    expect(record.proxy.blocks?.signal.map(({ block }) => block)).toEqual(['onehot', 'llr']);
    expect({ ...record.options, model: path.basename(record.options.model ?? '') }).toMatchInlineSnapshot(`
      {
        "batch": "lcb",
        "blocks": [
          "onehot",
          "llr",
        ],
        "count": 5,
        "designable": [
          3,
          5,
          8,
          11,
        ],
        "direction": "max",
        "eta": "adaptive",
        "etaOver": "accumulate",
        "features": "blocks",
        "fixed": [],
        "gamma": "adaptive",
        "gammaAt": "current",
        "letters": "ACDEFGHIKLMNPQRSTVWY",
        "lettersAt": {},
        "maxMutations": null,
        "mode": "both",
        "model": "tiny",
        "mutationsFrom": null,
        "ridge": "evidence",
        "search": "auto",
        "seed": 0,
        "starts": 3,
        "steps": 2,
        "take": "visited",
      }
    `);
    expect(JSON.stringify(record)).not.toMatch(/workers|memo|seconds/i);
  });
});

describe('timings.json', () => {
  it('holds the times, the passes and their sum', () => {
    const finishedAt = new Date(0);
    const record = timingsRecord(
      { ...run, seconds: { model: 1, learn: 2.5, design: 4 } },
      { finishedAt, tableSeconds: 0.5 },
    );
    expect(record.finishedAt).toBe('1970-01-01T00:00:00.000Z');
    expect(record.seconds).toEqual({ table: 0.5, model: 1, learn: 2.5, design: 4, total: 8 });
    expect(record.passes.measured).toBe(run.table.rows.length);
    expect(record.passes.done + record.passes.memoHits).toBe(record.passes.asked);
    expect(record.workers).toBe(1);
  });
});

describe('runFiles', () => {
  it('ends every file with a newline', () => {
    const files = runFiles(run, { finishedAt: new Date(0) });
    expect(Object.keys(files)).toEqual(['designs.csv', 'designs.fasta', 'run.json', 'timings.json']);
    for (const text of Object.values(files)) expect(text.endsWith('\n')).toBe(true);
  });
});

describe('printable', () => {
  it('escapes what could move a cursor or break a line, and nothing else', () => {
    expect(printable('\u001b[31mred\u0007\r\n\u202eabc\u2028')).toBe(
      '\\u001b[31mred\\u0007\\u000d\\u000a\\u202eabc\\u2028',
    );
    expect(printable('Größe – 好 … 🧬')).toBe('Größe – 好 … 🧬');
  });
});

describe('createPhaseClock', () => {
  it('adds up the time of each phase', () => {
    let now = 0;
    const clock = createPhaseClock(() => now);
    clock.enter('model');
    now = 1500;
    clock.enter('design');
    now = 2000;
    clock.enter('model');
    now = 2250;
    expect(clock.finish()).toEqual({ model: 1.75, design: 0.5 });
  });
});
