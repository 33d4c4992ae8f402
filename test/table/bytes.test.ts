import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CancelledError, InputError } from '../../src/core/errors.js';
import { chunksOf, openBytes, type ReadLimits } from '../../src/table/bytes.js';
import { parseTable, readTable } from '../../src/table/read.js';

const folder = mkdtempSync(path.join(tmpdir(), 'biseq-bytes-'));
let files = 0;

function file(content: Uint8Array | string): string {
  const name = path.join(folder, `f${files++}`);
  writeFileSync(name, content);
  return name;
}

async function readBytes(name: string, limits?: ReadLimits): Promise<{ bytes: Buffer; sha256: string }> {
  const source = await openBytes(name, limits);
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.chunks) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), sha256: source.sha256() };
}

describe('openBytes', () => {
  const plain = Buffer.from(randomBytes(1_500_000).toString('hex'));
  const stored = gzipSync(plain);

  it.each([
    ['plain', plain, plain],
    ['gzip', stored, plain],
    [
      'gzip in several members',
      Buffer.concat([gzipSync('a\n'), stored]),
      Buffer.concat([Buffer.from('a\n'), plain]),
    ],
    ['gzip padded by zeros', Buffer.concat([stored, new Uint8Array(3_000_000)]), plain],
    ['one byte', Buffer.from('a'), Buffer.from('a')],
    ['nothing', Buffer.alloc(0), Buffer.alloc(0)],
  ])('reads %s, with the digest of what is stored', async (_, written, expected) => {
    const { bytes, sha256 } = await readBytes(file(written));
    expect(bytes.equals(expected)).toBe(true);
    expect(sha256).toBe(createHash('sha256').update(written).digest('hex'));
    expect(Buffer.concat([...chunksOf(written, 'x')]).equals(expected)).toBe(true);
  });

  it('refuses every truncation of a gzip table, from a file and from memory', async () => {
    const rows = Array.from(
      { length: 150 },
      (_, i) => `${i},AC${'DEFG'[i % 4]}${'HIKL'[i % 3]},${randomBytes(4).toString('hex')}`,
    );
    const table = gzipSync(
      `name,sequence,score\n${rows.map((row, i) => `${row.slice(0, row.lastIndexOf(','))},${i}.5`).join('\n')}\n`,
    );
    expect(parseTable(table, 't').rows.length).toBeGreaterThan(0);
    const name = file('');
    for (let length = 0; length < table.length; length++) {
      const cut = table.subarray(0, length);
      expect(() => parseTable(cut, 't'), `${length} bytes`).toThrow(InputError);
      if (length % 16 !== 0) continue;
      writeFileSync(name, cut);
      await expect(readTable(name), `${length} bytes`).rejects.toThrow(InputError);
    }
    expect(() => parseTable(table.subarray(0, table.length - 1), 't')).toThrow('the gzip data end too early');
  });

  it('refuses corrupt gzip', async () => {
    const corrupt = Buffer.from(stored);
    corrupt[corrupt.length - 6] ^= 1;
    await expect(readBytes(file(corrupt))).rejects.toThrow('the gzip data are corrupt');
    await expect(readBytes(file(Buffer.concat([stored, plain])))).rejects.toThrow(
      'the gzip data are corrupt',
    );
    expect(() => [...chunksOf(corrupt, 'x')]).toThrow('the gzip data are corrupt');
  });

  it('keeps to the limit after decompression', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000, 65));
    expect(bomb.length).toBeLessThan(10_000);
    await expect(readBytes(file(bomb), { maxBytes: 4_999_999 })).rejects.toThrow(
      /too large; expected at most 4,999,999 bytes/,
    );
    expect(() => [...chunksOf(bomb, 'x', 4_999_999)]).toThrow('too large');
    expect((await readBytes(file(bomb), { maxBytes: 5_000_000 })).bytes.length).toBe(5_000_000);
  });

  it('names a missing file, its nearest neighbour, and a directory', async () => {
    writeFileSync(path.join(folder, 'variants.csv'), 'x');
    mkdirSync(path.join(folder, 'sub'));
    await expect(openBytes(path.join(folder, 'varaints.csv'))).rejects.toThrow(
      /no such file\. Did you mean '.*variants\.csv'/,
    );
    await expect(openBytes(path.join(folder, 'nothing-like-it-at-all.csv'))).rejects.toThrow(
      'no such file. Check the path.',
    );
    await expect(openBytes(path.join(folder, 'none', 'x.csv'))).rejects.toThrow('no such file');
    await expect(openBytes(path.join(folder, 'variants.csv', 'x'))).rejects.toThrow('no such file');
    await expect(openBytes(path.join(folder, 'sub'))).rejects.toThrow('is a directory');
    await expect(openBytes('a\0b')).rejects.toThrow(InputError);
  });

  it('stops when it is cancelled', async () => {
    const name = file('sequence,score\nACD,1\n');
    await expect(readTable(name, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  });

  it('refuses 200 MB in one field without holding them', async () => {
    const name = path.join(folder, 'huge.csv');
    const handle = openSync(name, 'w');
    writeSync(handle, 'sequence,score\nACDE,1\n"');
    const letters = Buffer.alloc(10_000_000, 65);
    for (let i = 0; i < 20; i++) writeSync(handle, letters);
    writeSync(handle, '",1\n');
    closeSync(handle);
    const before = process.memoryUsage().rss;
    await expect(readTable(name)).rejects.toThrow(/huge\.csv:3: a field or row is too long/);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
    writeFileSync(name, '');
  });
});
