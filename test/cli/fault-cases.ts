import { gzipSync } from 'node:zlib';
import { TINY_MAX_TOKENS } from '../helpers/tiny-model.js';
import { smallTable } from '../run/small-table.js';

/** A fault: the table, options beside `--wild-type` and the model, and what the message must hold. */
export interface FaultCase {
  name: string;
  /** Content of table.csv; a text without it means the small table. */
  table?: string | Uint8Array;
  args?: string[];
  /** Leave out `--wild-type`. */
  plain?: boolean;
  says: string[];
}

const rows = smallTable();
/** A table of full sequences from its rows. */
export const sequences = (...lines: string[]) => `sequence,score\n${lines.join('\n')}\n`;

/** Everything of the kinds of bad input that labs send, and what else a command line can get wrong. */
export const faultCases: FaultCase[] = [
  {
    name: 'missing file',
    args: ['table.cvs'],
    says: ['table.cvs: there is no such file', "Did you mean 'table.csv'?"],
  },
  { name: 'a folder', args: ['tiny'], says: ['is a directory', 'expected a file'] },
  { name: 'empty file', table: '', says: ['table.csv: is empty', 'expected a header'] },
  { name: 'header only', table: 'sequence,score\n', says: ['table.csv: has no rows', 'the header only'] },
  {
    name: 'no header',
    table: 'MKTAY,1\nMKTAF,2\n',
    says: ['table.csv:1: the first row looks like data', 'column names'],
  },
  {
    name: 'unknown column',
    args: ['table.csv', '--score-column', 'activty'],
    says: ["table.csv:1: there is no column 'activty'", "Did you mean 'activity'?"],
  },
  {
    name: 'no numeric scores',
    table: 'sequence,score\nMKTAY,high\n',
    says: ['table.csv:2: ', 'has no numeric scores', "got 'high'"],
  },
  {
    name: 'no score column',
    table: 'sequence,colour\nMKTAY,red\n',
    says: ['no column of scores', '--score-column'],
  },
  {
    name: 'NaN',
    table: sequences('MKTAY,1', 'MKTAF,NaN'),
    says: ['table.csv:3: ', 'not finite', "got 'NaN'", '--non-finite-scores'],
  },
  { name: 'infinite', table: sequences('MKTAY,-inf'), says: ['table.csv:2: ', 'not finite', "got '-inf'"] },
  {
    name: 'letter outside the alphabet',
    table: sequences('MKTAY,1', 'MKTJY,2'),
    says: ['table.csv:3: ', "letter 'J' at place 4", 'ACDEFGHIKLMNPQRSTVWY'],
  },
  {
    name: 'stop',
    table: sequences('MKTAY,1', 'MK*AY,2'),
    args: ['table.csv', '--stops', 'error'],
    plain: true,
    says: ['table.csv:3: ', 'stop', '*'],
  },
  {
    name: 'wrong wild-type letter',
    table: 'mutations,score\nT3A,1\nA3C,2\n',
    says: ['table.csv:3: ', 'A3C says A, the wild type has T at 3', 'expected T3'],
  },
  {
    name: 'mutation outside the sequence',
    table: 'mutations,score\nT3A,1\nT300A,2\n',
    says: ['table.csv:3: ', 'T300A lies outside', '1 to 16'],
  },
  {
    name: 'mutation list without a wild type',
    plain: true,
    args: ['table.csv'],
    says: ['need a wild type', '--wild-type'],
  },
  {
    name: 'unequal lengths',
    table: sequences('MKTAY,1', 'MKTAF,2', 'MKTA,3'),
    plain: true,
    says: ['table.csv:4: ', 'has 4 letters', 'expected 5'],
  },
  {
    name: 'a model that does not fit into memory',
    args: ['table.csv', '--blocks', 'lm-mean', '--memory', '1'],
    table: sequences('MKTAY,1', 'MKTAF,2', 'MKTAV,3', 'MKTAL,4', 'MKTAA,5', 'MKTAI,6'),
    plain: true,
    says: ['does not fit into memory', 'at most 1 MiB', '--memory'],
  },
  {
    name: 'no memory at all',
    args: ['table.csv', '--memory', '0'],
    table: sequences('MKTAY,1', 'MKTAF,2'),
    plain: true,
    says: ['option --memory is wrong', 'above 0', "'0'"],
  },
  {
    name: 'one row',
    table: sequences('MKTAY,1'),
    plain: true,
    args: ['table.csv', '--designable', '1-5'],
    says: ['too few measured variants'],
  },
  {
    name: 'equal scores',
    table: sequences('MKTAY,1', 'MKTAF,1', 'MKTAV,1', 'MKTAL,1', 'MKTAA,1'),
    plain: true,
    says: ['all scores are the same'],
  },
  {
    name: 'sequence longer than the model takes',
    table: sequences(...[...'MKVLA'].map((letter, i) => `${letter.repeat(TINY_MAX_TOKENS)},${i}`)),
    plain: true,
    says: [
      'table.csv:2: the sequence is too long for model tiny',
      `at most ${TINY_MAX_TOKENS} tokens`,
      `got ${TINY_MAX_TOKENS + 2}`,
    ],
  },
  {
    name: 'unknown block',
    args: ['table.csv', '--blocks', 'onehto,llr'],
    says: ['option blocks is wrong', "Did you mean 'onehot'?"],
  },
  {
    name: 'unknown search',
    args: ['table.csv', '--search', 'discret'],
    says: ['option --search is wrong', "Did you mean 'discrete'?"],
  },
  {
    name: 'unknown batch',
    args: ['table.csv', '--batch', 'tompson'],
    says: ['option --batch is wrong', "Did you mean 'thompson'?"],
  },
  {
    name: 'published features and blocks',
    args: ['table.csv', '--features', 'paper', '--blocks', 'onehot'],
    says: ['options features and blocks cannot go together', 'Leave one of them out'],
  },
  {
    name: 'too few variants',
    table: sequences('MKTAY,1', 'MKTAF,2', 'MKTAV,3'),
    plain: true,
    says: ['table.csv: there are too few measured variants to learn from', 'at least 5'],
  },
  {
    name: 'binary file',
    table: Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256),
    says: ['table.csv', 'is not a text file'],
  },
  {
    name: 'Excel workbook',
    table: Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 6, 0),
    says: ['Excel workbook', 'Save the sheet as CSV'],
  },
  {
    name: 'truncated gzip',
    table: gzipSync(rows).subarray(0, 150),
    says: ['gzip data end too early', 'Copy or download the file again'],
  },
  {
    name: 'unclosed quote',
    table: 'sequence,score\n"MKTAY,1\n',
    says: ['table.csv:2: ', 'quoted field is not closed'],
  },

  {
    name: 'unknown model',
    args: ['table.csv', '--model', 'protein-smal'],
    says: ["there is no model 'protein-smal'"],
  },
  {
    name: 'truncated safetensors',
    args: ['table.csv', '--model', 'truncated'],
    says: ['truncated/model.safetensors'],
  },
  {
    name: 'corrupt safetensors',
    args: ['table.csv', '--model', 'corrupt'],
    says: ['corrupt/model.safetensors'],
  },
  {
    name: 'wrong checksum',
    args: ['table.csv', '--model', 'checksum'],
    says: ['checksum/model.safetensors: checksum does not match', 'sha256'],
  },
  {
    name: 'config that does not fit',
    args: ['table.csv', '--model', 'misfit'],
    says: ['does not fit config.json', 'expected shape', 'got ['],
  },
  { name: 'folder without a model', args: ['table.csv', '--model', 'empty'], says: ['empty/config.json'] },
  {
    name: 'model of another alphabet',
    args: ['table.csv', '--model', 'tiny-dna'],
    says: ['does not read what the table holds', 'expected a model of proteins'],
  },

  {
    name: 'no number',
    args: ['table.csv', '--count', 'many'],
    says: ["option --count is wrong; expected a number, got 'many'"],
  },
  {
    name: 'no position',
    args: ['table.csv', '--fixed', '3;5'],
    says: ['option --fixed is wrong; expected positions and ranges such as 5-20,39'],
  },
  {
    name: 'too many positions',
    args: ['table.csv', '--fixed', '1-999999999'],
    says: ['option --fixed is wrong'],
  },
  {
    name: 'no letters',
    args: ['table.csv', '--letters-at', '3=A1'],
    says: ['option --letters-at is wrong', '39=AVIL,41=G'],
  },
  {
    name: 'gamma out of range',
    args: ['table.csv', '--gamma', '1.5'],
    says: ['option gamma is wrong; expected adaptive, or a number from 0 to 1, got 1.5'],
  },
  {
    name: 'position outside',
    args: ['table.csv', '--designable', '3,17'],
    says: ["'17' is not a position", '1 to 16'],
  },
  {
    name: 'letter not in the alphabet',
    args: ['table.csv', '--letters', 'AJ'],
    says: ["letter 'J'", 'not in the protein alphabet'],
  },
  {
    name: 'no room',
    args: ['table.csv', '--designable', '3', '--count', '30'],
    says: ['too few sequences', 'at least 30', 'Ask for fewer designs'],
  },
  { name: 'all fixed', args: ['table.csv', '--fixed', '1-16'], says: ['no position is left to design'] },
  { name: 'wild type of no letters', args: ['table.csv', '--wild-type', 'MK7'], plain: true, says: ['MK7'] },
  {
    name: 'unknown example',
    args: ['example:gfp'],
    plain: true,
    says: ["there is no example 'gfp'", 'example:gb1'],
  },
];
