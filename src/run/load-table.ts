import { closest } from 'fastest-levenshtein';
import { InputError } from '../core/errors.js';
import { exampleTable } from '../table/examples.js';
import type { TableOptions } from '../table/options.js';
import { readTable } from '../table/read.js';
import type { Table } from '../table/table.js';

const EXAMPLE = 'example:';
const examples = ['gb1'] as const;

/**
 * Reads a table from a file, from standard input (`-`), or one that comes with the package (`example:gb1`), whose wild
 * type and sites are filled in unless the options say others.
 * @throws InputError as `readTable`, and for an unknown example
 */
export async function loadTable(source: string, options: TableOptions = {}): Promise<Table> {
  if (!source.startsWith(EXAMPLE)) return readTable(source, options);
  const wanted = source.slice(EXAMPLE.length);
  const name = examples.find((known) => known === wanted);
  if (name === undefined) {
    throw new InputError({
      what: `there is no example '${wanted}'`,
      expected: examples.map((known) => `${EXAMPLE}${known}`).join(', '),
      fix: `Did you mean '${EXAMPLE}${closest(wanted, examples)}'?`,
    });
  }
  const example = exampleTable(name);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const table = await readTable(example.file, { ...example.options, ...given });
  // the name and not the path, which differs between machines
  return { ...table, source };
}
