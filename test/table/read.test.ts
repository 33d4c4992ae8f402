import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode } from '../../src/core/alphabet.js';
import { InputError } from '../../src/core/errors.js';
import type { TableOptions } from '../../src/table/options.js';
import { parseTable, readTable } from '../../src/table/read.js';
import { countSetAside, type Table } from '../../src/table/table.js';

const wildType = 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE';
const gb1 = { wildType, sites: [39, 40, 41, 54] };

const read = (text: string | Uint8Array, options?: TableOptions): Table => parseTable(text, 't.csv', options);
const scores = (table: Table): [string, number][] =>
  table.rows.map(({ sequence, score }) => [decode(table.alphabet, sequence), score]);

describe('kinds of table', () => {
  it('reads full sequences, in either case', () => {
    const table = read('sequence,score\nACDE,1\nacdf,2.5\n');
    expect(table.kind).toBe('sequences');
    expect(scores(table)).toEqual([
      ['ACDE', 1],
      ['ACDF', 2.5],
    ]);
    expect(table).toMatchObject({
      wildType: null,
      sites: null,
      scoreName: 'score',
      unequalLengths: false,
      notes: [],
    });
    expect(table.rows.map(({ id, line }) => [id, line])).toEqual([
      ['line2', 2],
      ['line3', 3],
    ]);
  });

  it('reads site letters, also where the user counts from elsewhere', () => {
    const shifted = { wildType, sites: [0, 1, 2, 15], firstPosition: -38 };
    for (const options of [gb1, shifted]) {
      const table = read('variant,fitness\nVDGV,1\nADGP,2\nWT,3\n', options);
      expect(table.kind).toBe('sites');
      expect(table.sites).toEqual([38, 39, 40, 53]);
      expect(scores(table)).toEqual([
        [wildType, 2],
        [wildType.slice(0, 38) + 'ADG' + wildType.slice(41, 53) + 'P' + wildType.slice(54), 2],
      ]);
      expect(table.rows.map(({ id }) => id)).toEqual(['VDGV', 'ADGP']);
    }
  });

  it('reads mutation lists with the offset given as either option, or inferred', () => {
    const text = 'mutations,score\nV37A/D38G,1\nV52T,2\nG39A/K2C/W41L,3\n';
    for (const options of [{}, { offset: 2 }, { firstPosition: -1 }, { offset: 2, firstPosition: -1 }]) {
      const table = read(text, { wildType, ...options });
      expect(scores(table)[0][0]).toBe(wildType.replace('NGVDG', 'NGAGG'));
      expect(table.numbering.separator).toBe('/');
      expect(table.numbering.label(38)).toBe('37');
    }
    expect(() => read('mutations,score\nV37A/D38G,1\n', { wildType })).toThrow('--first-position');
  });

  it('takes the wild type as FASTA too', () => {
    const fasta = `>gb1 a wild type\n${wildType.slice(0, 30)}\n${wildType.slice(30)}*\n`;
    expect(read('variant,score\nV39A,1\n,2\n', { wildType: fasta }).rows).toHaveLength(2);
  });

  it('keeps named sites of a table of full sequences', () => {
    const table = read('sequence,score\nACDE,1\nACDF,2\n', { sites: [4, 5], firstPosition: 2 });
    expect(table.kind).toBe('sequences');
    expect(table.sites).toEqual([2, 3]);
  });

  it('tells DNA from protein', () => {
    const table = read('sequence,score\nACGT,1\nACGA,2\n');
    expect(table.alphabet.name).toBe('dna');
    expect(table.notes).toEqual(['read as DNA, because of its letters']);
    expect(read('sequence,score\nACGT,1\nACGA,2\n', { alphabet: 'protein' }).alphabet.name).toBe('protein');
    expect(read('variant,score\nA1G,1\nA1W,2\nA1L,2\n', { wildType: 'AG' }).alphabet.name).toBe('protein');
    expect(read('variant,score\nA1G,1\nC2T,2\n', { wildType: 'ACGTACGT' }).alphabet.name).toBe('dna');
  });

  it('takes unequal lengths when told', () => {
    const table = read('sequence,score\nACDE,1\nACDEF,2\n', { allowUnequalLengths: true });
    expect(table.unequalLengths).toBe(true);
    expect(table.rows.map(({ sequence }) => sequence.length)).toEqual([4, 5]);
  });
});

describe('forms of the file', () => {
  const expected = scores(read('sequence,score\nACDE,1\nACDF,2\n'));

  it.each([
    ['CRLF', 'sequence,score\r\nACDE,1\r\nACDF,2\r\n'],
    ['CR', 'sequence,score\rACDE,1\rACDF,2\r'],
    ['byte-order mark', '\ufeffsequence,score\nACDE,1\nACDF,2'],
    ['quotes', '"sequence","score"\r\n"ACDE","1"\r\n"ACDF","2"\r\n'],
    ['tabs', 'sequence\tscore\nACDE\t1\nACDF\t2\n'],
    ['semicolons', 'sequence;score\nACDE;1\nACDF;2\n'],
    ['blank lines and empty columns', '\nsequence,score,,\n\nACDE,1,,\n , ,,\nACDF,2,,\n,,,\n'],
    ['white space', ' sequence , score \n ACDE , 1 \n\tACDF\u00a0, 2\n'],
    ['gzip', gzipSync('sequence,score\nACDE,1\nACDF,2\n')],
  ])('%s makes no difference', (_, content) => {
    expect(scores(read(content))).toEqual(expected);
  });

  it('is the same from a file, with the digest of its bytes', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'biseq-read-')), 't.csv');
    const content = gzipSync('sequence,score\nACDE,1\nACDF,2\n');
    writeFileSync(file, content);
    const fromFile = await readTable(file);
    expect(scores(fromFile)).toEqual(expected);
    expect(fromFile.source).toBe(file);
    expect(fromFile.sha256).toBe(read(content).sha256);
  });
});

describe('rows', () => {
  it('averages replicates, keeps their spread and reports contradictions', () => {
    const table = read('id,sequence,score\na,ACDE,1\nb,ACDF,5\nc,ACDE,2\nd,ACDE,6\ne,ACDF,5\n');
    expect(table.rows.map(({ id, line, score, replicates }) => [id, line, score, replicates])).toEqual([
      ['a', 2, 3, 3],
      ['b', 3, 5, 2],
    ]);
    expect(table.rows[0].spread).toBeCloseTo(Math.sqrt((4 + 1 + 9) / 2), 12);
    expect(table.rows[1].spread).toBe(0);
    expect(table.notes).toEqual([
      '2 sequences measured more than once (5 rows), averaged',
      '1 of them with different scores, furthest apart: lines 2 and 5: 1 and 6',
    ]);
  });

  it('sees one sequence in two lists of mutations', () => {
    const table = read('variant,score\nV39A:D40G,1\nD40G:V39A,3\nV39V,1\nWT,2\n', { wildType });
    expect(table.rows.map(({ score, replicates }) => [score, replicates])).toEqual([
      [2, 2],
      [1.5, 2],
    ]);
  });

  it('sets aside stops and missing scores, in file order', () => {
    const text = 'variant,score\nV39*,1\nV39A,\nD40G,NA\nD40*:V39A,2\nV54C,3\n';
    const table = read(text, { wildType });
    expect(table.setAside).toEqual([
      { line: 2, reason: 'stop' },
      { line: 3, reason: 'score missing' },
      { line: 4, reason: 'score missing' },
      { line: 5, reason: 'stop' },
    ]);
    expect(countSetAside(table.setAside)).toEqual({ stop: 2, 'score missing': 2 });
    const dropped = read(text, { wildType, stops: 'drop' });
    expect(countSetAside(dropped.setAside)).toEqual({ 'score missing': 2 });
    expect(dropped.notes).toContain('2 rows with a stop left out');
    expect(() => read(text, { wildType, stops: 'error' })).toThrow(
      't.csv:2: the variant has a stop (and 1 more like it: line 5)',
    );
  });

  it('checks the wild-type letters of rows with a stop too', () => {
    expect(() => read('variant,score\nV39A,1\nD40G,1\nA41G:V54*,2\n', { wildType })).toThrow(
      't.csv:4: mutation A41G says A',
    );
  });

  it('sets aside scores that are not finite when told', () => {
    const table = read('sequence,score\nACDE,1\nACDF,NaN\nACDG,-inf\n', { nonFiniteScores: 'set-aside' });
    expect(countSetAside(table.setAside)).toEqual({ 'score not finite': 2 });
  });
});

describe('faults', () => {
  const sites = 'variant,fitness\nVDGV,1\n';
  it.each<[string, string | Uint8Array, TableOptions, string]>([
    [
      'an empty file',
      '',
      {},
      't.csv: is empty; expected a header and rows of measured variants, got nothing.',
    ],
    ['blank lines only', '\n \n\n', {}, 't.csv: is empty'],
    ['a header only', 'sequence,score\n', {}, 't.csv: has no rows'],
    [
      'no header',
      'MTYKL,1.5\nMTYKV,2\n',
      {},
      "t.csv:1: the first row looks like data, not like a header; expected column names, such as sequence and score, got 'MTYKL', '1.5'. Add a line with the column names at the top.",
    ],
    [
      'no numeric scores',
      'sequence,score\nACDE,high\nACDF,low\n',
      {},
      "t.csv:2: column 'score' has no numeric scores; expected numbers, got 'high'.",
    ],
    [
      'a text score',
      'sequence,score\nACDE,1\nACDF,low\n',
      {},
      "t.csv:3: the score in column 'score' is not a number",
    ],
    [
      'NaN and inf',
      'sequence,score\nACDE,1\nACDF,NaN\nACDG,inf\n',
      {},
      "t.csv:3: the score in column 'score' is not finite (and 1 more like it: line 4)",
    ],
    [
      'scores all missing',
      'sequence,score\nACDE,NA\n',
      {},
      't.csv: no row is left; expected measured variants, got 0 rows with a stop, 1 without a score.',
    ],
    ['stops everywhere', 'sequence,score\nACE*,1\n', {}, 'If every sequence ends in *, remove that letter.'],
    [
      'a decimal comma',
      'sequence;score\nACDE;1,5\n',
      {},
      "t.csv:2: the score in column 'score' is written with a decimal comma",
    ],
    [
      'a decimal comma that splits',
      'sequence,score\nACDE,1,5\n',
      {},
      't.csv:2: the row has 3 columns, the header 2; expected 2 columns, got 3. If numbers are written with decimal commas',
    ],
    ['row names of R', 'sequence,score\n1,ACDE,2\n', {}, "(R's write.table)"],
    ['a short row', 'sequence,score\nACDE,1\nACDF\n', {}, 't.csv:3: the row has 1 column, the header 2'],
    [
      'a letter outside the alphabet',
      'sequence,score\nACDE,1\n"AC\nDF",1\n',
      {},
      "t.csv:3: letter '\\u000a' at place 3 is not in the protein alphabet",
    ],
    [
      'many such',
      `sequence,score\nACDE,1\n${'ACXE,1\n'.repeat(900)}`,
      {},
      "t.csv:3: letter 'X' at place 3 is not in the protein alphabet (and 899 more like it: lines 4, 5, 6, 7, 8, ...); expected one of ACDEFGHIKLMNPQRSTVWY, got 'X'.",
    ],
    [
      'faults of several kinds',
      'sequence,score\nACDE,1\nACXE,1\nACDF\nACDG,x\n',
      {},
      '(also 1 row with another number of columns, first in line 4; also 1 row with a score that is no number, first in line 5)',
    ],
    ['RNA', 'sequence,score\nACGU,1\nACGA,2\n', {}, 'Write RNA with T for U.'],
    ['an empty sequence', 'sequence,score\nACDE,1\n,2\n', {}, 't.csv:3: the sequence is missing'],
    [
      'a wrong wild-type letter',
      'variant,score\nV39A,1\nD40G,2\nA41G,3\n',
      { wildType },
      't.csv:4: mutation A41G says A, the wild type has G at 41; expected G41, got A41.',
    ],
    [
      'a mutation outside',
      'variant,score\nV39A,1\nD40G,2\nA410G,3\n',
      { wildType },
      't.csv:4: mutation A410G lies outside the wild type; expected a position from 1 to 56, got 410.',
    ],
    [
      'a position mutated twice',
      'variant,score\nV39A:V39C,1\n',
      { wildType },
      't.csv:2: position 39 is mutated twice',
    ],
    [
      'a deletion',
      'variant,score\nV39A,1\nV39del,1\n',
      { wildType },
      "t.csv:3: 'V39del' is an insertion or deletion",
    ],
    ['a dropped wild-type letter', 'variant,score\n39A,1\n', { wildType }, 'Write the wild-type letter too'],
    ['lists without a wild type', 'variant,score\nV39A,1\n', {}, 't.csv: mutation lists need a wild type'],
    [
      'site letters without a wild type',
      sites,
      { sites: [39, 40, 41, 54] },
      't.csv: letters at sites need a wild type',
    ],
    ['site letters without sites', sites, { wildType }, 'name the sites by --sites'],
    ['another number of site letters', `${sites}ADG,1\n`, gb1, "t.csv:3: 'ADG' has 3 letters for 4 sites"],
    [
      'a site outside',
      sites,
      { wildType, sites: [39, 40, 41, 57] },
      'site 57 lies outside the sequence; expected a whole number from 1 to 56',
    ],
    [
      'unequal lengths',
      'sequence,score\nACDE,1\nACDEF,2\nACDF,2\n',
      {},
      't.csv:3: the sequence has 5 letters; expected 4, as in 2 other rows, got 5.',
    ],
    [
      'another length than the wild type',
      'sequence,score\nACDE,1\nACDF,2\n',
      { wildType: 'ACDEF' },
      'expected 5, as in the wild type',
    ],
    [
      'a letter of the wild type',
      'variant,score\nA1C,1\n',
      { wildType: 'ACDX' },
      "letter 'X' at place 4 of the wild type",
    ],
    ['NUL', 'sequence,score\nACDE,1\nAC\0E,1\n', {}, 't.csv:3: is not a text file in UTF-8'],
    [
      'Latin-1',
      Buffer.from('sequence,score (µM)\nACDE,1\n', 'latin1'),
      {},
      't.csv:1: is not a text file in UTF-8',
    ],
    ['an open quote', 'sequence,score\nACDE,1\n"ACDF,2\n', {}, 't.csv:3: a quoted field is not closed'],
    [
      'an unknown option',
      'sequence,score\n',
      { scoreColum: 'x' } as TableOptions,
      "there is no option 'scoreColum'. Did you mean 'scoreColumn'?",
    ],
    ['a site named twice', sites, { wildType, sites: [39, 39] }, 'option sites: every site once'],
    [
      'a contradiction of options',
      sites,
      { offset: 2, firstPosition: 1 },
      'option offset: contradicts firstPosition 1',
    ],
    ['a long delimiter', sites, { delimiter: '::' }, 'option delimiter: one character'],
  ])('%s', (_, content, options, message) => {
    let caught: unknown;
    try {
      read(content, options);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(InputError);
    const text = (caught as InputError).message;
    expect(text).toContain(message);
    expect(text.length).toBeLessThan(600);
    expect(text).not.toMatch(/\p{Cc}/u);
  });

  it('counts lines through quoted newlines', () => {
    expect(() => read('note,sequence,score\n"two\n\nlines",ACDE,1\nx,AC1E,2\n')).toThrow(
      "t.csv:5: letter '1'",
    );
  });

  it('never echoes a huge cell', () => {
    const huge = 'A1'.repeat(1_000_000);
    for (const text of [`sequence,score\nACDE,1\n${huge},1\n`, `sequence,score\nACDE,1\nACDF,${huge}\n`]) {
      expect(() => read(text)).toThrow(expect.toSatisfy((error: Error) => error.message.length < 500));
    }
  });
});
