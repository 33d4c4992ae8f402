import { InputError } from '../core/errors.js';
import { chunksOf, openBytes, type ReadLimits } from './bytes.js';
import { count, show } from './faults.js';
import { StrictText } from './text.js';

/** One sequence of a FASTA file. */
export interface FastaRecord {
  /** The header up to the first white space, without `>`. */
  id: string;
  /** The rest of the header, trimmed. */
  description: string;
  /** The letters as written, line breaks and white space removed; gaps `-` `.` and stops `*` are kept. */
  text: string;
  /** 1-based line of the header. */
  line: number;
}

/** A record or header may have this many letters; no protein or gene comes near. */
const MAX_LETTERS = 200_000_000;
const MAX_HEADER = 1_000_000;

/** Reads FASTA that comes in pieces; finished records wait in `ready`. */
class FastaParser {
  readonly ready: FastaRecord[] = [];
  readonly #file: string;
  #line = 1;
  /** A header whose end has not come yet; null within sequence. */
  #header: string | null = null;
  #atLineStart = true;
  #record: (Omit<FastaRecord, 'text'> & { parts: string[]; length: number }) | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  /** @param text with line ends `\n` */
  push(text: string): void {
    let start = 0;
    while (start < text.length) {
      const newline = text.indexOf('\n', start);
      this.#piece(text.slice(start, newline < 0 ? text.length : newline));
      if (newline < 0) return;
      this.#endLine();
      start = newline + 1;
    }
  }

  end(): void {
    this.#endLine();
    this.#flush();
  }

  #piece(piece: string): void {
    if (piece === '') return;
    if (this.#atLineStart && piece.startsWith('>')) {
      this.#flush();
      this.#header = piece.slice(1);
    } else if (this.#header !== null) {
      this.#header += piece;
    } else {
      this.#letters(piece);
    }
    this.#atLineStart = false;
    if (this.#header !== null && this.#header.length > MAX_HEADER) {
      throw this.#fault('a header is too long', `at most ${count(MAX_HEADER)} characters`, 'more');
    }
  }

  #letters(piece: string): void {
    const letters = piece.replace(/\s+/g, '');
    if (letters === '') return;
    const record = this.#record;
    if (!record) throw this.#fault('is not FASTA', "a header line that begins with '>'", show(letters));
    const odd = /[^A-Za-z*.-]/u.exec(letters);
    if (odd)
      throw this.#fault(
        `${show(odd[0])} is no letter of a sequence`,
        'letters, gaps or a stop *',
        show(letters),
      );
    record.parts.push(letters);
    record.length += letters.length;
    if (record.length > MAX_LETTERS) {
      throw this.#fault(
        `record ${show(record.id)} is too long`,
        `at most ${count(MAX_LETTERS)} letters`,
        'more',
      );
    }
  }

  #endLine(): void {
    if (this.#header !== null) {
      const header = this.#header.trim();
      const id = header.split(/\s/, 1)[0];
      this.#record = {
        id,
        description: header.slice(id.length).trim(),
        line: this.#line,
        parts: [],
        length: 0,
      };
      this.#header = null;
    }
    this.#line++;
    this.#atLineStart = true;
  }

  #flush(): void {
    const record = this.#record;
    if (!record) return;
    this.#record = null;
    const { id, description, line, parts } = record;
    if (parts.length === 0) {
      throw new InputError({
        what: `record ${show(id)} has no sequence`,
        file: this.#file,
        line,
        expected: 'letters below the header',
        got: 'none',
      });
    }
    this.ready.push({ id, description, text: parts.join(''), line });
  }

  #fault(what: string, expected: string, got: string): InputError {
    return new InputError({ what, file: this.#file, line: this.#line, expected, got });
  }
}

/** Takes the records that are finished. */
function take(parser: FastaParser): FastaRecord[] {
  return parser.ready.splice(0);
}

/**
 * The records of a FASTA file (plain or gzip; `-` is standard input), one at a time; only the current record is in
 * memory.
 * @throws InputError for a file that cannot be read or is no text, sequence before the first header, a record
 *   without letters, and characters that are no letters; each with the line
 */
export async function* streamFasta(file: string, limits: ReadLimits = {}): AsyncGenerator<FastaRecord, void> {
  const source = await openBytes(file, limits);
  const text = new StrictText(source.name);
  const parser = new FastaParser(source.name);
  for await (const chunk of source.chunks) {
    parser.push(text.push(chunk));
    yield* take(parser);
  }
  parser.push(text.end());
  parser.end();
  yield* take(parser);
}

/**
 * All records of a FASTA file, at least one.
 * @throws InputError as `streamFasta`, and where there is no record
 */
export async function readFasta(file: string, limits: ReadLimits = {}): Promise<FastaRecord[]> {
  const records: FastaRecord[] = [];
  for await (const record of streamFasta(file, limits)) records.push(record);
  return checkSome(records, file);
}

/**
 * All records of a FASTA text or of its bytes (plain or gzip), at least one.
 * @param name what messages call it
 * @throws InputError as `readFasta`
 */
export function parseFasta(content: string | Uint8Array, name: string): FastaRecord[] {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const text = new StrictText(name);
  const parser = new FastaParser(name);
  for (const chunk of chunksOf(bytes, name)) parser.push(text.push(chunk));
  parser.push(text.end());
  parser.end();
  return checkSome(take(parser), name);
}

function checkSome(records: FastaRecord[], file: string): FastaRecord[] {
  if (records.length > 0) return records;
  throw new InputError({ what: 'is empty', file, expected: 'FASTA records', got: 'none' });
}
