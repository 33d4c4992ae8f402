import { InputError } from '../../core/errors.js';
import type { NamedSequence } from '../../lm/token-text.js';
import { openBytes } from '../../table/bytes.js';
import { isIdName, normalise, sequenceFit } from '../../table/names.js';
import { RecordReader } from '../../table/records.js';
import { StrictText } from '../../table/text.js';

/** Which columns of a table are read; found by their names where none is named. */
export interface PlainTableOptions {
  sequenceColumn?: string;
  idColumn?: string;
  delimiter?: string;
  maxBytes?: number;
  signal?: AbortSignal;
}

/** Which columns hold what, 0-based; -1 where there is none. */
export interface PlainColumns {
  sequence: number;
  id: number;
}

/**
 * The sequences of a CSV or TSV table, a row each, one at a time; it needs no scores. Ids are those of a column of
 * names, else `line<N>`.
 * @param file `-` is standard input
 * @throws InputError for a missing column, a cell without a sequence, and whatever is wrong with the file, with the line
 */
export async function* plainSequences(
  file: string,
  options: PlainTableOptions = {},
): AsyncGenerator<NamedSequence, void> {
  const source = await openBytes(file, options);
  const ready: NamedSequence[] = [];
  let columns: PlainColumns | null = null;
  const records = new RecordReader(source.name, delimiterOf(options), (fields, line) => {
    if (columns === null) columns = findColumns(fields, source.name, line, options);
    else ready.push(toSequence(fields, columns, source.name, line));
  });
  const text = new StrictText(source.name);
  for await (const chunk of source.chunks) {
    records.push(text.push(chunk));
    yield* ready.splice(0);
  }
  records.push(text.end());
  records.end();
  yield* ready.splice(0);
}

const DELIMITERS: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  comma: ',',
  semicolon: ';',
  pipe: '|',
};

/** The delimiter as a character; undefined where it is to be found. */
export function delimiterOf({ delimiter }: PlainTableOptions): string | undefined {
  return delimiter === undefined ? undefined : (DELIMITERS[delimiter] ?? delimiter);
}

/** @throws InputError for a named column that is not there, and where no column looks like sequences */
export function findColumns(
  header: readonly string[],
  file: string,
  line: number,
  { sequenceColumn, idColumn }: PlainTableOptions,
): PlainColumns {
  const names = header.map((name) => name.trim());
  const named = (wanted: string, flag: string): number => {
    const number = /^#(\d{1,6})$/.exec(wanted);
    const index = number
      ? Number(number[1]) - 1
      : names.findIndex((name) => name === wanted || normalise(name) === normalise(wanted));
    if (index >= 0 && index < names.length) return index;
    const expected = `one of ${names.slice(0, 20).join(', ')}`;
    throw new InputError({
      what: `there is no column '${wanted}'`,
      file,
      line,
      expected,
      fix: `Correct ${flag}.`,
    });
  };
  const fits = names.map(sequenceFit);
  const sequence =
    sequenceColumn === undefined
      ? fits.indexOf(Math.max(...fits) as (typeof fits)[number])
      : named(sequenceColumn, '--sequence-column');
  if (sequenceColumn === undefined && fits[sequence] === 0) {
    throw new InputError({
      what: 'no column of sequences was found',
      file,
      line,
      expected: 'FASTA, or a table with a column such as sequence',
      got: names.slice(0, 20).join(', '),
      fix: 'Name it by --sequence-column.',
    });
  }
  const id = idColumn === undefined ? names.findIndex(isIdName) : named(idColumn, '--id-column');
  return { sequence, id };
}

/** @throws InputError for a cell that holds no letters */
export function toSequence(
  fields: readonly string[],
  { sequence, id }: PlainColumns,
  file: string,
  line: number,
): NamedSequence {
  const cell = (fields[sequence] ?? '').trim();
  if (/^[A-Za-z][A-Za-z.-]*\*?$/.test(cell))
    return { id: fields[id]?.trim() || `line${line}`, text: cell, file, line };
  throw new InputError({
    what: cell === '' ? 'the sequence is missing' : 'the cell holds no sequence',
    file,
    line,
    expected: 'the letters of a sequence',
    got: `'${cell.slice(0, 40)}'`,
    fix: 'Correct or remove the row; mutation lists and letters at sites need --wild-type.',
  });
}
