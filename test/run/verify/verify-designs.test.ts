import { writeFileSync } from 'node:fs';
import path from 'node:path';
import Papa from 'papaparse';
import { beforeAll, describe, expect, it } from 'vitest';
import { CancelledError } from '../../../src/core/errors.js';
import { designFromTable, type DesignRun, type RunProgress } from '../../../src/run/design-run.js';
import { designsCsv } from '../../../src/run/files.js';
import type { DesignRunOptions } from '../../../src/run/options.js';
import { runRecord } from '../../../src/run/record.js';
import { readCandidates } from '../../../src/run/verify/candidates.js';
import { verifiedCsv } from '../../../src/run/verify/csv.js';
import { verifyCandidates } from '../../../src/run/verify/verify.js';
import { parseTable } from '../../../src/table/read.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';
import { smallTable, WILD_TYPE } from '../small-table.js';

const folder = temporaryFolder();
const model = path.join(folder, 'tiny');
beforeAll(() => writeTinyModel(model));

const table = parseTable(smallTable(), 'small.csv', { wildType: WILD_TYPE });
const quick: DesignRunOptions = { blocks: ['onehot'], count: 10, starts: 4, steps: 3, workers: 1, seed: 3 };
const COLUMNS = ['forward_share', 'backward_share', 'recovered', 'combined_share'];

const parse = (csv: string) => Papa.parse<Record<string, string>>(csv.trimEnd(), { header: true }).data;

/** What `biseq verify` says of the plate of a run, by sequence. */
async function verifiedApart({ rows, table: of, options: { seed, direction } }: DesignRun) {
  const file = path.join(folder, 'designs.csv');
  // the plate as it is without a verification
  writeFileSync(file, designsCsv(rows.map(({ fobar: _, ...row }) => row)));
  const verification = await verifyCandidates(await readCandidates(file), of, {
    seed,
    direction,
    workers: 1,
  });
  return new Map(parse(verifiedCsv(verification)).map((row) => [row.sequence, row]));
}

describe('a design run that verifies', () => {
  it.each<[string, DesignRunOptions]>([
    ['blocks', {}],
    ['smaller scores', { direction: 'min', seed: 'other' }],
    [
      "the paper's features, of which the verification knows nothing",
      { features: 'paper', blocks: undefined },
    ],
  ])('tells the shares that biseq verify gives for its plate: %s', async (_, options) => {
    const named = options.features === 'paper' ? { model } : {};
    const run = await designFromTable(table, { ...quick, ...options, ...named, verify: 'fobar' });
    const apart = await verifiedApart(run);
    const rows = parse(designsCsv(run.rows));
    expect(rows).toHaveLength(10);
    expect(Object.keys(rows[0]).slice(-4)).toEqual(COLUMNS);
    for (const row of rows)
      for (const column of COLUMNS) expect(row[column]).toBe(apart.get(row.sequence)?.[column]);
    // not all alike, or the test says little
    expect(new Set(rows.map((row) => row.forward_share)).size).toBeGreaterThan(1);
  });

  it('changes neither the designs nor their order, and is the same twice', async () => {
    const plain = await designFromTable(table, quick);
    const verified = await designFromTable(table, { ...quick, verify: 'fobar' });
    expect(verified.rows.map(({ fobar: _, ...row }) => row)).toEqual(plain.rows);
    const lines = designsCsv(verified.rows).split('\n');
    designsCsv(plain.rows)
      .split('\n')
      .slice(0, -1)
      .forEach((line, i) => expect(lines[i].startsWith(`${line},`)).toBe(true));
    expect(plain.verification).toBeNull();
    expect(JSON.stringify(runRecord(plain))).not.toMatch(/verif/);
    const { verification, ...record } = runRecord(verified);
    expect(record).toEqual({
      ...runRecord(plain),
      options: { ...runRecord(plain).options, verify: 'fobar' },
    });
    expect(verification).toMatchObject({ method: 'fobar', chains: 10, votes: 3 });
    const again = await designFromTable(table, { ...quick, verify: 'fobar', workers: 2 });
    expect(designsCsv(again.rows)).toBe(designsCsv(verified.rows));
  });

  it('gives shares that add up as the formula says, by hand', async () => {
    const { rows, verification } = await designFromTable(table, { ...quick, verify: 'fobar' });
    const shares = rows.map(({ fobar }) => fobar!);
    // each of 10 chains gives a quarter of 10 designs, rounded up, its vote
    expect(shares.reduce((sum, { forward }) => sum + forward, 0)).toBeCloseTo(3, 10);
    const recovered = shares.reduce((sum, one) => sum + one.recovered, 0);
    const products = shares.map(({ forward, recovered: z }) =>
      Math.sqrt((forward / 3) * ((z + 1e-8 / 10) / (recovered + 1e-8))),
    );
    const total = products.reduce((a, b) => a + b);
    shares.forEach((one, i) => {
      expect(one.backward).toBe(one.recovered / 8);
      expect(one.combined).toBeCloseTo(verification!.fallback ? one.forward / 3 : products[i] / total, 12);
    });
  });

  it('recovers everything where replicates differ by more than all scores', async () => {
    const replicated = smallTable()
      .split('\n')
      .slice(1, -1)
      .flatMap((line) => {
        const [id, mutations, score] = line.split(',');
        return [-50, 50].map((off, i) => `${id}-${i},${mutations},${Number(score) + off}`);
      });
    const twice = parseTable(`id,mutations,activity\n${replicated.join('\n')}\n`, 'twice.csv', {
      wildType: WILD_TYPE,
    });
    const { rows } = await designFromTable(twice, { ...quick, verify: 'fobar' });
    const roots = rows.reduce((sum, { fobar }) => sum + Math.sqrt(fobar!.forward), 0);
    for (const { fobar } of rows) {
      expect(fobar).toMatchObject({ recovered: 8, asked: 8, backward: 1 });
      // equal recoveries leave the root of the votes
      expect(fobar!.combined).toBeCloseTo(Math.sqrt(fobar!.forward) / roots, 12);
    }
  });

  it('tells its progress and its time, and can be cancelled', async () => {
    const seen: string[] = [];
    const onProgress = ({ phase }: RunProgress) => seen.push(phase);
    const { seconds } = await designFromTable(table, { ...quick, verify: 'fobar' }, { onProgress });
    expect([...new Set(seen)].slice(-2)).toEqual(['learning', 'hiding']);
    expect(seconds.verify).toBeGreaterThan(0);
    const controller = new AbortController();
    const abort = ({ phase }: RunProgress) => phase === 'learning' && controller.abort();
    await expect(
      designFromTable(table, { ...quick, verify: 'fobar' }, { signal: controller.signal, onProgress: abort }),
    ).rejects.toThrow(CancelledError);
  });

  it('refuses, before any work, a table with too few rows to verify by', async () => {
    const few = parseTable(smallTable(3), 'few.csv', { wildType: WILD_TYPE });
    const paper: DesignRunOptions = { features: 'paper', model: 'nowhere', count: 2, maxMutations: 'any' };
    await expect(designFromTable(few, { ...paper, verify: 'fobar' })).rejects.toThrow(
      'few.csv: there are too few measured variants to verify by; expected at least 5 distinct variants with a score, ' +
        'got 4. Measure more, or leave --verify (verify in the library) out.',
    );
    await expect(designFromTable(few, paper)).rejects.toThrow('nowhere');
    await expect(designFromTable(table, { ...quick, verify: 'fobr' as 'fobar' })).rejects.toThrow(
      'option verify is wrong; expected one of fobar, got "fobr". Did you mean \'fobar\'?',
    );
  });
});
