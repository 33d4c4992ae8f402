import { describe, expect, it } from 'vitest';
import { parseTable } from '../../src/table/read.js';
import type { TableOptions } from '../../src/table/options.js';
import { isAside, scoreFit, sequenceFit, words } from '../../src/table/names.js';

const wildType = 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE';

/** `role:name` of the columns that are chosen. */
function chosen(text: string, options: TableOptions = {}): string {
  return parseTable(text, 't.csv', options)
    .columns.map(({ role, name }) => `${role}:${name}`)
    .join(' ');
}

describe('column names', () => {
  it('tells words apart', () => {
    expect(words('medianBrightness')).toEqual(['median', 'brightness']);
    expect(words('Count input')).toEqual(['count', 'input']);
    expect(words('num_mutations')).toEqual(['num', 'mutations']);
  });

  it.each([
    'sequence',
    'Seq',
    'variant',
    'Variants',
    'mutant',
    'mutations',
    'aaMutations',
    'AASeq',
    '8-mer',
    'mutated_sequence',
    'AA_sequence',
  ])('knows %s for variants', (name) => expect(sequenceFit(name)).toBeGreaterThan(0));
  it.each(['num_mutations', 'variant_id', 'wt_sequence', 'sequence length', 'HD', 'score'])(
    'does not take %s for variants',
    (name) => expect(sequenceFit(name)).toBe(0),
  );
  it.each([
    'score',
    'Fitness',
    'brightness',
    'medianBrightness',
    'expression',
    'Measured Expression',
    'E-score',
    'y',
    'target',
    'DMS_score',
  ])('knows %s for the score', (name) => expect(scoreFit(name)).toBeGreaterThan(0));
  it.each([
    'Count input',
    'Count selected',
    'uniqueBarcodes',
    'num_mutations',
    'std',
    'HD',
    'score_sd',
    'Predicted Expression',
    'DMS_score_bin',
    '',
  ])('does not take %s for the score', (name) => {
    expect(scoreFit(name)).toBe(0);
    expect(isAside(name)).toBe(true);
  });
});

describe('choice of columns', () => {
  it.each([
    [
      'Variants,HD,Count input,Count selected,Fitness\nVDGV,0,9,8,1\n',
      'sequence:Variants score:Fitness',
      { wildType, sites: [39, 40, 41, 54] },
    ],
    [
      'aaMutations\tuniqueBarcodes\tmedianBrightness\tstd\nV39A\t3\t3.7\t0.1\n',
      'sequence:aaMutations score:medianBrightness',
      { wildType },
    ],
    ['variant\tnum_mutations\tscore\nV39A,D40G\t2\t9\n', 'sequence:variant score:score', { wildType }],
    [
      ',sequence,Measured Expression,Predicted Expression\n0,ACGT,1,2\n',
      'sequence:sequence score:Measured Expression',
      {},
    ],
    ['8-mer\t8-mer\tE-score\tMedian\tZ-score\nAAAA\tTTTT\t0.1\t5\t2\n', 'sequence:8-mer score:E-score', {}],
    ['Combo,Fitness\nVDGV,1\n', 'sequence:Combo score:Fitness', { wildType, sites: [39, 40, 41, 54] }],
    ['id,AASeq,y\nv1,ACDE,1\n', 'sequence:AASeq score:y id:id', {}],
    ['#variant,score\nV39A,1\n', 'sequence:variant score:score', { wildType }],
  ])('takes the right ones of %s', (text, expected, options) => {
    expect(chosen(text, options)).toBe(expected);
  });

  it('goes by content where names say nothing', () => {
    expect(chosen('x1,x2,plate\nACDE,1.5,3\nACDF,2.5,3\n')).toBe('sequence:x1 score:x2');
    expect(chosen('what,growth\nV39A,1.5\nD40G:V39A,2.5\n', { wildType })).toBe('sequence:what score:growth');
    expect(chosen('variant,sequence,score\nvar_1,ACDE,1\nvar_2,ACDF,2\n')).toBe(
      'sequence:sequence score:score',
    );
  });

  it('takes full sequences without a wild type, mutation lists with one', () => {
    const text = `mutant,mutated_sequence,DMS_score,DMS_score_bin\nV39A,${wildType.replace('NGVDG', 'NGADG')},1,0\n`;
    expect(chosen(text)).toBe('sequence:mutated_sequence score:DMS_score');
    expect(chosen(text, { wildType })).toBe('sequence:mutant score:DMS_score');
  });

  it('obeys the options: by name, by loose name, by number', () => {
    const text = 'Seq A,Seq B,Score 1,Score 2,Label\nACD,ACE,1,2,x\n';
    const options = { sequenceColumn: 'Seq B', scoreColumn: 'score_2', idColumn: '#5' };
    expect(chosen(text, options)).toBe('sequence:Seq B score:Score 2 id:Label');
    const table = parseTable('s,score,score\nACD,1,2\n', 't.csv', { sequenceColumn: 's', scoreColumn: '#3' });
    expect(table.rows[0].score).toBe(2);
  });

  it('says why', () => {
    const { columns } = parseTable('x1,fitness\nACDE,1\n', 't.csv', { scoreColumn: 'fitness' });
    expect(columns).toEqual([
      { role: 'sequence', name: 'x1', column: 1, why: 'its content; full sequences' },
      { role: 'score', name: 'fitness', column: 2, why: 'option scoreColumn' },
    ]);
  });

  it.each([
    [
      'sequence,score\nACD,1\n',
      { scoreColumn: 'scor' },
      "t.csv:1: there is no column 'scor'; expected one of 'sequence', 'score', got 'scor'. Did you mean 'score'?",
    ],
    [
      'sequence,score\nACD,1\n',
      { scoreColumn: 'brightness' },
      "there is no column 'brightness'; expected one of 'sequence', 'score'",
    ],
    ['sequence,score\nACD,1\n', { scoreColumn: '#3' }, "there is no column '#3'"],
    [
      'sequence,score,fitness\nACD,1,2\n',
      {},
      "t.csv:1: several columns may hold the score; expected one, got 'score', 'fitness'. Choose by --score-column",
    ],
    ['sequence,a,b\nACD,1,2\n', {}, "several columns may hold the score; expected one, got 'a', 'b'"],
    [
      'seq,sequence,score\nACD,ACE,1\n',
      {},
      "several columns may hold the variants; expected one, got 'seq', 'sequence'. Choose by --sequence-column",
    ],
    ['sequence,score,score\nACD,1,2\n', {}, 'by number: #2 or #3'],
    ['sequence,reads,std\nACD,1,2\n', {}, 'no column of scores was found'],
    ['sequence\nACD\n', {}, 'no column of scores was found'],
    ['a,score\n1,1\n', {}, 'no column of variants was found'],
    ['sequence,score\nACD,1\n', { scoreColumn: 'sequence' }, 'cannot be both'],
  ])('refuses %j with %j', (text, options, message) => {
    expect(() => parseTable(text, 't.csv', options)).toThrow(message);
  });
});
