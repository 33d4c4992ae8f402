import Papa from 'papaparse';
import { InputError, internal } from '../core/errors.js';
import { count, flag, show } from './faults.js';
import { sniffDelimiter } from './delimiter.js';
import { QuoteScanner } from './quotes.js';
import { countNewlines } from './text.js';

/** A row, and with it any of its fields, may have this many characters: nothing that we read comes near. */
export const MAX_ROW_LENGTH = 10_000_000;
/** Text that is gathered before the delimiter is chosen. */
const HEAD_LENGTH = 1 << 16;

/** Takes the fields of one record and the line that it begins in, counted from 1. */
export type RecordSink = (fields: string[], line: number) => void;

/**
 * Splits delimited text that comes in pieces into records. Only whole records are handed to the parser, so that no
 * more than one piece and one row are in memory. Lines are those of the file, newlines within quotes included. Rows
 * with nothing in them are passed over.
 */
export class RecordReader {
  readonly #file: string;
  readonly #sink: RecordSink;
  #delimiter: string | null;
  #scanner: QuoteScanner | null = null;
  #buffer = '';
  /** Line of the buffer's first character. */
  #line = 1;

  constructor(file: string, delimiter: string | undefined, sink: RecordSink) {
    this.#file = file;
    this.#sink = sink;
    this.#delimiter = delimiter ?? null;
  }

  /** @throws InputError for a row that is too long or misquoted; and whatever the sink throws */
  push(text: string): void {
    this.#buffer += text;
    if (this.#scanner === null && this.#delimiter === null && this.#buffer.length < HEAD_LENGTH) return;
    this.#drain();
    if (this.#buffer.length > MAX_ROW_LENGTH) throw this.#tooLong();
  }

  /** Says that the text has ended. */
  end(): void {
    if (!this.#buffer.endsWith('\n')) this.#buffer += '\n';
    this.#drain();
    if (this.#buffer === '') return;
    const open = this.#scanner?.openQuote ?? 0;
    throw new InputError({
      what: 'a quoted field is not closed',
      file: this.#file,
      line: this.#line + countNewlines(this.#buffer, 0, open),
      expected: 'a closing "',
      got: 'the end of the file',
      fix: 'Close the quote, or remove it.',
    });
  }

  #drain(): void {
    if (this.#scanner === null) {
      const end = this.#buffer.length > HEAD_LENGTH ? HEAD_LENGTH : this.#buffer.length;
      const whole = this.#buffer.lastIndexOf('\n', end - 1) + 1;
      this.#delimiter ??= sniffDelimiter(this.#buffer.slice(0, whole || end));
      this.#scanner = new QuoteScanner(this.#delimiter);
    }
    const found = this.#scanner.scan(this.#buffer);
    if ('stray' in found) {
      const line = this.#line + countNewlines(this.#buffer, 0, found.stray);
      throw new InputError({
        what: 'text stands between a closing quote and the next delimiter',
        file: this.#file,
        line,
        expected: 'a delimiter or the end of the line after a closing "',
        got: show(this.#buffer.slice(found.stray, found.stray + 20).split('\n')[0]),
        fix: `Double the quotes within a quoted field, or say which delimiter separates the columns by ${flag('delimiter')}.`,
      });
    }
    if (found.boundary === 0) return;
    const block = this.#buffer.slice(0, found.boundary);
    this.#buffer = this.#buffer.slice(found.boundary);
    this.#scanner.dropped(found.boundary);
    this.#parse(block);
  }

  /** Parses whole records, each ended by a newline. */
  #parse(block: string): void {
    const { data, errors } = Papa.parse<string[]>(block, { delimiter: this.#delimiter!, newline: '\n' });
    if (errors.length > 0) throw internal(`papaparse: ${errors[0].message} (${this.#file}:${this.#line})`);
    const end = this.#line + countNewlines(block);
    for (const fields of data) {
      if (this.#line === end) break;
      const line = this.#line;
      this.#line++;
      let isBlank = true;
      let length = 0;
      for (const field of fields) {
        length += field.length;
        if (field.includes('\n')) this.#line += countNewlines(field);
        if (isBlank && field.trim() !== '') isBlank = false;
      }
      if (length > MAX_ROW_LENGTH) throw this.#tooLong(line);
      if (!isBlank) this.#sink(fields, line);
    }
    if (this.#line !== end) throw internal(`lost count of lines in ${this.#file}: ${this.#line}, not ${end}`);
  }

  #tooLong(line = this.#line): InputError {
    return new InputError({
      what: 'a field or row is too long',
      file: this.#file,
      line,
      expected: `at most ${count(MAX_ROW_LENGTH)} characters in a row`,
      got: 'more',
      fix: 'Check that this is a table with one variant a row, and that its quotes are closed.',
    });
  }
}
