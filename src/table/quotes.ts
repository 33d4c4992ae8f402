/** Where a scanner of delimited text stands. */
type State = 'field start' | 'plain' | 'quoted' | 'quote seen' | 'after quotes';

const QUOTE = 34;
const NEWLINE = 10;

/**
 * Finds the ends of records in text that comes in pieces: newlines outside quotes. A quote opens a field only at its
 * start, is doubled within it, and after the closing quote only white space may stand before the delimiter.
 */
export class QuoteScanner {
  readonly #delimiter: number;
  #state: State = 'field start';
  /** Number of characters of the buffer that have been scanned. */
  #scanned = 0;
  /** Offset in the buffer of the quote that opened the current field. */
  #opened = 0;

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** Offset of the quote that is still open, or null. */
  get openQuote(): number | null {
    return this.#state === 'quoted' ? this.#opened : null;
  }

  /**
   * Scans what has been added to the buffer since the last call.
   * @returns the offset after the last newline that ends a record, 0 where there is none; or the offset of a
   *   character that stands between a closing quote and the delimiter
   */
  scan(buffer: string): { boundary: number } | { stray: number } {
    const isPlain = this.#state === 'field start' || this.#state === 'plain';
    const result =
      isPlain && buffer.indexOf('"', this.#scanned) < 0 ? this.#scanPlain(buffer) : this.#scanQuoted(buffer);
    this.#scanned = buffer.length;
    return result;
  }

  /** Says that the first `length` characters were taken off the buffer. */
  dropped(length: number): void {
    this.#scanned -= length;
    this.#opened -= length;
  }

  #scanPlain(buffer: string): { boundary: number } {
    if (buffer.length === this.#scanned) return { boundary: 0 };
    const last = buffer.charCodeAt(buffer.length - 1);
    this.#state = last === NEWLINE || last === this.#delimiter ? 'field start' : 'plain';
    const newline = buffer.lastIndexOf('\n');
    return { boundary: newline >= this.#scanned ? newline + 1 : 0 };
  }

  #scanQuoted(buffer: string): { boundary: number } | { stray: number } {
    let boundary = 0;
    for (let i = this.#scanned; i < buffer.length; i++) {
      const code = buffer.charCodeAt(i);
      const next = this.#next(code, buffer, i);
      if (next === null) return { stray: i };
      if (code === NEWLINE && next === 'field start') boundary = i + 1;
      if (next === 'quoted' && this.#state === 'field start') this.#opened = i;
      this.#state = next;
    }
    return { boundary };
  }

  #next(code: number, buffer: string, i: number): State | null {
    if (this.#state === 'quoted') return code === QUOTE ? 'quote seen' : 'quoted';
    if (this.#state === 'quote seen' && code === QUOTE) return 'quoted';
    if (code === NEWLINE || code === this.#delimiter) return 'field start';
    if (this.#state === 'field start') return code === QUOTE ? 'quoted' : 'plain';
    if (this.#state === 'plain') return 'plain';
    return buffer[i].trim() === '' ? 'after quotes' : null;
  }
}
