import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode, DNA, encode, PROTEIN, type Sequence } from '../../src/core/alphabet.js';
import { reverseComplement } from '../../src/core/dna.js';
import { sequenceKey } from '../../src/design/sequence-key.js';
import { listTasks, loadTask, openTask, type OpenTask, taskNames } from '../../src/tasks/index.js';
import { dataPath } from '../helpers/data.js';

const dataDir = dataPath('.');
let folder: string;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'biseq-tasks-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, text: string) => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};
const keysOf = (sequences: readonly Sequence[]) => sequences.map(sequenceKey);

describe('names', () => {
  it('lists what there is, with source and licence', () => {
    expect(taskNames()).toMatchInlineSnapshot(`
      [
        "tfbind8-r",
        "tfbind8",
        "gb1-384",
        "gb1-lower-half",
        "aav",
        "avgfp",
        "e4b",
        "yeast-promoters",
        "ehrlich-4-64-4-8",
        "ehrlich-20-15-2-4",
        "ehrlich-20-32-4-4",
        "ehrlich-20-64-2-4",
        "tfbind10-r",
      ]
    `);
    for (const { source, licence, description } of listTasks()) {
      expect(source.length).toBeGreaterThan(10);
      expect(licence.length).toBeGreaterThan(2);
      expect(description).toMatch(/\.$/);
    }
    expect(
      listTasks()
        .filter((task) => task.needsFile)
        .map((task) => task.name),
    ).toEqual(['tfbind10-r']);
  });

  it('an unknown one names the nearest', async () => {
    await expect(loadTask('tfbind8r')).rejects.toThrow(
      /there is no task 'tfbind8r'.*Did you mean 'tfbind8-r'/,
    );
    await expect(loadTask('GB1')).rejects.toThrow(/there is no task 'GB1'/);
  });

  it('TFBind10 comes from a file only, and says why', async () => {
    await expect(loadTask('tfbind10-r', { dataDir: folder })).rejects.toThrow(
      /needs a table of your own.*complement without reversal/,
    );
  });
});

describe('Ehrlich functions by name', () => {
  it.each(['ehrlich-20-32-4-4', 'ehrlich-4-30-3-5', 'Ehr(20,32,4,4)'])('%s', async (name) => {
    const task = await loadTask(name);
    expect(task.score(task.optimum!)).toBe(1);
    expect(task.measured.sequences).toHaveLength(1000);
    expect(new Set(keysOf(task.measured.sequences)).size).toBe(1000);
    task.measured.sequences.forEach((sequence, i) =>
      expect(task.score(sequence)).toBe(task.measured.scores[i]),
    );
    expect(task).toMatchObject({ candidates: null, rows: null, provenance: null, unscoredAs: 0, count: 128 });
  });

  it('has letters for its states', async () => {
    expect(await loadTask('ehrlich-4-24-2-4')).toMatchObject({ alphabet: DNA, letters: 'ACGT' });
    expect(await loadTask('ehrlich-5-24-2-4')).toMatchObject({ alphabet: PROTEIN, letters: 'ACDEF' });
  });

  it('the same function for all seeds and plates, other samples', async () => {
    const open = await openTask('ehrlich-20-32-4-4');
    const [a, b, again, seeded] = [{}, { plate: 1 }, { plate: 0, seed: 0 }, { seed: 1 }].map(open.draw);
    expect(keysOf(again.measured.sequences)).toEqual(keysOf(a.measured.sequences));
    expect(keysOf(b.measured.sequences)).not.toEqual(keysOf(a.measured.sequences));
    expect(keysOf(seeded.measured.sequences)).not.toEqual(keysOf(a.measured.sequences));
    // pinned: published results depend on these draws
    expect(decode(PROTEIN, a.measured.sequences[0])).toMatchInlineSnapshot(
      `"IQNSMQYKNSENGNGKNSQWGHRPHRCIQWGH"`,
    );
  });

  it.each([
    ['ehrlich-20-10-4-4', /do not fit/],
    ['ehrlich-21-32-4-4', /size\.states: expected a whole number from 2 to 20/],
  ])('%s is refused', async (name, message) => {
    await expect(loadTask(name)).rejects.toThrow(message);
  });
});

describe("a lab's own task", () => {
  const wildType = 'MKVL';
  // every single and double mutant of sites 2 and 4 to A or the wild type
  const csv = 'variant,activity\nWT,1\nK2A,3\nL4A,2\nK2A:L4A,0.5\n';
  const task = (more: object) =>
    put(
      'task.json',
      JSON.stringify({
        ...{
          kind: 'table',
          name: 'lab',
          file: 'lab.csv',
          table: { wildType },
          measured: { random: 2 },
          count: 2,
        },
        ...more,
      }),
    );

  it('is a file beside its table', async () => {
    put('lab.csv', csv);
    const drawn = await loadTask(task({}), { seed: 'x' });
    expect(drawn).toMatchObject({ name: 'lab', length: 4, designable: [1, 3], range: { min: 0.5, max: 3 } });
    expect(drawn.score(encode(PROTEIN, 'MAVL'))).toBe(3);
    expect(drawn.score(encode(PROTEIN, 'MGVL'))).toBeNull();
    expect(drawn.normalise(3)).toBe(1);
    // of 400 sequences at two sites, four have a score
    expect(drawn.excluded).toHaveLength(396);
    expect(drawn.candidates).toHaveLength(2);
    expect(drawn.protocol).toContain('2 of 4 rows are measured, drawn at random (seed x, plate 0)');
  });

  it('to be minimised changes the sign and says so', async () => {
    put('lab.csv', csv);
    const drawn = await loadTask(task({ direction: 'min', measured: { lowest: 2 } }));
    expect(drawn.score(encode(PROTEIN, 'MAVA'))).toBe(-0.5);
    expect(drawn.range).toEqual({ min: -3, max: -0.5 });
    expect(keysOf(drawn.measured.sequences)).toEqual(keysOf(['MAVL', 'MKVA'].map((x) => encode(PROTEIN, x))));
    expect(drawn.protocol).toContain('their sign changed');
  });

  it('is refused with a wrong checksum', async () => {
    put('lab.csv', csv);
    await expect(loadTask(task({ sha256: '0'.repeat(64) }))).rejects.toThrow(
      /lab\.csv: the table has a wrong checksum/,
    );
  });

  it.each([
    ['no such file', () => path.join(folder, 'none.json'), /none\.json: there is no such task file/],
    ['no such table', () => task({ file: 'lba.csv' }), /there is no such file.*Did you mean .*lab\.csv/],
    ['a wrong wild type', () => task({ table: { wildType: 'MGVL' } }), /lab\.csv/],
    ['strands of a protein', () => task({ strands: 'equivalent' }), /strands can be equivalent for DNA only/],
    ['more rows than there are', () => task({ measured: { random: 4 } }), /expected from 2 to 3, got 4/],
  ])('%s: one clear message', async (_, file, message) => {
    put('lab.csv', csv);
    await expect(loadTask(file())).rejects.toThrow(message);
  });

  it('an Ehrlich function by all its numbers', async () => {
    const parameters = {
      ...{ states: 2, length: 6, motifs: [[0, 1]], spacings: [[2]] },
      transitionMatrix: [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    };
    const file = put(
      'ehrlich.json',
      JSON.stringify({ kind: 'ehrlich', name: 'mine', parameters, measured: { sampled: 20 } }),
    );
    const drawn = await loadTask(file);
    expect(drawn.measured.sequences).toHaveLength(20);
    expect(drawn.letters).toBe('AC');
    // 2^6 sequences in all
    const greedy = put(
      'greedy.json',
      JSON.stringify({ kind: 'ehrlich', name: 'mine', parameters, measured: { sampled: 65 } }),
    );
    await expect(loadTask(greedy)).rejects.toThrow(
      /too few feasible sequences; expected 65 to measure, got 64/,
    );
  });
});

describe("a table of the user's own in place of the task's", () => {
  it('any protein-binding microarray', async () => {
    const rows = ['AAAA\tTTTT\t0.1', 'AACC\tGGTT\t0.3', 'ACGT\tACGT\t0.2', 'CCCC\tGGGG\t0.4'];
    const file = put('tf.txt', ['8-mer\t8-mer\tE-score', ...rows].join('\n'));
    const task = await loadTask('tfbind8', { file });
    expect(task.rows!.sequences).toHaveLength(8);
    // the median of 8 entries is 0.25
    expect(task.measured.scores).toEqual(Float64Array.of(0.1, 0.1, 0.2, 0.2));
    expect(task.score(encode(DNA, 'GGTT'))).toBe(0.3);
    expect(task.group(encode(DNA, 'GGTT'))).toBe(task.group(encode(DNA, 'AACC')));
    expect(task).toMatchObject({ source: "tf.txt, the user's own", provenance: { from: 'file' } });
    await expect(loadTask('tfbind8-r', { file })).rejects.toThrow(/expected from 2 to 7, got 5000/);
  });

  it('TFBind10 with contradictions is refused, a clean one is taken', async () => {
    const letters = [0, 1, 2, 3, 4, 5, 6].map((d) => (i: number) => 'ACGT'[(i >> (2 * d)) & 3]);
    const rows = Array.from({ length: 6000 }, (_, i) => `ACG${letters.map((at) => at(i)).join('')},${i / 7}`);
    const clean = put('clean.csv', ['sequence,score', ...rows].join('\n'));
    const task = await loadTask('tfbind10-r', { file: clean });
    expect(task.measured.sequences).toHaveLength(5000);
    const x = task.measured.sequences[17];
    expect(task.group(reverseComplement(x))).toBe(task.group(x));
    const faulty = put('faulty.csv', ['sequence,score', ...rows, 'ACGAAAAAAA,9'].join('\n'));
    await expect(loadTask('tfbind10-r', { file: faulty })).rejects.toThrow(
      /faulty\.csv:2: 1 sequences stand there with different scores/,
    );
  });
});

describe.skipIf(!dataDir)('every task on its public table', () => {
  // the lower half of GB1 is the same table: see anchors.test.ts
  const names = taskNames().filter((name) => !['tfbind10-r', 'gb1-lower-half'].includes(name));
  const opened = new Map<string, Promise<OpenTask>>();
  const open = (name: string) => {
    if (!opened.has(name)) opened.set(name, openTask(name, { dataDir: dataDir! }));
    return opened.get(name)!;
  };

  it.each(names)('%s: measured rows have their scores, candidates are the rest', async (name) => {
    const task = (await open(name)).draw({ seed: 3, plate: 2 });
    const { measured, candidates } = task;
    expect(task.protocol).toMatchSnapshot();
    measured.sequences.forEach((sequence, i) => {
      if (task.score(sequence) !== measured.scores[i]) throw new Error(`row ${i}`);
    });
    if (candidates === null) return;
    const known = new Set(keysOf(measured.sequences));
    expect(known.size + candidates.length).toBe(new Set(keysOf(task.rows!.sequences)).size);
    expect(candidates.every((x) => !known.has(sequenceKey(x)) && task.score(x) !== null)).toBe(true);
    expect(task.excluded.every((x) => task.score(x) === null)).toBe(true);
    const scores = task.rows!.scores.map(task.normalise);
    expect(scores.reduce((a, b) => Math.min(a, b))).toBe(0);
    expect(scores.reduce((a, b) => Math.max(a, b))).toBe(1);
  });

  it('plates are pairs: the same rows each time, other rows for another plate or seed', async () => {
    const task = await open('gb1-384');
    const first = keysOf(task.draw({ plate: 4 }).measured.sequences);
    expect(keysOf(task.draw({ plate: 4 }).measured.sequences)).toEqual(first);
    const plate5 = new Set(keysOf(task.draw({ plate: 5 }).measured.sequences));
    expect(first.filter((key) => plate5.has(key)).length).toBeLessThan(10);
    const seed1 = new Set(keysOf(task.draw({ plate: 4, seed: 1 }).measured.sequences));
    expect(first.filter((key) => seed1.has(key)).length).toBeLessThan(10);
    // pinned: published results depend on these draws
    const drawn = task.draw().measured;
    const atSites = drawn.sequences
      .slice(0, 5)
      .map((x) => decode(PROTEIN, x.slice(38, 41)) + decode(PROTEIN, x.slice(53, 54)));
    expect(atSites).toMatchInlineSnapshot(`
      [
        "EIGV",
        "VSVV",
        "ADMA",
        "APGG",
        "CDVT",
      ]
    `);
  });

  it('counts of the published tables', async () => {
    expect((await open('tfbind8')).draw().measured.sequences).toHaveLength(32_898);
    expect((await open('tfbind8')).draw().normalise(-0.0529)).toBeCloseTo(0.439, 3);
    const gb1 = (await open('gb1-384')).draw();
    expect(gb1.excluded).toHaveLength(20 ** 4 - 149_361);
    expect(gb1.designable).toEqual([38, 39, 40, 53]);
    expect(gb1.score(gb1.wildType!)).toBe(1);
    expect((await open('avgfp')).landscape.rows!.sequences).toHaveLength(54_025 - 2310);
    expect((await open('e4b')).landscape.rows!.sequences).toHaveLength(98_297 - 7266);
    expect((await open('aav')).landscape.rows!.sequences).toHaveLength(42_340);
    expect((await open('yeast-promoters')).landscape.rows!.sequences).toHaveLength(3733);
  });
});
