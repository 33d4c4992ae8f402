import { existsSync } from 'node:fs';
import path from 'node:path';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { decode, encode, hammingDistance, PROTEIN } from '../../src/core/alphabet.js';
import { findLead } from '../../src/run/edit-lead.js';
import { editFiles, editsCsv } from '../../src/run/edit-files.js';
import { editFromTable } from '../../src/run/edit-run.js';
import { parseTarget, targetScore } from '../../src/run/edit-target.js';
import { parseTable } from '../../src/table/read.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { smallTable, WILD_TYPE } from './small-table.js';

const wildType = encode(PROTEIN, WILD_TYPE);
const open = (text = smallTable(), options: object = {}) =>
  parseTable(text, 'table.csv', { wildType: WILD_TYPE, ...options });
const quick = {
  pool: 300,
  trainingSteps: 60,
  hidden: 16,
  draws: 16,
  noiseSteps: 12,
  back: [0.6, 1],
  count: 4,
};

describe('a target', () => {
  it.each([
    ['+2 sd', 5],
    ['-1SD', -1],
    ['+ .5', 1.5],
    ['-1e-1', 0.9],
    ['3.2', 3.2],
    ['=-3.2', -3.2],
    [' = 4 ', 4],
  ])('%j of a lead with score 1 and sd 2 is %d', (text, score) => {
    expect(targetScore(parseTarget(text), 1, 2)).toBeCloseTo(score, 12);
  });

  it.each(['', 'best', '2 sd', '+2 sds', '+-2', '1/2', '+1e999', '= ', 'NaN'])('%j is none', (text) => {
    expect(() => parseTarget(text)).toThrow(
      "the target is not understood; expected a change such as '+2 sd'",
    );
  });
});

describe('a lead', () => {
  const table = open();

  it('is a row, the best, the wild type, a sequence, or mutations', () => {
    const best = table.rows.reduce((a, b) => (b.score > a.score ? b : a));
    const worst = table.rows.reduce((a, b) => (b.score < a.score ? b : a));
    expect(findLead('v3', table, 'max').row?.id).toBe('v3');
    expect(findLead('best', table, 'max').row).toBe(best);
    expect(findLead('best', table, 'min').row).toBe(worst);
    expect(findLead('wild-type', table, 'max').row?.score).toBe(0.5);
    const other = `${WILD_TYPE.slice(0, -1)}W`;
    expect(findLead(other.toLowerCase(), table, 'max')).toMatchObject({ row: null });
    const double = findLead('T3A:Q11C', table, 'max').sequence;
    expect(decode(PROTEIN, double)).toBe('MKAAYIAKQRCISFVK');
  });

  it('may be the letters of the sites', () => {
    const sites = open('variant,score\nAC,1\nAD,2\nWW,3\n', { sites: [3, 5] });
    expect(decode(PROTEIN, findLead('WC', sites, 'max').sequence)).toBe(
      'MKWACIAKQRQISFVK'.replace('AC', 'AC'),
    );
  });

  it.each([
    ['MKTAY', 'another length than the sequences of the table; expected 16 letters, got 5'],
    ['v99', 'the lead is not understood'],
    ['A3C', 'the lead is not understood: mutation A3C says A, the wild type has T at 3'],
    ['T30A', 'the lead is not understood: mutation T30A lies outside the wild type'],
    ['no such one', 'there is no such lead; expected best, wild-type, the id of a row'],
  ])('%j is none', (text, message) => {
    expect(() => findLead(text, table, 'max')).toThrow(message);
  });
});

describe('editFromTable', () => {
  it('gives new variants of the lead with all that a lab asks of them', async () => {
    const table = open();
    const run = await editFromTable(table, 'best', { ...quick, maxMutations: 3, fixed: [5] });
    expect(run.reconstructionError).toBeLessThan(1e-9);
    expect(run.target).toBeGreaterThan(run.leadScore);
    expect(run.rows.length).toBeGreaterThan(0);
    const { data } = Papa.parse<Record<string, string>>(editsCsv(run).trimEnd(), { header: true });
    expect(data).toHaveLength(run.rows.length);
    data.forEach((row, i) => {
      const sequence = encode(PROTEIN, row.sequence);
      expect(run.problem.whyInfeasible(sequence)).toBeNull();
      expect(sequence[4]).toBe(wildType[4]);
      expect(Number(row.edit_distance)).toBe(hammingDistance(sequence, run.lead.sequence));
      expect(row.changes_from_lead.split(':')).toHaveLength(Number(row.edit_distance));
      expect(row.mutations.split(':').length).toBeLessThanOrEqual(3);
      expect(row.id).toBe(`edit-0${i + 1}`);
      if (i > 0) expect(Number(row.predicted_score)).toBeLessThanOrEqual(Number(data[i - 1].predicted_score));
    });
    for (const back of [0.6, 1])
      expect(run.rows.filter((row) => row.back === back).length).toBeLessThanOrEqual(4);
  });

  it('gives the same bytes for the same run, others for another seed', async () => {
    const circumstances = { finishedAt: new Date(0), tableSeconds: 0 };
    const files = async (options: object) => {
      const { 'timings.json': _, ...rest } = editFiles(
        await editFromTable(open(), 'v1', { ...quick, ...options }),
        circumstances,
      );
      return rest;
    };
    const first = await files({});
    expect(await files({})).toEqual(first);
    expect((await files({ seed: 1 }))['designs.csv']).not.toBe(first['designs.csv']);
  });

  it('keeps a model, loads it, and goes on with a training that was cancelled', async () => {
    const folder = temporaryFolder();
    const modelFile = path.join(folder, 'model.safetensors');
    const options = { ...quick, trainingSteps: 250, modelFile };
    const controller = new AbortController();
    const cancelled = editFromTable(open(), 'v1', options, {
      signal: controller.signal,
      onProgress: ({ phase, step }) => phase === 'training' && step === 120 && controller.abort(),
    });
    await expect(cancelled).rejects.toThrow('cancelled');
    expect(existsSync(`${modelFile}.partial`)).toBe(true);
    const resumed: number[] = [];
    const run = await editFromTable(open(), 'v1', options, {
      onProgress: ({ phase, step }) => phase === 'training' && resumed.push(step),
    });
    expect(resumed.slice(0, 2)).toEqual([0, 101]);
    expect(existsSync(`${modelFile}.partial`)).toBe(false);
    const loaded = await editFromTable(open(), 'v1', options);
    expect([run.model.loaded, loaded.model.loaded]).toEqual([false, true]);
    const fresh = await editFromTable(open(), 'v1', { ...options, modelFile: undefined });
    expect([editsCsv(loaded), editsCsv(fresh)]).toEqual([editsCsv(run), editsCsv(run)]);
    await expect(editFromTable(open(), 'v1', { ...options, hidden: 17 })).rejects.toThrow(
      'was trained on another table, with other constraints or with other options',
    );
  });

  it('takes smaller scores for better where it is told so', async () => {
    const run = await editFromTable(open(), 'wild-type', { ...quick, direction: 'min' });
    expect(run.target).toBeLessThan(run.leadScore);
    const predicted = run.rows.map((row) => row.predicted);
    expect(predicted).toEqual([...predicted].sort((a, b) => a - b));
  });

  it('takes a share that is given twice once', async () => {
    const run = await editFromTable(open(), 'best', { ...quick, back: [1, 1] });
    expect(run.rungs).toHaveLength(1);
  });

  it('learns from the measured rows alone with no pool, and tells the lead by its measured score', async () => {
    const run = await editFromTable(open(), 'v2', { ...quick, pool: 0, guidance: 1 });
    expect(run.leadScore).toBeCloseTo(run.lead.row!.score, 12);
  });

  it.each([
    [{ target: 'better' }, 'the target is not understood'],
    [{ target: '-1 sd' }, "the target '-1 sd' is no better than the lead; expected a score above"],
    [{ back: [0] }, 'option back is wrong; expected numbers above 0 and at most 1, got [0]'],
    [{ back: [1.5] }, 'option back is wrong'],
    [{ g: 0.5 }, 'option g is wrong; expected a number from 0.92 to 1, got 0.5'],
    [{ count: 0 }, 'option count is wrong'],
    [{ bakc: [1] }, "there is no option 'bakc'. Did you mean 'back'?"],
    [{ designable: [99] }, 'designable'],
    [{ letters: 'AC' }, 'the lead itself breaks the constraints'],
  ])('refuses %j', async (options, message) => {
    await expect(editFromTable(open(), 'best', { ...quick, ...options })).rejects.toThrow(message);
  });

  it('refuses sequences of several lengths', async () => {
    const table = parseTable('sequence,score\nMKTA,1\nMKTAY,2\nMKTW,3\n', 'table.csv', {
      allowUnequalLengths: true,
    });
    await expect(editFromTable(table, 'best', quick)).rejects.toThrow(
      'editing needs sequences of one length',
    );
  });
});
