/**
 * Spoils small tables and FASTA files in every way of `test/table/malform.ts` and reads them: each must be read, or
 * refused by a BiseqError, within five seconds. Prints how many of each; exits 1 at anything else, with the case.
 *
 *   npx tsx scripts/fuzz-table.ts [cases, default 100000] [seed, default 0]
 */
import { readFileSync } from 'node:fs';
import { BiseqError } from '../src/core/errors.js';
import { createRandom, type Random } from '../src/core/random.js';
import { exampleTable, parseFasta, parseTable, type TableOptions } from '../src/table/index.js';
import { malform, malformations, soundTables } from '../test/table/malform.js';

const SLOW_MS = 5000;
/** One case in so many gets a field over the limit of a row. */
const HUGE_EVERY = 2000;

interface Target {
  name: string;
  bytes: Uint8Array;
  read(bytes: Uint8Array): void;
}

function targets(): Target[] {
  const example = exampleTable('gb1');
  const table = (name: string, bytes: Uint8Array, options: TableOptions): Target => ({
    name,
    bytes,
    read: (spoiled) => void parseTable(spoiled, name, options),
  });
  const fasta = Buffer.from('>a first\nACDEFGHIK\nLMNPQ\n\n>b\nACD-EF*\n>c x\r\nACD\r\n');
  return [
    ...soundTables.map(({ name, text, options }) => table(name, Buffer.from(text), options)),
    table('gb1-384.csv', readFileSync(example.file), example.options),
    { name: 'x.fasta', bytes: fasta, read: (spoiled) => void parseFasta(spoiled, 'x.fasta') },
  ];
}

function spoil(target: Target, random: Random, n: number): { bytes: Uint8Array; ways: string[] } {
  const spoiled = malform(target.bytes, random);
  if (n % HUGE_EVERY !== 0) return spoiled;
  const field = new Uint8Array(12_000_000).fill(65);
  const at = random.integer(spoiled.bytes.length + 1);
  const bytes = Buffer.concat([spoiled.bytes.subarray(0, at), field, spoiled.bytes.subarray(at)]);
  return { bytes, ways: [...spoiled.ways, '12 MB in one field'] };
}

function main(cases: number, seed: string): void {
  const all = targets();
  const read = new Map<string, number>();
  const refused = new Map<string, number>();
  let slowest = 0;
  const started = performance.now();
  for (let n = 0; n < cases; n++) {
    const random = createRandom(`${seed}/${n}`);
    const target = all[random.integer(all.length)];
    const { bytes, ways } = spoil(target, random, n);
    const begun = performance.now();
    let outcome = read;
    try {
      target.read(bytes);
    } catch (error) {
      if (!(error instanceof BiseqError) || /internal:|undefined/.test(error.message)) {
        console.error(`case ${seed}/${n}: ${target.name}, ${ways.join(' + ')}`);
        throw error;
      }
      outcome = refused;
    }
    const ms = performance.now() - begun;
    slowest = Math.max(slowest, ms);
    if (ms > SLOW_MS)
      throw new Error(`case ${seed}/${n}: ${target.name}, ${ways.join(' + ')}: ${Math.round(ms)} ms`);
    for (const way of new Set(ways)) outcome.set(way, (outcome.get(way) ?? 0) + 1);
  }
  const rows = [...Object.keys(malformations), '12 MB in one field'].map((way) => ({
    way,
    read: read.get(way) ?? 0,
    refused: refused.get(way) ?? 0,
  }));
  console.table(rows);
  const seconds = Math.round((performance.now() - started) / 1000);
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `${cases} cases (seed ${seed}), ${all.length} files: 0 crashes, 0 hangs; slowest ${Math.round(slowest)} ms, ` +
      `${seconds} s in all, at most ${memory} MiB`,
  );
}

main(Number(process.argv[2] ?? 100_000), process.argv[3] ?? '0');
