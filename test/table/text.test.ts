import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StrictText } from '../../src/table/text.js';

function decodeInPieces(bytes: Uint8Array, at: readonly number[]): string {
  const text = new StrictText('t.csv');
  const places = [0, ...at.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let result = '';
  for (let i = 1; i < places.length; i++) result += text.push(bytes.subarray(places[i - 1], places[i]));
  return result + text.end();
}

describe('StrictText', () => {
  const content = fc.string({
    unit: fc.constantFrom('a', 'é', '語', '🧬', '\r', '\n', '\r\n'),
    maxLength: 30,
  });
  const places = fc.array(fc.nat(), { maxLength: 8 });

  it('decodes UTF-8 and unifies line ends, however the bytes are cut', () => {
    fc.assert(
      fc.property(content, places, fc.boolean(), (written, at, mark) => {
        const bytes = Buffer.from((mark ? '\ufeff' : '') + written);
        expect(decodeInPieces(bytes, at)).toBe(written.replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a NUL byte', 0],
    ['bytes that are not UTF-8', 0xff],
    ['bytes that are not UTF-8', 0xb5],
  ])('refuses %s (%d) and names its line, however the bytes are cut', (got, byte) => {
    fc.assert(
      fc.property(content, content, places, (before, after, at) => {
        const bytes = Buffer.concat([
          Buffer.from(`x${before}`),
          Uint8Array.of(byte),
          Buffer.from(`\n${after}\nlong enough`),
        ]);
        const line = `x${before}`.replaceAll('\r\n', '\n').split(/[\r\n]/).length;
        expect(() => decodeInPieces(bytes, at)).toThrow(
          `t.csv:${line}: is not a text file in UTF-8; expected plain or gzipped text in UTF-8, got ${got}`,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a character cut off at the end', () => {
    const bytes = Buffer.from('é');
    expect(() => decodeInPieces(bytes.subarray(0, 1), [])).toThrow(/t\.csv:1: .*incomplete UTF-8/);
  });

  it.each([
    [Buffer.from('PK\x03\x04rest'), 'Excel workbook'],
    [Buffer.from('\ufeffa,b', 'utf16le'), 'UTF-16'],
    [Buffer.from([0x1f, 0x8b, 8, 0]), 'gzip file within'],
    [Buffer.from('%PDF-1.7'), 'PDF'],
  ])('says what a file is that is no table', (bytes, is) => {
    expect(() => decodeInPieces(bytes, [])).toThrow(is);
  });
});
