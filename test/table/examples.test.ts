import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeGb1Sample } from '../../scripts/make-gb1-384.js';
import { formatMutations } from '../../src/table/mutations.js';
import { exampleTable } from '../../src/table/examples.js';
import { readTable } from '../../src/table/read.js';
import { dataPath } from '../helpers/data.js';

describe("exampleTable('gb1')", () => {
  const example = exampleTable('gb1');

  it('holds the wild type and 383 other variants', async () => {
    const table = await readTable(example.file, example.options);
    expect(table.rows).toHaveLength(384);
    expect(table.sites).toEqual([38, 39, 40, 53]);
    expect(table.setAside).toEqual([]);
    expect(table.rows[0]).toMatchObject({ id: 'VDGV', score: 1, line: 2, replicates: 1, spread: null });
    expect(table.rows[0].sequence).toEqual(table.wildType);
    expect(formatMutations(table.wildType!, table.rows[1].sequence, table.numbering)).toBe(
      'V39T:D40S:G41D:V54G',
    );
  });

  it('has the checksums of its card', () => {
    const card = readFileSync(example.card, 'utf8');
    for (const file of [example.file, example.wildTypeFile]) {
      const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
      expect(card).toContain(`sha256 of ${path.basename(file)} | ${sha256}`);
    }
  });

  const source = dataPath('gb1/Gb1Dataset.csv.gz');
  it.skipIf(source === null)('is what the script makes, byte for byte', () => {
    for (const [name, content] of Object.entries(makeGb1Sample(readFileSync(source!)))) {
      expect(content).toBe(readFileSync(path.join(path.dirname(example.file), name), 'utf8'));
    }
  });
});
