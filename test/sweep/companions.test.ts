import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode, encode, PROTEIN } from '../../src/core/alphabet.js';
import { createRandom } from '../../src/core/random.js';
import { fitBlocks } from '../../src/proxy/blocks/fit-blocks.js';
import { applyLinear } from '../../src/proxy/head.js';
import { computeCell } from '../../src/sweep/compute-cell.js';
import type { CellJob } from '../../src/sweep/job.js';
import { findSweepMethod } from '../../src/sweep/methods.js';
import { planSweep } from '../../src/sweep/plan.js';
import { runJob } from '../../src/sweep/run-job.js';
import { loadTask, type Task } from '../../src/tasks/index.js';
import { scoreTrlm, verifyByTable, directedModel } from '../../src/verify/index.js';
import { createPool } from '../../src/runtime/pool.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { tinyPair } from '../verify/trlm/pair.js';
import { writeJson, writeSmallTask } from './config-files.js';

const folder = temporaryFolder();
const PARENT = 'MKTAYIAKQR';

/** A table of all letters C, D, E, F at positions 4 to 6 of a parent, as its sites: flanks at both ends. */
function writeFlankedTask(changes: object = {}): string {
  const own = path.join(folder, `flanked-${JSON.stringify(changes).length}`);
  mkdirSync(own, { recursive: true });
  const rows = Array.from({ length: 64 }, (_, i) => {
    const codes = [16, 4, 1].map((power) => Math.floor(i / power) % 4);
    const score = codes[0] + 2 * codes[1] - codes[1] * codes[2] + i / 1000;
    return `${codes.map((code) => 'CDEF'[code]).join('')},${score}`;
  });
  writeFileSync(path.join(own, 'flanked.csv'), `sites,score\n${rows.join('\n')}\n`);
  return writeJson(own, 'flanked.json', {
    ...{ kind: 'table', name: 'flanked', file: 'flanked.csv', measured: { random: 30 }, count: 8 },
    table: { wildType: PARENT, sites: [4, 5, 6], sequenceColumn: 'sites', scoreColumn: 'score' },
    ...changes,
  });
}

/** The first job of a method on a task. */
async function jobOf(method: string, settings: object, task: string, seeds: unknown = 1): Promise<CellJob> {
  const config = writeJson(folder, 'config.json', {
    ...{ tasks: [{ task, count: 8 }], methods: [{ method, settings }], seeds },
  });
  return (await planSweep(config, { code: 'test' })).cells[0].job;
}

const taskOf = ({ source, data, cell: { seed, plate } }: CellJob): Promise<Task> =>
  loadTask(source.task, { ...data, seed, plate });
const randomOf = ({ cell: { seed, plate } }: CellJob) => createRandom(`${seed}/${plate}`).fork('method');
const small = writeSmallTask(path.join(folder, 'small'));
const choosing = writeSmallTask(path.join(folder, 'choosing'), { mode: 'choose' });
/** A proxy that is quick to learn. */
const proxy = { average: 2, blocks: ['onehot'], lm: [] as string[] };
const COUNTED = { distinct: 8, unscored: 0, measured: 0 };

/** All that the plain search ranks, best first: as many designs as there are unmeasured sequences. */
async function plainOrder(task: string, settings: object = proxy): Promise<string[]> {
  const config = writeJson(folder, 'plain.json', {
    ...{
      tasks: [{ task, count: 34 }],
      methods: [{ method: 'auto', settings: { ...settings, batchRule: 'mean' } }],
      seeds: 1,
    },
  });
  const { job } = (await planSweep(config, { code: 'test' })).cells[0];
  return (await computeCell(job)).result.designs;
}

describe('fobar in a sweep', () => {
  it('gives exactly so many distinct designs, free or choosing, the same for the same cell', async () => {
    for (const task of [small, choosing]) {
      const job = await jobOf('fobar', { ...proxy, chains: 4, hidden: 3 }, task);
      const { result, circumstances } = await computeCell(job);
      expect(result.metrics).toMatchObject(COUNTED);
      expect(result.notes.join()).toMatch(/verified the best 34: \d to \d of 3 hidden scores recovered/);
      expect(circumstances.passes?.measured).toBe(30);
      expect((await computeCell(job)).result).toEqual(result);
    }
  });

  it('takes the best by what the verification of the plain shortlist says', async () => {
    for (const [alpha, by] of [
      [1, 'forward'],
      [0, 'recovered'],
      [0.5, 'combined'],
    ] as const) {
      const job = await jobOf('fobar', { ...proxy, alpha, chains: 4, hidden: 3, shortlist: 20 }, small);
      const { designs } = (await computeCell(job)).result;
      const task = await taskOf(job);
      const shortlist = (await plainOrder(small)).slice(0, 20);
      const { candidates } = await verifyByTable({
        measured: { alphabet: PROTEIN, ...task.measured },
        candidates: shortlist.map((text) => encode(PROTEIN, text)),
        positions: task.designable ?? undefined,
        chains: 4,
        options: { alpha, best: 8, hidden: 3 },
        random: randomOf(job).fork('fobar'),
      });
      const ranked = shortlist
        .map((text, i) => ({ text, one: candidates[i] }))
        .sort((a, b) => b.one[by] - a.one[by] || b.one.predicted - a.one.predicted)
        .slice(0, 8);
      expect(designs).toEqual(ranked.map(({ text }) => text));
    }
  });

  it('rejects settings that are wrong, with the nearest name', () => {
    const { faults } = findSweepMethod('fobar')!.resolve({
      ...{ alpha: 2, chain: 3, batchRule: 'ucb', hidden: 0, networks: {} },
    }) as { faults: { setting: string; what: string }[] };
    const told = faults.map(({ setting, what }) => `${setting}: ${what}`).join('; ');
    expect(faults).toHaveLength(5);
    expect(told).toContain('alpha: expected a number from 0 to 1, got 2');
    expect(told).toContain("chain: there is no such setting, did you mean 'chains'?");
    expect(told).toContain('batchRule: there is no such setting');
    expect(told).toContain('hidden: expected a whole number from 1 to 1000, got 0');
  });
});

describe('trlm in a sweep', () => {
  it('takes of the plain shortlist what the pair holds best', async () => {
    const { forward, reverse } = await tinyPair(path.join(folder, 'pair'), 'protein');
    const models = { forwardModel: forward.folder, reverseModel: reverse.folder };
    const flanked = writeFlankedTask();
    const shortlist = (await plainOrder(flanked)).slice(0, 20);
    const pool = createPool(1);
    const pair = {
      forward: directedModel(forward, pool, 'forward'),
      reverse: directedModel(reverse, pool, 'reverse'),
    };
    for (const alpha of [0, 1.5]) {
      const job = await jobOf('trlm', { ...proxy, ...models, alpha, shortlist: 20 }, flanked);
      const { result } = await computeCell(job);
      expect(result.metrics).toMatchObject(COUNTED);
      expect((await computeCell(job)).result).toEqual(result);
      expect(result.notes.join()).toContain('region 4-6 of 10');
      expect(job.expected).toMatchObject({ forwardModel: forward.sha256, reverseModel: reverse.sha256 });
      const candidates = shortlist.map((text) => ({
        leftFlank: text.slice(0, 3),
        region: text.slice(3, 6),
        rightFlank: text.slice(6),
      }));
      const scores = await scoreTrlm(pair, candidates, { alpha });
      const ranked = shortlist
        .map((text, i) => ({ text, score: scores[i].score }))
        .sort((a, b) => b.score - a.score)
        .slice(0, 8);
      expect(result.designs).toEqual(ranked.map(({ text }) => text));
    }
    await pool.close();
  });

  it('works by the embedded pair, also where one chooses', async () => {
    const job = await jobOf('trlm', proxy, writeFlankedTask({ mode: 'choose' }));
    const { result } = await computeCell(job);
    expect(result.metrics).toMatchObject(COUNTED);
    expect(result.notes.join()).toContain('by protein-causal-forward and protein-causal-reverse');
  });

  it('says before anything is learned that a task has no left flank, and does without one when told to', async () => {
    const { outcome } = await runJob(await jobOf('trlm', proxy, small));
    expect(outcome).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(
        /^the sequences of the task small begin with what is designed, so there is no left flank .* Set recall to whole, /,
      ) as string,
    });
    for (const settings of [{ recall: 'whole' }, { alpha: 0 }])
      expect(
        (await computeCell(await jobOf('trlm', { ...proxy, ...settings }, small))).result.metrics,
      ).toMatchObject(COUNTED);
  });

  it('rejects settings that are wrong, and a model that is not there', async () => {
    const { faults } = findSweepMethod('trlm')!.resolve({ recal: 'whole', alpha: -1, strand: 'up' }) as {
      faults: { setting: string; what: string }[];
    };
    expect(faults.map(({ setting }) => setting).sort()).toEqual(['alpha', 'recal', 'strand']);
    await expect(jobOf('trlm', { forwardModel: 'nowhere' }, small)).rejects.toThrow(/method trlm: .*nowhere/);
  });
});

describe('distilled in a sweep', () => {
  const quick = { ...proxy, heads: 6, studentSteps: 40, unmeasured: 10 };

  it('gives exactly so many distinct designs, free or choosing, the same for the same cell', async () => {
    for (const task of [small, choosing]) {
      const job = await jobOf('distilled', quick, task);
      const { result } = await computeCell(job);
      expect(result.metrics).toMatchObject(COUNTED);
      expect((await computeCell(job)).result).toEqual(result);
    }
  });

  it('ranks by the mean of the heads where the distillation is left out', async () => {
    const job = await jobOf('distilled', { ...quick, head: 'teacher', mode: 'forward' }, choosing);
    const { designs } = (await computeCell(job)).result;
    const task = await taskOf(job);
    const fit = await fitBlocks({
      ...{ alphabet: PROTEIN, ...task.measured, only: ['onehot'], random: randomOf(job).fork('proxy') },
      positions: task.designable ?? undefined,
      options: { average: 2, heads: 6, transforms: true },
    });
    const D = fit.featureMap.width;
    const phi = await fit.featureMap.features(task.candidates!);
    const means = task.candidates!.map((_, i) => {
      const each = fit.auxiliary.heads.map((head) => applyLinear(head, phi.subarray(i * D, (i + 1) * D)));
      return each.reduce((a, b) => a + b) / 6;
    });
    const ranked = task
      .candidates!.map((sequence, i) => ({ text: decode(PROTEIN, sequence), mean: means[i] }))
      .sort((a, b) => b.mean - a.mean);
    expect(designs).toEqual(ranked.slice(0, 8).map(({ text }) => text));
  });

  it('says what cannot be', async () => {
    const { outcome } = await runJob(await jobOf('distilled', { ...quick, batchRule: 'ucb' }, small));
    expect(outcome).toMatchObject({
      reason: expect.stringContaining('batch rule ucb needs a proxy that knows how sure it is') as string,
    });
    const { faults } = findSweepMethod('distilled')!.resolve({
      ...{ head: 'studnet', features: 'ridge', bins: 3, betta: 1 },
    }) as { faults: { setting: string; what: string }[] };
    expect(faults.map(({ setting }) => setting).sort()).toEqual(['betta', 'bins', 'features', 'head']);
    expect(faults.find(({ setting }) => setting === 'betta')?.what).toContain("did you mean 'beta'?");
  });
});

describe('edit in a sweep', () => {
  const quick = { ...proxy, leads: 6, draws: 16, noiseSteps: 6, pool: 0, trainingSteps: 40, hidden: 16 };

  it('gives exactly so many distinct designs, the same for the same cell, by either sampler', async () => {
    const errors: number[] = [];
    for (const sampler of ['bdia', 'ddim']) {
      const job = await jobOf('edit', { ...quick, sampler }, small);
      const { result } = await computeCell(job);
      expect(result.metrics).toMatchObject(COUNTED);
      if (sampler === 'bdia') expect((await computeCell(job)).result).toEqual(result);
      const [, leads, error] = /\d+ edits of (\d+) leads; .* errors of up to (\S+)/.exec(
        result.notes.join('\n'),
      )!;
      expect(leads).toBe('6');
      errors.push(Number(error));
    }
    expect(errors[0]).toBeLessThan(1e-9);
    expect(errors[1]).toBeGreaterThan(1e-6);
  });

  it('rejects settings that are wrong, with the nearest name', () => {
    const { faults } = findSweepMethod('edit')!.resolve({
      back: [0],
      sampler: 'dim',
      gidance: 1,
      g: 0.5,
    }) as {
      faults: { setting: string; what: string }[];
    };
    const told = faults.map(({ setting, what }) => `${setting}: ${what}`).join('; ');
    expect(told).toContain("gidance: there is no such setting, did you mean 'guidance'?");
    for (const setting of ['back.0', 'sampler', 'g']) expect(told).toContain(`${setting}: expected`);
  });
});
