/**
 * Makes `data/gb1-384`: the wild type and 383 other variants of protein G domain B1, drawn once, uniformly at random,
 * from the 149,361 of Wu et al., eLife 2016. The same bytes each time.
 *
 *   npx tsx scripts/make-gb1-384.ts [Gb1Dataset.csv or .csv.gz]
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import Papa from 'papaparse';
import { createRandom } from '../src/core/random.js';

/** sha256 of the decompressed table, as distributed with fhalab/MLDE (commit f5ac34d). */
const SOURCE_SHA256 = 'b82393d47b09281db823c661a3df6acac89179119eb2e0d1daa793052fe0228b';
const SEED = 'gb1-384';
const SIZE = 384;
const WILD_TYPE_LETTERS = 'VDGV';
const WILD_TYPE = 'MTYKLILNGKTLKGETTTEAVDAATAEKVFKQYANDNGVDGEWTYDDATKTFTVTE';

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The three files of the folder, by name, from the bytes of the full table (plain or gzip). */
export function makeGb1Sample(
  stored: Uint8Array,
): Record<'gb1-384.csv' | 'wild-type.fasta' | 'card.md', string> {
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? gunzipSync(stored) : stored;
  if (sha256(bytes) !== SOURCE_SHA256) throw new Error(`not the table of MLDE: sha256 ${sha256(bytes)}`);
  const { data } = Papa.parse<Record<string, string>>(Buffer.from(bytes).toString('utf8'), {
    header: true,
    delimiter: ',',
    skipEmptyLines: true,
  });
  const wildType = data.filter((row) => row.Variants === WILD_TYPE_LETTERS);
  const others = data.filter((row) => row.Variants !== WILD_TYPE_LETTERS);
  const drawn = [
    ...wildType,
    ...createRandom(SEED)
      .shuffle(others)
      .slice(0, SIZE - 1),
  ];
  const csv = ['variant,fitness', ...drawn.map((row) => `${row.Variants},${row.Fitness}`)].join('\n') + '\n';
  const fasta = `>GB1 protein G domain B1, wild type; sites 39, 40, 41, 54 are ${WILD_TYPE_LETTERS}\n${WILD_TYPE}\n`;
  const scores = drawn.map((row) => Number(row.Fitness));
  return { 'gb1-384.csv': csv, 'wild-type.fasta': fasta, 'card.md': card(csv, fasta, scores, data.length) };
}

function card(csv: string, fasta: string, scores: number[], available: number): string {
  const sorted = [...scores].sort((a, b) => a - b);
  const above = scores.filter((score) => score > 1).length;
  const zeros = scores.filter((score) => score === 0).length;
  return `# gb1-384: 384 measured variants of protein G domain B1

| | |
|---|---|
| rows | ${scores.length}: the wild type first, then ${scores.length - 1} others in the order in which they were drawn |
| \`variant\` | the letters at sites 39, 40, 41 and 54 (counted from 1) of the wild type in \`wild-type.fasta\`; ${WILD_TYPE_LETTERS} is the wild type |
| \`fitness\` | enrichment by selection (folded and bound to IgG-Fc, measured by mRNA display and sequencing) relative to the wild type, which is 1; 0 is no function |
| range | ${sorted[0]} to ${sorted[sorted.length - 1]}, median ${(sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2}; ${above} above the wild type, ${zeros} exactly 0 |
| source | Wu, Dai, Olson, Lloyd-Smith, Sun: Adaptation in protein fitness landscapes is facilitated by indirect paths, eLife 2016;5:e16965, doi 10.7554/eLife.16965 |
| table drawn from | ${available.toLocaleString('en-US')} variants, \`code/validation/basic_test_data/Gb1Dataset.csv\` of fhalab/MLDE at commit f5ac34d13b15f3ce3fa9deb1d043a5e97fe46cdc, sha256 ${SOURCE_SHA256} |
| licence | CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). Changed: a random sample, two of the columns, renamed |
| how made | \`npx tsx scripts/make-gb1-384.ts\`: uniformly at random without replacement from all variants but the wild type, zeros included, seed \`${SEED}\`; the same bytes each time |
| sha256 of gb1-384.csv | ${sha256(csv)} |
| sha256 of wild-type.fasta | ${sha256(fasta)} |

The values are as printed in the source. Each variant has one row; the counts of the source are left out. The
sample is for trying out and testing; whoever wants the landscape should take the full table.
`;
}

function main(): void {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
  const source = process.argv[2] ?? path.resolve(root, '../shared/data/gb1/Gb1Dataset.csv.gz');
  const folder = path.join(root, 'data/gb1-384');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(makeGb1Sample(readFileSync(source)))) {
    writeFileSync(path.join(folder, name), content);
    console.log(`${path.join(folder, name)}  sha256 ${sha256(content)}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
