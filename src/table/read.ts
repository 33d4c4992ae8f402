import { createHash } from 'node:crypto';
import { type Alphabet, DNA, PROTEIN, type Sequence } from '../core/alphabet.js';
import { InputError } from '../core/errors.js';
import { chunksOf, openBytes } from './bytes.js';
import { chooseColumns, type Columns } from './columns.js';
import { FaultList, flag, show } from './faults.js';
import { checkLengths, lengthsDiffer } from './lengths.js';
import { guessAlphabet } from './letters.js';
import { isKnownName } from './names.js';
import { isWildTypeWord } from './notation.js';
import { createNumbering, type Numbering } from './numbering.js';
import { resolveOptions, type ResolvedOptions, type TableOptions } from './options.js';
import { RecordReader } from './records.js';
import { mergeReplicates } from './replicates.js';
import { isAsWide, raggedFault, RowCollector } from './rows.js';
import { readScore } from './scores.js';
import type { Table } from './table.js';
import { StrictText } from './text.js';
import { mutationReader, sequenceReader, siteReader, type VariantReader } from './variants.js';
import { encodeWildType, parseWildType } from './wild-type.js';

/** Rows that are looked at before the columns are chosen. */
const SAMPLE_ROWS = 1000;
/** Of those, no more than so many characters, so that huge rows are not hoarded. */
const SAMPLE_LENGTH = 20_000_000;

interface SampledRow {
  fields: string[];
  line: number;
}

/** What has been decided about a table when a sample of its rows has been seen. */
interface Decided {
  columns: Columns;
  alphabet: Alphabet;
  wildType: Sequence | null;
  rows: RowCollector;
  notes: string[];
}

/** 0-based indices of sites given in the user's numbers. @throws InputError for a site outside the sequence */
function siteIndices(sites: readonly number[], numbering: Numbering): number[] {
  return sites.map((site) => {
    try {
      return numbering.parse(site);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const fix = `Correct ${flag('sites')}, or give the number of the first letter by ${flag('firstPosition')}.`;
      throw new InputError(
        { ...error.fault, what: `site ${site} lies outside the sequence`, fix },
        { cause: error },
      );
    }
  });
}

/** Takes the records of a file one by one and makes the table. */
class TableBuilder {
  readonly #file: string;
  readonly #options: ResolvedOptions;
  readonly #wildType: string | null;
  #header: string[] | null = null;
  #headerLine = 0;
  #sample: SampledRow[] = [];
  #sampleLength = 0;
  #decided: Decided | null = null;

  constructor(file: string, options: ResolvedOptions) {
    this.#file = file;
    this.#options = options;
    this.#wildType = options.wildType === undefined ? null : parseWildType(options.wildType);
  }

  /** Takes the fields of one record. */
  add(fields: string[], line: number): void {
    if (this.#header === null) {
      this.#header = this.#readHeader(fields, line);
      this.#headerLine = line;
    } else if (this.#decided) {
      this.#decided.rows.add(fields, line);
    } else {
      this.#sample.push({ fields, line });
      for (const field of fields) this.#sampleLength += field.length;
      if (this.#sample.length >= SAMPLE_ROWS || this.#sampleLength > SAMPLE_LENGTH)
        this.#decide(this.#header);
    }
  }

  /** Says that the file has ended. */
  finish(sha256: string): Table {
    if (this.#header === null) throw this.#empty('is empty', 'nothing');
    if (!this.#decided && this.#sample.length === 0) throw this.#empty('has no rows', 'the header only');
    const { columns, alphabet, wildType, rows, notes } = this.#decided ?? this.#decide(this.#header);
    const checked = rows.finish();
    const unequalLengths = lengthsDiffer(checked.measurements, wildType);
    if (unequalLengths && !this.#options.allowUnequalLengths)
      checkLengths(this.#file, checked.measurements, wildType);
    const merged = mergeReplicates(checked.measurements);
    return {
      source: this.#file,
      sha256,
      alphabet,
      kind: columns.kind,
      rows: merged.rows,
      wildType,
      numbering: checked.numbering,
      sites: this.#options.sites ? siteIndices(this.#options.sites, checked.numbering) : null,
      scoreName: columns.scoreName,
      columns: columns.uses,
      setAside: checked.setAside,
      notes: [...notes, ...checked.notes, ...merged.notes],
      unequalLengths,
    };
  }

  #empty(what: string, got: string): InputError {
    return new InputError({
      what,
      file: this.#file,
      expected: 'a header and rows of measured variants',
      got,
      fix: 'Check that this is the right file, and that it was written to its end.',
    });
  }

  #readHeader(fields: string[], line: number): string[] {
    const header = fields.map((field) => field.trim().replace(/^#\s*/, ''));
    const number = header.find((name) => name !== '' && readScore(name).kind === 'number');
    if (number === undefined || header.some(isKnownName)) return header;
    throw new InputError({
      what: 'the first row looks like data, not like a header',
      file: this.#file,
      line,
      expected: 'column names, such as sequence and score',
      got: header
        .slice(0, 4)
        .map((name) => show(name))
        .join(', '),
      fix: 'Add a line with the column names at the top.',
    });
  }

  #decide(header: readonly string[]): Decided {
    const sample = this.#sample.filter(({ fields }) => isAsWide(fields, header));
    if (sample.length === 0) this.#refuseRagged(header);
    const columns = chooseColumns(
      header,
      sample.map(({ fields }) => fields),
      {
        file: this.#file,
        line: this.#headerLine,
        options: this.#options,
        wildTypeLength: this.#wildType?.length ?? null,
      },
    );
    const notes: string[] = [];
    const alphabet = this.#alphabet(
      sample.map(({ fields }) => fields[columns.sequence]),
      notes,
    );
    const wildType = this.#wildType === null ? null : encodeWildType(alphabet, this.#wildType);
    const rows = new RowCollector({
      ...{ file: this.#file, header, columns, alphabet, wildType, options: this.#options },
      reader: this.#reader(columns, alphabet, wildType),
    });
    for (const { fields, line } of this.#sample) rows.add(fields, line);
    this.#sample = [];
    return (this.#decided = { columns, alphabet, wildType, rows, notes });
  }

  #refuseRagged(header: readonly string[]): void {
    const faults = new FaultList(this.#file);
    for (const { fields, line } of this.#sample) faults.add(line, raggedFault(fields, header));
    faults.throwIfAny();
  }

  #alphabet(cells: readonly string[], notes: string[]): Alphabet {
    if (this.#options.alphabet !== 'auto') return this.#options.alphabet === 'dna' ? DNA : PROTEIN;
    const letters = cells.map((cell) =>
      isWildTypeWord(cell.trim()) ? '' : cell.slice(0, 1000).replace(/[^A-Za-z]/g, ''),
    );
    const alphabet = guessAlphabet((this.#wildType ?? '') + letters.join(''));
    if (alphabet === DNA) notes.push('read as DNA, because of its letters');
    return alphabet;
  }

  #reader({ kind }: Columns, alphabet: Alphabet, wildType: Sequence | null): VariantReader {
    if (kind === 'sequences') return sequenceReader(alphabet, wildType);
    if (wildType === null) {
      throw new InputError({
        what: kind === 'mutations' ? 'mutation lists need a wild type' : 'letters at sites need a wild type',
        file: this.#file,
        expected: 'the sequence that the variants are changes of',
        got: 'none',
        fix: `Give it by ${flag('wildType')}.`,
      });
    }
    if (kind === 'mutations') return mutationReader(alphabet, wildType);
    const { firstPosition, sites = [] } = this.#options;
    const numbering = createNumbering({ alphabet, length: wildType.length, firstPosition });
    return siteReader(alphabet, wildType, siteIndices(sites, numbering));
  }
}

/**
 * Reads a table of measured variants: CSV or TSV (delimiter sniffed) with a header, plain or gzip (told by its first
 * bytes), `-` for standard input. Variants are full sequences, mutation lists against a wild type, or the letters at
 * named sites. Repeated sequences are averaged, every wild-type letter is checked, and rows with a stop or without a
 * score are set aside and counted.
 * @throws InputError with file, line, what was expected and what came, for everything that is wrong
 * @throws CancelledError when `options.signal` has fired
 */
export async function readTable(file: string, options: TableOptions = {}): Promise<Table> {
  const resolved = resolveOptions(options);
  const source = await openBytes(file, resolved);
  const { text, records, builder } = pipelineOf(source.name, resolved);
  for await (const chunk of source.chunks) records.push(text.push(chunk));
  records.push(text.end());
  records.end();
  return builder.finish(source.sha256());
}

/**
 * Reads a table from its text or bytes (plain or gzip), as `readTable` does.
 * @param name what messages and `source` call it
 */
export function parseTable(content: string | Uint8Array, name: string, options: TableOptions = {}): Table {
  const resolved = resolveOptions(options);
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const { text, records, builder } = pipelineOf(name, resolved);
  for (const chunk of chunksOf(bytes, name, resolved.maxBytes)) records.push(text.push(chunk));
  records.push(text.end());
  records.end();
  return builder.finish(createHash('sha256').update(bytes).digest('hex'));
}

function pipelineOf(name: string, options: ResolvedOptions) {
  const builder = new TableBuilder(name, options);
  const records = new RecordReader(name, options.delimiter, (fields, line) => builder.add(fields, line));
  return { text: new StrictText(name), records, builder };
}
