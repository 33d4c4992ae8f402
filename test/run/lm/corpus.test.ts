import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DNA, PROTEIN } from '../../../src/core/alphabet.js';
import { InputError } from '../../../src/core/errors.js';
import { fastaAlphabet, readCorpus } from '../../../src/run/lm/corpus.js';
import { foldsByHash, foldsByTable } from '../../../src/run/lm/folds.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';

const root = temporaryFolder();
const write = (name: string, content: string | Uint8Array) => {
  const file = path.join(root, name);
  writeFileSync(file, content);
  return file;
};
const encode = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const decode = (tokens: ArrayLike<number>) => String.fromCharCode(...Array.from(tokens));
const all = () => 'train' as const;

describe('a corpus', () => {
  it('is read in order: capitals, without gaps and closing stops, each sequence once', async () => {
    const fasta = write('a.fa', '>a\nmk-T.\n>b\nMKT*\n>c\nMA*T\n>d\n---\n>e\nMAA\n');
    const { corpora, counts, leftOut } = await readCorpus({ fasta, alphabet: PROTEIN, foldOf: all, encode });
    expect(corpora.train.map(decode)).toEqual(['MKT', 'MAA']);
    expect(counts.train).toEqual({ sequences: 2, tokens: 6 });
    expect(leftOut).toEqual({ 'the same sequence again': 1, 'a stop inside': 1, 'no letters': 1 });
  });

  it('of DNA may hold both strands of what is trained on', async () => {
    const fasta = write('d.fa', '>a\nAACGU\n>v\nAAAC\n');
    const foldOf = (id: string) => (id === 'v' ? 'valid' : 'train');
    const { corpora } = await readCorpus({ fasta, alphabet: DNA, foldOf, encode, bothStrands: true });
    expect(corpora.train.map(decode)).toEqual(['AACGT', 'ACGTT']);
    expect(corpora.valid.map(decode)).toEqual(['AAAC']);
  });

  it('has a digest of what is trained on', async () => {
    const digest = async (content: string, foldOf: (id: string) => 'train' | 'valid' = all) => {
      const fasta = write('x.fa', content);
      return (await readCorpus({ fasta, alphabet: PROTEIN, foldOf, encode })).sha256;
    };
    const one = await digest('>a\nMKT\n>b\nMAA\n');
    expect(await digest('>x\nMKT\n>y\nM-AA\n')).toBe(one);
    expect(await digest('>a\nMKT\n>b\nMAC\n')).not.toBe(one);
    expect(await digest('>a\nMK\n>b\nTMAA\n')).not.toBe(one);
    expect(await digest('>a\nMKT\n>b\nMAA\n', (id) => (id === 'b' ? 'valid' : 'train'))).not.toBe(one);
  });

  it('without a sequence is refused, with what was left out', async () => {
    const fasta = write('n.fa', '>a\nMKT\n');
    const read = readCorpus({ fasta, alphabet: PROTEIN, foldOf: () => null, encode });
    await expect(read).rejects.toThrow(/n\.fa: no sequence to train on.*1 left out: in no fold/);
  });

  it('is DNA or protein by its letters', async () => {
    expect(await fastaAlphabet(write('p.fa', '>a\nMKTAYI\n'))).toBe(PROTEIN);
    expect(await fastaAlphabet(write('q.fa', '>a\nACGTNNACGT\n'))).toBe(DNA);
  });
});

describe('folds', () => {
  it('by hash depend on the id alone, in the shares that are asked for', () => {
    const ids = Array.from({ length: 4000 }, (_, i) => `id${i}`);
    const foldOf = foldsByHash(0.2, 0.1);
    const share = (fold: string) => ids.filter((id) => foldOf(id) === fold).length / ids.length;
    // Four standard deviations.
    expect(Math.abs(share('valid') - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / 4000));
    expect(Math.abs(share('test') - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / 4000));
    const first = createHash('sha256').update('id0').digest('hex').slice(0, 12);
    const place = parseInt(first, 16) / 16 ** 12;
    expect(foldOf('id0')).toBe(place < 0.2 ? 'valid' : place < 0.3 ? 'test' : 'train');
  });

  it('by table', async () => {
    const file = write('f.tsv.gz', gzipSync('id\tcluster\tfold\na\t1\ttrain\nb\t2\tvalid\nc\t3\ttest\n'));
    const foldOf = await foldsByTable(file);
    expect(['a', 'b', 'c', 'd'].map(foldOf)).toEqual(['train', 'valid', 'test', null]);
    const refuse = async (content: string, message: RegExp) => {
      const table = write('bad.csv', content);
      await expect(foldsByTable(table)).rejects.toThrow(InputError);
      await expect(foldsByTable(table)).rejects.toThrow(message);
    };
    await refuse('id,cluster\na,1\n', /bad\.csv:1: the table of folds has no column 'fold'/);
    await refuse(
      'id,fold\na,train\nb,dev\n',
      /bad\.csv:3: there is no such fold; expected train, valid, test, got 'dev'/,
    );
    await refuse('id,fold\na,train\na,test\n', /bad\.csv:3: 'a' is in two folds/);
  });
});
