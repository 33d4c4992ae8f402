import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFasta, readFasta, streamFasta } from '../../src/table/fasta.js';
import { parseWildType, readWildType } from '../../src/table/wild-type.js';
import { dataPath } from '../helpers/data.js';

const folder = mkdtempSync(path.join(tmpdir(), 'biseq-fasta-'));

describe('FASTA', () => {
  it('reads records, wrapped lines, blank lines, CRLF and the line of each header', () => {
    const text = '\r\n>a first one\r\nACD\r\nEFG\r\n\r\n>b\r\n AC-D E*\r\n>c\tx y\r\nA';
    expect(parseFasta(text, 't.fa')).toEqual([
      { id: 'a', description: 'first one', text: 'ACDEFG', line: 2 },
      { id: 'b', description: '', text: 'AC-DE*', line: 6 },
      { id: 'c', description: 'x y', text: 'A', line: 8 },
    ]);
  });

  it('reads plain and gzip files alike', async () => {
    const text = '>a\nACD\n>b\nEFG\n';
    writeFileSync(path.join(folder, 'x.fa'), text);
    writeFileSync(path.join(folder, 'x.fa.gz'), gzipSync(text));
    const expected = parseFasta(text, 'x');
    expect(await readFasta(path.join(folder, 'x.fa'))).toEqual(expected);
    expect(await readFasta(path.join(folder, 'x.fa.gz'))).toEqual(expected);
    expect(parseFasta(gzipSync(text), 'x')).toEqual(expected);
  });

  it.each([
    ['', 't.fa: is empty'],
    ['ACD\n>a\nACD\n', 't.fa:1: is not FASTA'],
    ['>a\n>b\nACD\n', "t.fa:1: record 'a' has no sequence"],
    ['>a\nACD\n>b\n', "t.fa:3: record 'b' has no sequence"],
    ['>a\nACD\nAC1D\n', "t.fa:3: '1' is no letter of a sequence"],
    ['>a\nA\0D\n', 't.fa:2: is not a text file'],
  ])('refuses %j', (text, message) => {
    expect(() => parseFasta(text, 't.fa')).toThrow(message);
  });

  it('reads back what was written, however it is wrapped', () => {
    const record = fc.record({
      id: fc.stringMatching(/^[!-~]{1,12}$/),
      text: fc.stringMatching(/^[A-Za-z*-]{1,50}$/),
      width: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), (records) => {
        const wrap = (text: string, width: number) => text.replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
        const written = records.map(({ id, text, width }) => `>${id} x\n${wrap(text, width)}\n`).join('');
        const read = parseFasta(written, 't.fa');
        expect(read.map(({ id, text }) => ({ id, text }))).toEqual(
          records.map(({ id, text }) => ({ id, text })),
        );
      }),
      { numRuns: 500 },
    );
  });

  const corpus = dataPath('corpora/proteins.fasta.gz');
  it.skipIf(corpus === null)('streams the corpus as a plain split does', async () => {
    const plain = gunzipSync(readFileSync(corpus!)).toString();
    let lines = 1;
    const expected = plain
      .split(/^>/m)
      .slice(1)
      .map((block) => {
        const [header, ...rest] = block.split('\n');
        const line = lines;
        lines += rest.length;
        return { id: header.split(' ')[0], length: rest.join('').length, line };
      });
    let n = 0;
    for await (const { id, text, line } of streamFasta(corpus!)) {
      const wanted = expected[n++];
      if (id !== wanted.id || text.length !== wanted.length || line !== wanted.line) {
        expect({ id, length: text.length, line }).toEqual(wanted);
      }
    }
    expect(n).toBe(expected.length);
    expect(n).toBeGreaterThan(40_000);
  });
});

describe('wild type', () => {
  it('comes as a sequence or as FASTA with one record', async () => {
    expect(parseWildType(' acd\nEF* ')).toBe('ACDEF');
    expect(parseWildType('>x y\nACD\nEF*\n')).toBe('ACDEF');
    const file = path.join(folder, 'wild.fasta.gz');
    writeFileSync(file, gzipSync('>x\nACDEF\n'));
    expect(await readWildType(file)).toBe('ACDEF');
    expect(await readWildType('ACDEF')).toBe('ACDEF');
  });

  it('is refused where it is several, nothing or no letters', async () => {
    expect(() => parseWildType('>a\nACD\n>b\nACE\n', 'w.fa')).toThrow(
      'w.fa:3: several sequences for one wild type',
    );
    expect(() => parseWildType('  ')).toThrow('the wild type is empty');
    expect(() => parseWildType('AC1')).toThrow("'1' at place 3 of the wild type is no letter");
    await expect(readWildType(path.join(folder, 'wild.fasta'))).rejects.toThrow(
      /there is no such file.*wild\.fasta\.gz/,
    );
  });
});
