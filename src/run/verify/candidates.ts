import { InputError } from '../../core/errors.js';
import { openBytes } from '../../table/bytes.js';
import { parseFasta } from '../../table/fasta.js';
import { RecordReader } from '../../table/records.js';
import { StrictText } from '../../table/text.js';
import { delimiterOf, findColumns, type PlainTableOptions, toSequence } from '../lm/plain-table.js';

/** A candidate as its file has it. */
export interface Candidate {
  id: string;
  /** Capital letters. */
  text: string;
  line: number;
  /** All cells of its row. */
  cells: string[];
}

/** Candidates to be verified, in the order of their file. */
export interface CandidateList {
  source: string;
  /** Names of the columns; `id` and `sequence` for FASTA. */
  header: string[];
  candidates: Candidate[];
}

/**
 * Reads candidates: designs.csv or any other CSV or TSV with a column of full sequences, or FASTA; told by the first
 * character.
 * @param file `-` is standard input
 * @throws InputError for a file that cannot be read, holds no candidates, or has a cell without a sequence, with the line
 */
export async function readCandidates(file: string, options: PlainTableOptions = {}): Promise<CandidateList> {
  const { name, chunks } = await openBytes(file, options);
  const decoder = new StrictText(name);
  let text = '';
  for await (const chunk of chunks) text += decoder.push(chunk);
  text += decoder.end();
  const list = text.trimStart().startsWith('>') ? fromFasta(text, name) : fromTable(text, name, options);
  if (list.candidates.length > 0) return list;
  throw new InputError({ what: 'holds no candidates', file: name, expected: 'at least one', got: 'none' });
}

function fromFasta(text: string, source: string): CandidateList {
  const candidates = parseFasta(text, source).map(({ id, text: letters, line }) => ({
    ...{ id: id || `line${line}`, text: letters.toUpperCase(), line },
    cells: [id, letters],
  }));
  return { source, header: ['id', 'sequence'], candidates };
}

function fromTable(text: string, source: string, options: PlainTableOptions): CandidateList {
  let header: string[] | null = null;
  let columns: ReturnType<typeof findColumns> | null = null;
  const candidates: Candidate[] = [];
  const records = new RecordReader(source, delimiterOf(options), (fields, line) => {
    if (header === null || columns === null) {
      header = fields.map((name) => name.trim());
      columns = findColumns(header, source, line, options);
      return;
    }
    const { id, text: letters } = toSequence(fields, columns, source, line);
    const cells = header.map((_, column) => fields[column] ?? '');
    candidates.push({ id, text: letters.toUpperCase(), line, cells });
  });
  records.push(text);
  records.end();
  return { source, header: header ?? [], candidates };
}
