import { createHash } from 'node:crypto';
import Papa from 'papaparse';
import { InputError } from '../../core/errors.js';
import { openBytes } from '../../table/bytes.js';

/** Parts of a corpus: what is trained on, what early stopping looks at, what is scored once at the end. */
export type Fold = 'train' | 'valid' | 'test';

const FOLDS: readonly string[] = ['train', 'valid', 'test'];

/** The fold of a sequence by its id, or null for one that is left out. */
export type FoldOf = (id: string) => Fold | null;

/**
 * Folds by a hash of the id: the same on every machine, whatever else the file holds.
 * @param valid share of the sequences that are held out
 * @param test share that is scored once at the end
 */
export function foldsByHash(valid: number, test: number): FoldOf {
  return (id) => {
    const place = createHash('sha256').update(id).digest().readUIntBE(0, 6) / 2 ** 48;
    return place < valid ? 'valid' : place < valid + test ? 'test' : 'train';
  };
}

/**
 * Folds from a table (plain or gzip, tabs or commas) with the columns `id` and `fold`, which says train, valid or test;
 * a sequence that it does not name is left out.
 * @throws InputError for a missing column, another fold, or an id in two folds, with the line
 */
export async function foldsByTable(file: string, signal?: AbortSignal): Promise<FoldOf> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await openBytes(file, { signal })).chunks) chunks.push(chunk);
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  const { data } = Papa.parse<string[]>(text, {
    delimiter: text.slice(0, text.indexOf('\n')).includes('\t') ? '\t' : ',',
    skipEmptyLines: true,
  });
  const header = (data[0] ?? []).map((name) => name.trim().toLowerCase());
  const [id, fold] = ['id', 'fold'].map((name) => column(header, name, file));
  const folds = new Map<string, Fold>();
  data.slice(1).forEach((row, i) => {
    const line = i + 2;
    const [name, value] = [row[id]?.trim() ?? '', row[fold]?.trim().toLowerCase() ?? ''];
    if (!isFold(value)) {
      const expected = FOLDS.join(', ');
      throw new InputError({ what: 'there is no such fold', file, line, expected, got: `'${value}'` });
    }
    if ((folds.get(name) ?? value) !== value) {
      const got = `${folds.get(name)} and ${value}`;
      throw new InputError({ what: `'${name}' is in two folds`, file, line, expected: 'one', got });
    }
    folds.set(name, value);
  });
  return (name) => folds.get(name) ?? null;
}

function isFold(value: string): value is Fold {
  return FOLDS.includes(value);
}

function column(header: readonly string[], name: string, file: string): number {
  const index = header.indexOf(name);
  if (index >= 0) return index;
  throw new InputError({
    what: `the table of folds has no column '${name}'`,
    file,
    line: 1,
    expected: 'a header with id and fold',
    got: header.slice(0, 8).join(', ') || 'nothing',
  });
}
