import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, InfeasibleError, InputError, ModelError } from '../../src/core/errors.js';
import { designFromTable, type DesignRun, type RunProgress } from '../../src/run/design-run.js';
import type { DesignRunOptions } from '../../src/run/options.js';
import { parseTable } from '../../src/table/read.js';
import type { Table } from '../../src/table/table.js';
import { temporaryFolder } from '../helpers/temp-folder.js';
import { TINY_MAX_TOKENS, writeTinyModel } from '../helpers/tiny-model.js';
import { smallTable, WILD_TYPE } from './small-table.js';

const folder = temporaryFolder();
const model = path.join(folder, 'tiny');
const dnaModel = path.join(folder, 'tiny-dna');

beforeAll(async () => {
  await writeTinyModel(model);
  await writeTinyModel(dnaModel, 'dna');
});

const table = parseTable(smallTable(), 'small.csv', { wildType: WILD_TYPE });
const quick: DesignRunOptions = { features: 'paper', model, count: 8, starts: 4, steps: 3, workers: 1 };
const run = (options: DesignRunOptions = {}, of: Table = table): Promise<DesignRun> =>
  designFromTable(of, { ...quick, ...options });
const encoded = (sequence: string) => Uint8Array.from(sequence, (c) => table.alphabet.code(c));
/** Full sequences without a wild type. */
const sequencesOnly = () =>
  `sequence,score\n${['MKTAY', 'MKTAF', 'MKTGY', 'MRTAY', 'MKAAY', 'MKTVY'].map((s, i) => `${s},${i * i}`).join('\n')}\n`;
const letter = (sequence: string, position: number) => sequence[position - 1];

describe('designFromTable', () => {
  it('gives exactly as many distinct unmeasured designs as asked for, changed where the table varies', async () => {
    const { rows } = await run({ count: 20 });
    const measured = new Set(
      table.rows.map(({ sequence }) => [...sequence].map((c) => table.alphabet.letters[c]).join('')),
    );
    expect(rows).toHaveLength(20);
    expect(new Set(rows.map(({ sequence }) => sequence)).size).toBe(20);
    rows.forEach((row, i) => {
      expect(row.rank).toBe(i + 1);
      expect(measured.has(row.sequence)).toBe(false);
      [...row.sequence].forEach((c, at) => {
        if (![3, 5, 8, 11].includes(at + 1)) expect(c).toBe(WILD_TYPE[at]);
      });
    });
    const predicted = rows.map((row) => row.predicted);
    expect(predicted).toEqual([...predicted].sort((a, b) => b - a));
  });

  it("says mutations, the nearest measured variant and the changes to it in the user's numbering", async () => {
    const shifted = parseTable(
      smallTable().replace(/([A-Z])(\d+)([A-Z])/g, (_, a, n, b) => `${a}${Number(n) + 100}${b}`),
      'shifted.csv',
      { wildType: WILD_TYPE, firstPosition: 101 },
    );
    const { rows } = await run({}, shifted);
    for (const row of rows) {
      const built = [...WILD_TYPE];
      for (const mutation of row.mutations!.split(':')) {
        const [, from, number, to] = /^([A-Z])(\d+)([A-Z])$/.exec(mutation)!;
        expect(letter(WILD_TYPE, Number(number) - 100)).toBe(from);
        built[Number(number) - 101] = to;
      }
      expect(built.join('')).toBe(row.sequence);
      const nearest = shifted.rows.find(({ id }) => id === row.nearestId)!;
      const text = [...nearest.sequence].map((c) => shifted.alphabet.letters[c]).join('');
      const differing = [...text].filter((c, i) => c !== row.sequence[i]).length;
      expect(row.nearestDistance).toBe(differing);
      expect(row.changes.split(':')).toHaveLength(differing);
      expect(row.nearestScore).toBe(nearest.score);
    }
  });

  it('keeps fixed positions, allowed letters and the mutation budget', async () => {
    const { rows } = await run({
      designable: [3, 5, 8, 11],
      fixed: [8],
      letters: 'AVILMKTQY',
      lettersAt: { 5: 'YF' },
      maxMutations: 2,
    });
    for (const { sequence, mutations } of rows) {
      expect(letter(sequence, 8)).toBe(letter(WILD_TYPE, 8));
      expect('YF').toContain(letter(sequence, 5));
      expect('AVILMKTQY').toContain(letter(sequence, 3));
      expect(mutations === 'WT' ? 0 : mutations!.split(':').length).toBeLessThanOrEqual(2);
    }
  });

  it('stays within as many mutations as were measured, at least 5, unless told otherwise', async () => {
    const changed = (from: number, to: number) =>
      [...WILD_TYPE]
        .map((letter, at) => (at < from || at >= to ? letter : letter === 'A' ? 'C' : 'A'))
        .join('');
    const of = (most: number) => {
      const lines = Array.from({ length: most }, (_, i) => [
        `${changed(0, i + 1)},${i}`,
        `${changed(15 - i, 16)},${-i}`,
      ]);
      return parseTable(`sequence,score\n${lines.flat().join('\n')}\n`, 'far.csv', { wildType: WILD_TYPE });
    };
    const budget = async (most: number, options: DesignRunOptions = {}) =>
      (await run(options, of(most))).problem.budget?.max ?? null;
    expect(await budget(6)).toBe(6);
    expect(await budget(4)).toBe(5);
    // no more than four positions vary
    expect(await budget(2)).toBeNull();
    expect(await budget(6, { maxMutations: 'any' })).toBeNull();
    expect(await budget(6, { maxMutations: 2 })).toBe(2);
  });

  it("minimises by maximising the negated score, and reports in the user's sign", async () => {
    const negated = parseTable(
      smallTable().replace(/,(-?)(\d+\.\d+)$/gm, (_, minus, value) => `,${minus ? '' : '-'}${value}`),
      'negated.csv',
      { wildType: WILD_TYPE },
    );
    const up = await run();
    const down = await run({ direction: 'min' }, negated);
    expect(down.rows.map(({ sequence }) => sequence)).toEqual(up.rows.map(({ sequence }) => sequence));
    expect(down.rows.map(({ predicted }) => -predicted)).toEqual(up.rows.map(({ predicted }) => predicted));
  });

  it('gives the same designs for any number of workers and with the memo off, others for another seed', async () => {
    const first = await run();
    expect((await run({ workers: 2 })).rows).toEqual(first.rows);
    expect((await run({ memoBytes: 0 })).rows).toEqual(first.rows);
    expect((await run({ seed: 1 })).rows).not.toEqual(first.rows);
  });

  it('takes every option of the method', async () => {
    const variants: DesignRunOptions[] = [
      { mode: 'forward' },
      { mode: 'backward' },
      { gamma: 0.3, eta: 0.5 },
      { gammaAt: 'lookahead', etaOver: 'restart' },
      { take: 'final' },
    ];
    for (const options of variants) expect((await run(options)).rows).toHaveLength(8);
  });

  it('tells its progress, phase by phase', async () => {
    const seen: RunProgress[] = [];
    await designFromTable(table, quick, { onProgress: (progress) => seen.push(progress) });
    const phases = [...new Set(seen.map(({ phase }) => phase))];
    expect(phases).toEqual(['model', 'features', 'design', 'selection']);
    for (const { step, steps } of seen) expect(step).toBeLessThanOrEqual(steps);
  });

  it('stops when it is cancelled, before it starts and in the middle', async () => {
    await expect(designFromTable(table, quick, { signal: AbortSignal.abort() })).rejects.toThrow(
      CancelledError,
    );
    for (const phase of ['model', 'features', 'design']) {
      const controller = new AbortController();
      const onProgress = (progress: RunProgress) => progress.phase === phase && controller.abort();
      await expect(designFromTable(table, quick, { signal: controller.signal, onProgress })).rejects.toThrow(
        CancelledError,
      );
    }
  });

  it('designs sequences of the commonest length where lengths differ, and refuses positions then', async () => {
    const lines = ['MKTAY', 'MKTAF', 'MKTGY', 'MRTAY', 'MKTAYI', 'MK'].map((s, i) => `${s},${i}`);
    const unequal = parseTable(`sequence,score\n${lines.join('\n')}`, 'unequal.csv', {
      allowUnequalLengths: true,
    });
    const { rows } = await run({ count: 3 }, unequal);
    for (const row of rows) {
      expect(row.sequence).toHaveLength(5);
      expect(row.mutations).toBeNull();
    }
    await expect(run({ fixed: [2] }, unequal)).rejects.toThrow(/unequal.csv: option fixed names positions/);
  });

  it('designs DNA with 100 steps by default', async () => {
    const random = ['ACGTACGT', 'ACGTACGA', 'ACGAACGT', 'TCGTACGT', 'ACGTTCGT', 'ACCTACGT'];
    const dna = parseTable(`sequence,score\n${random.map((s, i) => `${s},${i * i}`).join('\n')}`, 'dna.csv');
    const { options, rows } = await run({ model: dnaModel, steps: undefined, starts: 2, count: 4 }, dna);
    expect(options.steps).toBe(100);
    for (const { sequence } of rows) expect(sequence).toMatch(/^[ACGT]{8}$/);
  });
});

/** Blocks that take no pass of a model, in a space of 6^4 sequences. */
const byBlocks: DesignRunOptions = {
  ...{ features: 'blocks', model: undefined, blocks: ['onehot', 'physchem'] },
  letters: 'AVKTQY',
};

describe('designFromTable by blocks, the default', () => {
  it('chooses among blocks, scores the whole space where it is small, and says so', async () => {
    const found = await run({ ...byBlocks, blocks: ['onehot', 'pairs'], count: 12 });
    expect(found.model).toBeNull();
    expect(found.options).toMatchObject({ search: 'auto', ridge: 'evidence', batch: 'lcb' });
    expect(found.stats.method).toBe('auto');
    expect(found.stats.notes[0]).toMatch(/^chose exhaustive scoring: the space holds 1296 sequences/);
    const { blocks } = found.stats;
    expect(blocks!.signal.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(found.rows).toHaveLength(12);
    const mean = await run({ ...byBlocks, blocks: ['onehot', 'pairs'], count: 12, batch: 'mean' });
    const predicted = mean.rows.map((row) => row.predicted);
    expect(predicted).toEqual([...predicted].sort((a, b) => b - a));
    for (const { deviation, leverage, outside } of found.rows) {
      expect(deviation).toBeGreaterThan(0);
      expect(leverage).toBeGreaterThan(0);
      expect(typeof outside).toBe('boolean');
    }
  });

  it('finds by the discrete search, without the whole space, designs as well predicted', async () => {
    const whole = await run({ ...byBlocks, blocks: ['onehot'], count: 4 });
    const searched = await run({ ...byBlocks, blocks: ['onehot'], count: 4, search: 'discrete', steps: 25 });
    expect(searched.rows[0].predicted).toBeCloseTo(whole.rows[0].predicted, 8);
  });

  it('keeps every rule in every search and batch', async () => {
    const rules: DesignRunOptions = { fixed: [8], letters: 'AVKTQY', maxMutations: 2, count: 9 };
    for (const search of ['auto', 'bib', 'discrete', 'exhaustive'] as const) {
      const { rows } = await run({ ...byBlocks, ...rules, search });
      expect(rows).toHaveLength(9);
      for (const { sequence, mutations } of rows) {
        expect(letter(sequence, 8)).toBe(letter(WILD_TYPE, 8));
        expect(mutations === 'WT' ? 0 : mutations!.split(':').length).toBeLessThanOrEqual(2);
      }
    }
    for (const batch of ['mean', 'lcb', 'ucb', 'thompson', 'distance', 'determinant'] as const) {
      const { rows, problem } = await run({ ...byBlocks, ...rules, batch });
      expect(new Set(rows.map(({ sequence }) => sequence)).size).toBe(9);
      for (const { sequence } of rows) expect(problem.whyInfeasible(encoded(sequence))).toBeNull();
    }
  });

  it('reads the blocks of a language model, with the same designs for any number of workers', async () => {
    const options: DesignRunOptions = {
      ...{ features: 'blocks', blocks: ['onehot', 'lm-mean', 'lm-sites', 'llr'] },
      ...{ count: 5, search: 'discrete', steps: 2 },
    };
    const first = await run(options);
    expect(first.model?.name).toBe('tiny');
    expect((await run({ ...options, workers: 2, memoBytes: 0 })).rows).toEqual(first.rows);
  });

  it('takes the published ridge on blocks, and the evidence on the published features', async () => {
    const weak = await run({ ...byBlocks, ridge: 'paper', count: 3 });
    expect(weak.stats.ridge).toBeGreaterThan(0);
    expect(weak.rows.map(({ deviation }) => deviation)).toEqual([null, null, null]);
    const paper = await run({ ridge: 'evidence', count: 3 });
    expect(paper.stats.blocks?.signal).toEqual([{ block: 'lm-mean', share: expect.closeTo(1, 9) as number }]);
  });

  it("says standard deviations in the user's unit: they scale with the scores", async () => {
    const scaled = { ...table, rows: table.rows.map((row) => ({ ...row, score: 1000 * row.score })) };
    const [plain, larger] = [await run(byBlocks), await run(byBlocks, scaled)];
    larger.rows.forEach((row, i) => {
      expect(row.sequence).toBe(plain.rows[i].sequence);
      expect(row.deviation! / plain.rows[i].deviation!).toBeCloseTo(1000, 3);
      expect(row.leverage).toBeCloseTo(plain.rows[i].leverage!, 8);
    });
  });

  it('tries what a table allows: k-mers for sequences of several lengths, and five rows at least', async () => {
    const lines = ['MKTAY', 'MKTAF', 'MKTGY', 'MRTAY', 'MKTAYI', 'MKAAY', 'MKTVY'].map(
      (s, i) => `${s},${i % 4}`,
    );
    const unequal = parseTable(`sequence,score\n${lines.join('\n')}`, 'unequal.csv', {
      allowUnequalLengths: true,
    });
    const { stats } = await run(
      { ...byBlocks, letters: undefined, blocks: ['kmers-1', 'kmers-2'], search: 'discrete', count: 3 },
      unequal,
    );
    expect(stats.blocks!.signal.map(({ block }) => block).join()).toMatch(/^kmers-/);
    const five = parseTable(smallTable(4), 'five.csv', { wildType: WILD_TYPE });
    expect(
      (await run({ ...byBlocks, letters: undefined, count: 3, search: 'discrete' }, five)).rows,
    ).toHaveLength(3);
  });
});

describe('what designFromTable refuses', () => {
  const refused = async (options: DesignRunOptions, of: Table = table) => {
    const error: unknown = await run(options, of).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  };

  it('names every option that is wrong', async () => {
    expect((await refused({ count: 0 })).message).toBe(
      'option count is wrong; expected a whole number from 1 to 100000, got 0.',
    );
    const both = await refused({ count: 2.5, mode: 'sideways' as 'both' });
    expect(both.message).toContain('option count is wrong');
    expect(both.message).toContain('option mode is wrong; expected one of both, forward, backward');
    expect((await refused({ cuont: 3 } as DesignRunOptions)).message).toContain("Did you mean 'count'?");
    for (const gamma of [2, NaN, 'often' as 'adaptive'])
      expect((await refused({ gamma })).message).toContain('adaptive, or a number from 0 to 1');
  });

  it('names the nearest block, search or batch, and options that cannot go together', async () => {
    const wrong = async (options: object) => (await refused(options as DesignRunOptions)).message;
    expect(await wrong({ features: 'blocks', blocks: ['onehto'] })).toContain("Did you mean 'onehot'?");
    expect(await wrong({ search: 'descrete' })).toContain("Did you mean 'discrete'?");
    expect(await wrong({ batch: 'tompson' })).toContain("Did you mean 'thompson'?");
    expect(await wrong({ blocks: ['onehot'] })).toContain('options features and blocks cannot go together');
    expect(await wrong({ batch: 'ucb' })).toContain('batch ucb needs a proxy that knows how sure it is');
    expect(await wrong({ ...byBlocks, gammaAt: 'lookahead' })).toContain(
      'option gammaAt is one of search bib',
    );
    expect(await wrong({ ...byBlocks, eta: 0.1 })).toContain('a number of letters of at least 1');
    expect(await wrong({ eta: 11 })).toContain('above 0 and at most 10');
    expect(await wrong({ ...byBlocks, model })).toContain('no block reads the model that is named');
    expect(await wrong({ ...byBlocks, blocks: ['spaced-pairs'] })).toContain(
      "no block 'spaced-pairs' for this table",
    );
  });

  it('refuses too few variants to learn from, and blocks that do not suit the table', async () => {
    const few = parseTable(smallTable(3), 'few.csv', { wildType: WILD_TYPE });
    expect((await refused(byBlocks, few)).message).toMatch(/^few.csv: there are too few measured variants/);
    const plain = parseTable(sequencesOnly(), 'plain.csv');
    const llr = { ...byBlocks, blocks: ['llr'], model };
    expect((await refused(llr, plain)).message).toContain(
      'block llr does not suit this table; expected a wild type',
    );
  });

  it("speaks of positions in the user's numbering", async () => {
    expect((await refused({ fixed: [17] })).message).toContain('a whole number from 1 to 16');
    expect((await refused({ lettersAt: { 0: 'A' } })).message).toContain('option lettersAt');
  });

  it('refuses an impossible set before it opens the model', async () => {
    const error = await refused({ model: 'none', letters: 'T', designable: [3] });
    expect(error).toBeInstanceOf(InfeasibleError);
    expect(await refused({ model: 'none', fixed: [3, 5, 8, 11] })).toBeInstanceOf(InfeasibleError);
  });

  it('refuses a model that is not there, of another alphabet, or that takes only shorter sequences', async () => {
    expect(await refused({ model: 'none' })).toBeInstanceOf(ModelError);
    expect((await refused({ model: dnaModel })).message).toContain('expected a model of proteins');
    const long = 'M'.repeat(TINY_MAX_TOKENS - 1);
    const tooLong = parseTable(`sequence,score\n${long},1\n${long.replace('M', 'K')},2\n`, 'long.csv');
    const { fault } = await refused({ count: 1 }, tooLong);
    expect(fault).toMatchObject({ file: 'long.csv', line: 2, got: `${TINY_MAX_TOKENS + 1}` });
  });

  it('refuses scores that nothing can be learned from', async () => {
    const flat = parseTable(
      smallTable()
        .replace(/,[^,]+$/gm, ',1')
        .replace('activity', 'score'),
      'flat.csv',
      {
        wildType: WILD_TYPE,
        scoreColumn: '#3',
      },
    );
    expect((await refused({}, flat)).message).toContain('all scores are the same');
  });
});
