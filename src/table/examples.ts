import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TableOptions } from './options.js';
import { parseWildType } from './wild-type.js';

/** A table that comes with the package, and how to read it. */
export interface ExampleTable {
  /** Absolute path of the CSV file. */
  file: string;
  /** Absolute path of the FASTA file with the wild type. */
  wildTypeFile: string;
  /** Absolute path of the card: source, licence, how it was made, checksum. */
  card: string;
  /** Options for `readTable`. */
  options: Required<Pick<TableOptions, 'wildType' | 'sites'>>;
}

/** `data/` of the package: as far from `src/table` as from `dist/table`. */
const data = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../data');

/**
 * An embedded table. `gb1`: 384 variants of protein G domain B1 at sites 39, 40, 41 and 54 with their measured
 * fitness (wild type 1), drawn at random from Wu et al., eLife 2016, CC BY 4.0.
 */
export function exampleTable(name: 'gb1'): ExampleTable {
  const folder = path.join(data, `${name}-384`);
  const wildTypeFile = path.join(folder, 'wild-type.fasta');
  return {
    file: path.join(folder, 'gb1-384.csv'),
    wildTypeFile,
    card: path.join(folder, 'card.md'),
    options: {
      wildType: parseWildType(readFileSync(wildTypeFile, 'utf8'), wildTypeFile),
      sites: [39, 40, 41, 54],
    },
  };
}
