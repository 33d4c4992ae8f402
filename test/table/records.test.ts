import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/core/errors.js';
import { MAX_ROW_LENGTH, RecordReader } from '../../src/table/records.js';

interface Read {
  fields: string[];
  line: number;
}

function readAll(pieces: readonly string[], delimiter?: string): Read[] {
  const records: Read[] = [];
  const reader = new RecordReader('t.csv', delimiter, (fields, line) => records.push({ fields, line }));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return records;
}

/** Cuts a text at the given places. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)), text.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

/** RFC 4180 one character at a time: the oracle for what the splitter and papaparse make of sound text. */
function naive(text: string, delimiter: string): Read[] {
  const records: Read[] = [];
  let line = 1;
  let record: Read = { fields: [''], line };
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    const last = record.fields.length - 1;
    if (c === '\n') line++;
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') record.fields[last] += text[i++];
      else if (c === '"') quoted = false;
      else record.fields[last] += c;
    } else if (c === '"' && (i === 0 || [delimiter, '\n'].includes(text[i - 1]))) quoted = true;
    else if (c === delimiter) record.fields.push('');
    else if (c === '\n') {
      records.push(record);
      record = { fields: [''], line };
    } else record.fields[last] += c;
  }
  if (!text.endsWith('\n')) records.push(record);
  return records.filter(({ fields }) => fields.some((field) => field.trim() !== ''));
}

describe('RecordReader', () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', 'B', '1', ' ', '"', ',', '\t', '\n', ';', 'é', '🧬'),
    maxLength: 8,
  });
  const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });
  const places = fc.array(fc.nat(), { maxLength: 12 });

  it('agrees with a character-by-character reading, however the text is cut', () => {
    fc.assert(
      fc.property(
        rows,
        places,
        fc.constantFrom(',', '\t', ';'),
        fc.boolean(),
        (table, at, delimiter, closed) => {
          const text = Papa.unparse(table, { delimiter, newline: '\n' }) + (closed ? '\n' : '');
          expect(readAll(cut(text, at), delimiter)).toEqual(naive(text, delimiter));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('never does but read or refuse arbitrary text, and the cuts make no difference', () => {
    const outcome = (pieces: string[]): unknown => {
      try {
        return readAll(pieces, ',');
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        return error.message;
      }
    };
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' '), maxLength: 40 });
    fc.assert(
      fc.property(text, places, (content, at) => {
        const whole = outcome([content]);
        const parts = outcome(cut(content, at));
        if (Array.isArray(whole)) expect(parts).toEqual(whole);
        else expect(Array.isArray(parts)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it('counts lines through quoted newlines and blank lines', () => {
    const records = readAll(['a,b\n\n"x\ny\n",1\n\n', ' , \nz,2']);
    expect(records.map(({ line }) => line)).toEqual([1, 3, 8]);
    expect(records[1].fields).toEqual(['x\ny\n', '1']);
  });

  it('names the line in which a quote was opened and not closed', () => {
    expect(() => readAll(['a,b\n1,2\n3,"4\n5,6\n'])).toThrow(/^t\.csv:3: a quoted field is not closed/);
  });

  it('names the line of text after a closing quote', () => {
    expect(() => readAll(['a,b\n1,2\n"3"4,5\n'])).toThrow(/^t\.csv:3: text stands between a closing quote/);
    expect(readAll(['a,b\n"3"  ,5\n'])[1].fields).toEqual(['3', '5']);
  });

  it.each(['', '"'])('refuses a row over the limit while it comes in (%j)', (quote) => {
    const piece = 'A'.repeat(1 << 20);
    const pieces = [`a,b\n1,2\n${quote}`, ...Array.from({ length: 11 }, () => piece)];
    expect(piece.length * 11).toBeGreaterThan(MAX_ROW_LENGTH);
    expect(() => readAll(pieces)).toThrow(/^t\.csv:3: a field or row is too long/);
  });

  it('sniffs the delimiter from header and rows', () => {
    const first = (text: string): string[] => readAll([text])[0].fields;
    expect(first('variant\tscore\nA1G,L2P,C3D\t1,5\n')).toEqual(['variant', 'score']);
    expect(first('variant,score\nA1G;L2P;C3D,1\n')).toEqual(['variant', 'score']);
    expect(first('variant;score\nA1G,L2P;1,5\n')).toEqual(['variant', 'score']);
    expect(first('variant|score\nA1G|1\n')).toEqual(['variant', 'score']);
    expect(first('a, b\tc\nx, y\tz\n1,2\t3\n')).toHaveLength(2);
    expect(first('sequence\nACD\n')).toEqual(['sequence']);
  });
});
