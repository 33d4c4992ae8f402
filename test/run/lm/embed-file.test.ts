import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { afterAll, describe, expect, it } from 'vitest';
import { CancelledError, InputError, ModelError } from '../../../src/core/errors.js';
import { createRandom } from '../../../src/core/random.js';
import { embed, type EmbedWhat } from '../../../src/lm/embed/embed.js';
import { openSafetensors } from '../../../src/lm/io/safetensors.js';
import { openLanguageModel } from '../../../src/lm/language-model.js';
import { npyHeader } from '../../../src/run/lm/array-headers.js';
import { type EmbedFileOptions, embedToFile } from '../../../src/run/lm/embed-file.js';
import { createPool } from '../../../src/runtime/pool.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';
import { writeTinyModel } from '../../helpers/tiny-model.js';

const root = temporaryFolder();
const at = (name: string) => path.join(root, name);
const [model, dna] = [at('tiny'), at('dna')];
await writeTinyModel(model);
await writeTinyModel(dna, 'dna');
const pool = createPool(1);
afterAll(() => pool.close());

const random = createRandom('sequences');
const letters = 'ACDEFGHIKLMNPQRSTVWY';
const texts = Array.from({ length: 30 }, () =>
  Array.from({ length: 4 + random.integer(40) }, () => letters[random.integer(20)]).join(''),
);
const fasta = at('in.fasta');
writeFileSync(
  fasta,
  texts.map((text, i) => `>s${i} something\n${text.slice(0, 3)}\n${text.slice(3).toLowerCase()}\n`).join(''),
);

async function expected(what: EmbedWhat): Promise<number[]> {
  const opened = await openLanguageModel(model);
  const values: number[] = [];
  const sequences = texts.map((text, i) => ({ id: `s${i}`, text }));
  for await (const { data } of embed(opened, pool, sequences, { what })) values.push(...data);
  return values;
}

/** Reads a .npy file of float32 by its specification. */
function readNpy(file: string): { shape: number[]; data: number[] } {
  const bytes = readFileSync(file);
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
  const end = 10 + bytes.readUInt16LE(8);
  expect(end % 64).toBe(0);
  const header = bytes.subarray(10, end).toString('latin1');
  expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(.*\), \} *\n$/);
  const shape = /\(([^)]*)\)/
    .exec(header)![1]
    .split(',')
    .filter((s) => s.trim())
    .map(Number);
  const values = bytes.subarray(end);
  return { shape, data: Array.from({ length: values.length / 4 }, (_, i) => values.readFloatLE(4 * i)) };
}

const whats: [string, EmbedFileOptions['what'], EmbedWhat, number[]][] = [
  ['mean', 'mean', 'mean', [30, 16]],
  ['residues', 'residues', 'residues', [texts.join('').length, 16]],
  ['sites', { sites: [4, 2] }, { sites: [3, 1] }, [30, 2, 16]],
];

describe.each(whats)('embedding %s', async (name, what, asked, shape) => {
  const values = await expected(asked);
  const options = { model, what, workers: 1 };

  it('.npy and safetensors hold what embed gives, and an index whose rows are whose', async () => {
    const out = at(`${name}.npy`);
    const result = await embedToFile(fasta, out, options);
    expect(result).toMatchObject({ sequences: 30, resumed: 0, shape, index: `${out}.index.csv` });
    expect(readNpy(out)).toEqual({ shape, data: values });
    const tensors = at(`${name}.safetensors`);
    await embedToFile(fasta, tensors, options);
    const file = openSafetensors(tensors);
    expect(file.readTensor('embeddings').shape).toEqual(shape);
    expect(Array.from(file.readTensor('embeddings').data)).toEqual(values);
    expect(file.metadata).toMatchObject({
      what: name,
      model: 'tiny',
      ...(name === 'sites' ? { sites: '4,2' } : {}),
    });
    let row = 0;
    const lines = texts.map((text, i) => {
      const rows = what === 'mean' ? 1 : what === 'residues' ? text.length : 2;
      row += rows;
      return `s${i},${text.length},${row - rows},${rows}`;
    });
    expect(readFileSync(`${out}.index.csv`, 'utf8')).toBe(['id,length,row,rows', ...lines, ''].join('\n'));
    expect(readFileSync(`${tensors}.index.csv`)).toEqual(readFileSync(`${out}.index.csv`));
  });

  it('Parquet holds a row a vector', async () => {
    const out = at(`${name}.parquet`);
    expect(await embedToFile(fasta, out, options)).toMatchObject({ index: null, shape });
    const file = await asyncBufferFromFile(out);
    const rows = (await parquetReadObjects({ file })) as {
      id: string;
      length: number;
      position?: number;
      residue?: string;
      embedding: number[];
    }[];
    expect(rows.flatMap(({ embedding }) => [...embedding])).toEqual(values);
    const who = texts.flatMap((text, i) => {
      const own = { id: `s${i}`, length: text.length };
      if (what === 'mean') return [own];
      const places = what === 'residues' ? [...text].map((_letter, j) => j) : [3, 1];
      return places.map((j) => ({ ...own, position: j + 1, residue: text[j] }));
    });
    expect(rows.map(({ embedding: _embedding, ...row }) => row)).toEqual(who);
    const { key_value_metadata: metadata } = await parquetMetadataAsync(file);
    expect(Object.fromEntries(metadata!.map(({ key, value }) => [key, value]))).toMatchObject({ what: name });
    expect(readdirSync(root).filter((other) => other.startsWith(`${name}.parquet`))).toEqual([
      `${name}.parquet`,
    ]);
  });

  it.each(['npy', 'safetensors', 'parquet'])(
    'to %s goes on after an interruption, to the same bytes',
    async (format) => {
      const [out, whole] = [at(`cut-${name}.${format}`), at(`${name}.${format}`)];
      const controller = new AbortController();
      const onProgress = ({ done }: { done: number }) => done === 11 && controller.abort();
      const cut = embedToFile(fasta, out, { ...options, signal: controller.signal }, { onProgress });
      await expect(cut).rejects.toThrow(CancelledError);
      const seen: number[] = [];
      const result = await embedToFile(fasta, out, options, { onProgress: ({ done }) => seen.push(done) });
      expect(result.resumed).toBeGreaterThanOrEqual(11);
      expect(seen[0]).toBe(result.resumed);
      expect(seen.at(-1)).toBe(30);
      expect(readFileSync(out).equals(readFileSync(whole))).toBe(true);
    },
  );
});

describe('input', () => {
  it('may be gzip, a table of sequences, or mutation lists with a wild type and numbers of their own', async () => {
    const zipped = at('in.fasta.gz');
    writeFileSync(zipped, gzipSync(readFileSync(fasta)));
    await embedToFile(zipped, at('zipped.npy'), { model });
    expect(readNpy(at('zipped.npy'))).toEqual(readNpy(at('mean.npy')));
    writeFileSync(at('t.csv'), `Name,aa sequence\n${texts.map((text, i) => `s${i},${text}`).join('\n')}\n`);
    await embedToFile(at('t.csv'), at('table.npy'), { model });
    expect(readNpy(at('table.npy'))).toEqual(readNpy(at('mean.npy')));
    expect(readFileSync(at('table.npy.index.csv'))).toEqual(readFileSync(at('mean.npy.index.csv')));
    // Numbered from 101.
    writeFileSync(at('m.csv'), 'mutant,score\nA104W,1\nC102D:A104W,2\n');
    writeFileSync(at('full.fa'), '>a\nMCDWC\n>b\nMDDWC\n');
    const options = { model, wildType: 'MCDAC', firstPosition: 101, what: { sites: [102] } };
    await embedToFile(at('m.csv'), at('mutants.npy'), options);
    await embedToFile(at('full.fa'), at('full.npy'), { model, what: { sites: [2] } });
    expect(readNpy(at('mutants.npy'))).toEqual(readNpy(at('full.npy')));
  });

  it('that cannot be read is refused before any work, with the line', async () => {
    const refuse = async (name: string, content: string, message: RegExp, options: EmbedFileOptions = {}) => {
      const file = at(name);
      writeFileSync(file, content);
      const run = embedToFile(file, at('refused.npy'), { model, ...options });
      await expect(run).rejects.toThrow(InputError);
      await expect(run).rejects.toThrow(message);
      expect(readdirSync(root).some((other) => other.startsWith('refused'))).toBe(false);
    };
    await refuse(
      'odd.fa',
      '>a\nMKT\n>b\nMKJT\n',
      /odd\.fa:3: letter 'J' at position 3 of b is not in the vocabulary of model tiny/,
    );
    await refuse(
      'long.fa',
      `>a\n${'MK'.repeat(40)}\n`,
      /long\.fa:1: sequence a is too long.*at most 64 tokens/,
    );
    await refuse('long.fa', `>a\n${'MK'.repeat(40)}\n`, /got 1 that are too long/, { tooLong: 'skip' });
    await refuse('sites.fa', '>a\nMKT\n', /sites\.fa:1: site 4 lies outside sequence a; expected 1 to 3/, {
      what: { sites: [4] },
    });
    await refuse('none.csv', 'x,y\n1,2\n', /none\.csv:1: no column of sequences was found/);
    await refuse('mut.csv', 'mutant,score\nA1C,2\n', /mut\.csv:2: the cell holds no sequence.*--wild-type/);
    await refuse('empty.fa', '\n', /empty\.fa: is empty/);
    await refuse('dna.fa', '>a\nACGTACGTACGT\n', /dna\.fa: model tiny does not read what the file holds/);
  });

  it('of DNA goes to a model of DNA, U read as T', async () => {
    writeFileSync(at('rna.fa'), '>a\nACGUACGUACGU\n');
    writeFileSync(at('dna2.fa'), '>a\nACGTACGTACGT\n');
    await embedToFile(at('rna.fa'), at('rna.npy'), { model: dna });
    await embedToFile(at('dna2.fa'), at('dna2.npy'), { model: dna });
    expect(readNpy(at('rna.npy'))).toEqual(readNpy(at('dna2.npy')));
    await embedToFile(at('dna2.fa'), at('as-protein.npy'), { model, alphabet: 'protein' });
  });

  it('that is too long may be left out, with a note', async () => {
    writeFileSync(at('mixed.fa'), `>a\nMKT\n>b\n${'MK'.repeat(40)}\n>c\nMKV\n`);
    const notes: string[] = [];
    const options = { model, tooLong: 'skip' } as const;
    const result = await embedToFile(at('mixed.fa'), at('skipped.npy'), options, {
      onOpen: (source) => notes.push(...source.notes),
    });
    expect(result.sequences).toBe(2);
    expect(notes).toEqual(['left out 1 sequences that are too long for tiny']);
    expect(readFileSync(at('skipped.npy.index.csv'), 'utf8')).toBe('id,length,row,rows\na,3,0,1\nc,3,1,1\n');
  });
});

describe('output', () => {
  it('needs a known ending, and is not written over', async () => {
    await expect(embedToFile(fasta, at('out.txt'), { model })).rejects.toThrow(
      /ends in \.npy, \.safetensors, \.parquet/,
    );
    await expect(embedToFile(fasta, at('mean.npy'), { model })).rejects.toThrow(/exists already/);
    await embedToFile(fasta, at('mean.npy'), { model, force: true });
    await expect(embedToFile(fasta, at('x.npy'), { model: at('none') })).rejects.toThrow(ModelError);
  });

  it('of ids that a spreadsheet would run is made harmless', async () => {
    writeFileSync(at('formula.fa'), '>=HYPERLINK("x")\nMKT\n>a,b\nMKT\n');
    await embedToFile(at('formula.fa'), at('formula.npy'), { model });
    expect(readFileSync(at('formula.npy.index.csv'), 'utf8').split('\n')[1]).toBe(
      `"'=HYPERLINK(""x"")",3,0,1`,
    );
  });

  it('of .npy has a header for every shape', () => {
    expect(npyHeader([5]).length).toBe(128);
    expect(Buffer.from(npyHeader([5])).toString('latin1')).toContain("'shape': (5,), }");
    expect(Buffer.from(npyHeader([2 ** 40, 1000, 5120])).toString('latin1')).toContain(
      '(1099511627776, 1000, 5120), }',
    );
  });
});
