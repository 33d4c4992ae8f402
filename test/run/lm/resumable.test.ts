import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { openResumable } from '../../../src/run/lm/resumable.js';
import { temporaryFolder } from '../../helpers/temp-folder.js';

const root = temporaryFolder();
let count = 0;

function place() {
  const folder = path.join(root, String(count++));
  mkdirSync(folder);
  const files = [path.join(folder, 'values.bin'), path.join(folder, 'index.csv')];
  const initial = [new Uint8Array(8), 'id\n'];
  return { folder, files, initial, key: 'work' };
}

const items = Array.from({ length: 40 }, (_, i) => [Uint8Array.of(i, i, i), `item ${i}\n`] as const);
const values = Buffer.concat([Buffer.from('HEADER!!'), ...items.map(([bytes]) => bytes)]);
const index = `id\n${items.map(([, text]) => text).join('')}`;

describe('resumable output', () => {
  it('is the same whole, cut off and killed at any places', () => {
    // What a run does before it ends: items it appends, whether it checkpoints after them, whether it then dies.
    const runs = fc.array(
      fc.record({ append: fc.integer({ min: 0, max: 15 }), save: fc.boolean(), clean: fc.boolean() }),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(runs, (list) => {
        const { folder, ...options } = place();
        let saved = 0;
        for (const { append, save, clean } of list) {
          const output = openResumable(options);
          expect(output.resumed).toBe(saved);
          for (const item of items.slice(saved, saved + append)) output.append(item);
          if (save || clean) {
            output.checkpoint(true);
            saved = Math.min(items.length, saved + append);
          }
          // After a crash there may be more in the files than the progress says.
          if (!save) for (const item of items.slice(0, 3)) output.append(item);
          output.close();
        }
        const last = openResumable(options);
        for (const item of items.slice(last.resumed)) last.append(item);
        expect(last.size(0)).toBe(values.length);
        last.finish([Buffer.from('HEADER!!')]);
        expect(readFileSync(options.files[0])).toEqual(values);
        expect(readFileSync(options.files[1], 'utf8')).toBe(index);
        expect(readdirSync(folder).sort()).toEqual(['index.csv', 'values.bin']);
      }),
      { numRuns: 60 },
    );
  });

  it('has its names only when it is finished', () => {
    const { folder, ...options } = place();
    const output = openResumable(options);
    output.append(items[0]);
    output.checkpoint(true);
    expect(readdirSync(folder).sort()).toEqual([
      'index.csv.partial',
      'values.bin.partial',
      'values.bin.progress.json',
    ]);
    output.close();
  });

  it('leaves nothing where it cannot be resumed', () => {
    const { folder, ...options } = place();
    const output = openResumable({ ...options, key: null });
    output.append(items[0]);
    output.checkpoint(true);
    output.close();
    expect(readdirSync(folder)).toEqual([]);
    const again = openResumable({ ...options, key: null });
    again.append(items[0]);
    again.finish();
    again.close();
    expect(readdirSync(folder).sort()).toEqual(['index.csv', 'values.bin']);
  });

  it('is not written over files, folders or other work, unless forced', () => {
    const { folder, ...options } = place();
    const output = openResumable(options);
    output.append(items[0]);
    output.checkpoint(true);
    output.close();
    expect(() => openResumable({ ...options, key: 'other' })).toThrow(
      /unfinished output of other input or other options/,
    );
    const forced = openResumable({ ...options, key: 'other', force: true });
    expect(forced.resumed).toBe(0);
    forced.finish();
    expect(() => openResumable(options)).toThrow(/exists already/);
    expect(() => openResumable({ ...options, files: [folder, options.files[1]] })).toThrow(/is a folder/);
    const missing = path.join(folder, 'none', 'values.bin');
    expect(() => openResumable({ ...options, files: [missing, `${missing}.csv`] })).toThrow(InputError);
    expect(() => openResumable({ ...options, files: [missing, `${missing}.csv`] })).toThrow(
      /its folder does not exist/,
    );
    expect(existsSync(options.files[0])).toBe(true);
  });

  it('starts again where its record of progress is damaged', () => {
    const { files, ...options } = place();
    const output = openResumable({ files, ...options });
    output.append(items[0]);
    output.checkpoint(true);
    output.close();
    writeFileSync(`${files[0]}.progress.json`, '{"key":');
    expect(openResumable({ files, ...options }).resumed).toBe(0);
  });
});
