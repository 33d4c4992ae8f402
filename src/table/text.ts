import { InputError } from '../core/errors.js';

/** Signatures of files that are mistaken for tables, and what to do about them. */
const signatures: { bytes: number[]; is: string; fix: string }[] = [
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    is: 'a zip file or Excel workbook',
    fix: 'Save the sheet as CSV (UTF-8).',
  },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], is: 'an old Excel workbook', fix: 'Save the sheet as CSV (UTF-8).' },
  { bytes: [0xff, 0xfe], is: 'UTF-16 text', fix: 'Save it as UTF-8.' },
  { bytes: [0xfe, 0xff], is: 'UTF-16 text', fix: 'Save it as UTF-8.' },
  { bytes: [0x42, 0x5a, 0x68], is: 'a bzip2 file', fix: 'Decompress it, or compress it by gzip.' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], is: 'an xz file', fix: 'Decompress it, or compress it by gzip.' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], is: 'a zstd file', fix: 'Decompress it, or compress it by gzip.' },
  { bytes: [0x1f, 0x8b], is: 'a gzip file within a gzip file', fix: 'Decompress it once.' },
  { bytes: [0x25, 0x50, 0x44, 0x46], is: 'a PDF file', fix: 'Export the table as CSV.' },
];

/**
 * Bytes to text, strictly: UTF-8 with or without a byte-order mark, no NUL. Line ends become `\n`, whether they were
 * `\n`, `\r\n` or `\r`.
 */
export class StrictText {
  readonly #file: string;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  /** Line of the next character, counted from 1. */
  #line = 1;
  #isFirst = true;
  /** The bytes of a character that the last chunk has begun. */
  #begun: Uint8Array = none;
  /** A `\r` at the end of the last chunk, whose `\n` may follow. */
  #heldReturn = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws InputError for bytes that are no text, with the line */
  push(bytes: Uint8Array): string {
    if (bytes.length === 0) return '';
    if (this.#isFirst) this.#checkSignature(bytes);
    this.#isFirst = false;
    const nul = bytes.indexOf(0);
    if (nul >= 0) throw this.#binary('a NUL byte', bytes.subarray(0, nul));
    const begun = this.#begun;
    this.#begun = incompleteTail(bytes.length < 4 ? Buffer.concat([begun, bytes]) : bytes);
    try {
      return this.#unify(this.#decoder.decode(bytes, { stream: true }), false);
    } catch {
      throw this.#binary('bytes that are not UTF-8', validHead(Buffer.concat([begun, bytes])));
    }
  }

  /** The rest. @throws InputError where the file ends within a character */
  end(): string {
    try {
      return this.#unify(this.#decoder.decode(), true);
    } catch {
      throw this.#binary('an incomplete UTF-8 character', none);
    }
  }

  #unify(decoded: string, isLast: boolean): string {
    let text = this.#heldReturn ? `\r${decoded}` : decoded;
    this.#heldReturn = !isLast && text.endsWith('\r');
    if (this.#heldReturn) text = text.slice(0, -1);
    if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
    this.#line += countNewlines(text);
    return text;
  }

  #checkSignature(bytes: Uint8Array): void {
    const known = signatures.find((signature) => signature.bytes.every((byte, i) => bytes[i] === byte));
    if (!known) return;
    throw new InputError({
      what: 'is not a text file',
      file: this.#file,
      expected: 'plain or gzipped text in UTF-8',
      got: known.is,
      fix: known.fix,
    });
  }

  #binary(got: string, before: Uint8Array): InputError {
    const text = `${this.#heldReturn ? '\r' : ''}${new TextDecoder('latin1').decode(before)}`;
    return new InputError({
      what: 'is not a text file in UTF-8',
      file: this.#file,
      line: this.#line + countNewlines(text.replace(/\r\n?/g, '\n')),
      expected: 'plain or gzipped text in UTF-8',
      got,
      fix: got.startsWith('a NUL') ? 'Give a CSV or TSV file, not a binary one.' : 'Save the file as UTF-8.',
    });
  }
}

const none = new Uint8Array(0);

/** Number of `\n` in a text, from `start` up to `end`. */
export function countNewlines(text: string, start = 0, end = text.length): number {
  let lines = 0;
  for (let i = text.indexOf('\n', start); i >= 0 && i < end; i = text.indexOf('\n', i + 1)) lines++;
  return lines;
}

/** The bytes before the first that cannot be UTF-8. */
function validHead(bytes: Uint8Array): Uint8Array {
  let low = 0;
  let high = bytes.length;
  // Every prefix that ends before the fault decodes as a stream, none that ends after it does.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (decodes(bytes.subarray(0, middle))) low = middle;
    else high = middle - 1;
  }
  return bytes.subarray(0, low);
}

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The last bytes, three at most, that begin a character whose rest has not come yet. */
function incompleteTail(bytes: Uint8Array): Uint8Array {
  for (let k = 1; k <= Math.min(3, bytes.length); k++) {
    const byte = bytes[bytes.length - k];
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > k ? bytes.slice(bytes.length - k) : none;
  }
  return none;
}
