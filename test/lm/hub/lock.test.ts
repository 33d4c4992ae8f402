import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { type PinnedModel, readLock, writePin } from '../../../src/lm/hub/lock.js';

describe('the lock file', () => {
  let folder = '';
  let file = '';
  const pin: PinnedModel = {
    commit: 'a'.repeat(40),
    licence: 'mit',
    complete: true,
    files: { 'config.json': { size: 3, sha256: 'b'.repeat(64), blob: 'c'.repeat(40) } },
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'biseq-lock-'));
    file = path.join(folder, 'deep', 'lock.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps pins, sorted, and forgets them', () => {
    expect(readLock(file)).toEqual({});
    writePin(file, 'b/b', pin);
    writePin(file, 'a/a', { ...pin, complete: false });
    expect(readLock(file)).toEqual({ 'a/a': { ...pin, complete: false }, 'b/b': pin });
    const bytes = readFileSync(file, 'utf8');
    expect(bytes.indexOf('a/a')).toBeLessThan(bytes.indexOf('b/b'));
    writePin(file, 'b/b', pin);
    expect(readFileSync(file, 'utf8')).toBe(bytes);
    writePin(file, 'a/a', null);
    expect(Object.keys(readLock(file))).toEqual(['b/b']);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['another version', '{"version": 2, "models": {}}'],
    [
      'a commit that leaves the cache',
      JSON.stringify({ version: 1, models: { 'a/b': { ...pin, commit: '../..' } } }),
    ],
    ['a hub id that leaves the cache', JSON.stringify({ version: 1, models: { '../b': pin } })],
    [
      'a file name that leaves the cache',
      JSON.stringify({
        version: 1,
        models: { 'a/b': { ...pin, files: { '../x': pin.files['config.json'] } } },
      }),
    ],
    [
      'a blob that leaves the cache',
      JSON.stringify({
        version: 1,
        models: { 'a/b': { ...pin, files: { x: { size: 1, sha256: 'b'.repeat(64), blob: '../../x' } } } },
      }),
    ],
  ])('is refused when it is %s', (_what, text) => {
    const bad = path.join(folder, 'bad.json');
    writeFileSync(bad, text);
    expect(() => readLock(bad)).toThrow(/not a lock file of biseq.*Mend it, or delete it/);
    expect(() => writePin(bad, 'a/b', pin)).toThrow(/not a lock file/);
    expect(readFileSync(bad, 'utf8')).toBe(text);
  });

  it('says where it cannot be written', () => {
    const under = path.join(folder, 'file');
    writeFileSync(under, '');
    expect(() => writePin(path.join(under, 'lock.json'), 'a/b', pin)).toThrow(InputError);
    expect(existsSync(path.join(under, 'lock.json'))).toBe(false);
  });
});
