import fc from 'fast-check';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { BiseqError, ModelError } from '../../../src/core/errors.js';
import { blobFile, modelFolder, snapshotFile } from '../../../src/lm/hub/cache.js';
import { pullModel } from '../../../src/lm/hub/pull.js';
import { FakeHub, json } from './fake-hub.js';
import { filesBelow, MODEL, NEEDED, useHub } from './set-up.js';

describe('paths of the cache', () => {
  it('are not made of unchecked parts', () => {
    const commit = 'a'.repeat(40);
    for (const hubId of ['../x', 'a/../b', 'a/b/c', 'a', '/a/b', 'a\\b/c', 'a/b--c', 'a/.b', '-a/b', 'a/b\0'])
      expect(() => modelFolder('/cache', hubId)).toThrow('internal');
    for (const blob of ['..', `../${'a'.repeat(37)}`, 'A'.repeat(40), 'a'.repeat(41)])
      expect(() => blobFile('/cache', 'a/b', blob)).toThrow('internal');
    for (const name of ['../x', 'a/b', 'a\\b', '..', '.', '', 'c:x', 'a\0'])
      expect(() => snapshotFile('/cache', 'a/b', commit, name)).toThrow('internal');
    expect(() => snapshotFile('/cache', 'a/b', 'main', 'x')).toThrow('internal');
  });
});

describe.skipIf(!MODEL)('a hub that means ill', () => {
  const place = useHub();
  const pull = () => pullModel('esm2-8m', { settings: place.settings });
  const entries = () => place.hub.listing() as Record<string, unknown>[];

  /** Nothing was written beside the cache and the lock file, nor into the cache's own top. */
  function expectContained(): void {
    expect(readdirSync(place.folder).filter((name) => name !== 'cache' && name !== 'lock.json')).toEqual([]);
    const cache = path.join(place.folder, 'cache');
    if (!existsSync(cache)) return;
    expect(readdirSync(cache)).toEqual(['hub']);
    for (const name of readdirSync(place.settings.cache)) expect(name).toMatch(/^(\.locks|models--[\w.-]+)$/);
  }

  it('cannot name files outside the folder, nor code', async () => {
    const content = { size: 3, oid: 'a'.repeat(40) };
    const names = [
      '../evil',
      '/etc/evil',
      'a/../../evil',
      '..\\evil',
      'C:\\evil',
      'modeling.py',
      'model.safetensors/../x',
    ];
    const real = entries();
    place.hub.listing = () => [...names.map((name) => ({ type: 'file', path: name, ...content })), ...real];
    const { folder } = await pull();
    expect(readdirSync(folder).sort()).toEqual([...NEEDED].sort());
    expectContained();
  });

  it.each([
    ['../../../evil', /no checksum of config.json/],
    ['', /no checksum of config.json; got none/],
    ['A'.repeat(40), /no checksum/],
  ])('cannot name a blob %j', async (oid, message) => {
    const real = entries();
    place.hub.listing = () =>
      real.map((entry) => (entry.path === 'config.json' ? { ...entry, oid, lfs: null } : entry));
    await expect(pull()).rejects.toThrow(message);
    expectContained();
  });

  it.each([
    [{ size: -1 }, /lacks what is needed of config.json/],
    [{ size: 'many' }, /lacks what is needed of config.json/],
    [{ size: 2 ** 40 }, /config.json is too large for its kind/],
    [{ lfs: { oid: 'a'.repeat(64), size: 5 } }, /two sizes of config.json/],
    [{ lfs: { oid: 'a'.repeat(40), size: 5 } }, /no checksum of config.json/],
  ])('cannot describe a file by %j', async (change, message) => {
    const real = entries();
    place.hub.listing = () =>
      real.map((entry) => (entry.path === 'config.json' ? { ...entry, ...change } : entry));
    await expect(pull()).rejects.toThrow(message);
    expectContained();
  });

  it.each(['../../evil', 'main', 'C'.repeat(40), 7, null])('cannot state a commit %j', async (sha) => {
    place.hub.misbehave = (request, response) => {
      if (!request.url!.includes('/revision/')) return false;
      json(response, { sha, tags: [] });
      return true;
    };
    await expect(pull()).rejects.toThrow(/the hub's answer cannot be used: it lacks what is needed/);
    expectContained();
  });

  it('cannot send another commit than the one asked for', async () => {
    place.hub.misbehave = (request, response) => {
      if (!request.url!.includes('/revision/')) return false;
      json(response, { sha: 'd'.repeat(40) });
      return true;
    };
    const pulling = pullModel('esm2-8m', { settings: place.settings, revision: 'e'.repeat(40) });
    await expect(pulling).rejects.toThrow(/it is about another commit/);
  });

  it('cannot fill the memory with an answer', async () => {
    let sent = 0;
    place.hub.misbehave = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(2 ** 18, ' '))) sent += 2 ** 18;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
      return true;
    };
    await expect(pull()).rejects.toThrow(/it is too large; got more than 8388608 bytes/);
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  it('cannot list without end', async () => {
    place.hub.misbehave = (request, response) => {
      if (!request.url!.includes('/tree/')) return false;
      response.setHeader('link', `<${place.hub.endpoint}${request.url}>; rel="next"`);
      json(response, []);
      return true;
    };
    await expect(pull()).rejects.toThrow(/its listing does not end/);
    expect(place.hub.requests.length).toBeLessThanOrEqual(101);

    place.hub.misbehave = () => false;
    place.hub.listing = () => Array.from({ length: 20_000 }, (_, i) => ({ type: 'file', path: `f${i}` }));
    await expect(pull()).rejects.toThrow(/it lists too many files/);
  });

  it('cannot lead the listing, with the token, to another server', async () => {
    const other = await new FakeHub(place.hub.hubId).start();
    place.hub.misbehave = (request, response) => {
      if (!request.url!.includes('/tree/')) return false;
      response.setHeader('link', `<${other.endpoint}/api/models/x/tree/main>; rel="next"`);
      json(response, []);
      return true;
    };
    const settings = { ...place.settings, token: 'hf_secret' };
    await expect(pullModel('esm2-8m', { settings })).rejects.toThrow(/it goes on at another server/);
    expect(other.requests).toEqual([]);
    await other.stop();
  });

  it('cannot smuggle a licence that is no word', async () => {
    place.hub.tags = ['license:\u001b[31mfree!', 'license:mit'];
    expect((await pull()).licence).toBe('mit');
  });

  it('gets a message, whatever it answers', async () => {
    const real = entries();
    const mutation = fc.record({
      index: fc.nat(real.length - 1),
      key: fc.constantFrom('path', 'size', 'oid', 'lfs', 'type'),
      value: fc.oneof(
        fc.jsonValue(),
        fc.constantFrom('../x', 'config.json', 'model.safetensors', 0, -1, 2 ** 53),
      ),
    });
    const answer = fc.oneof(
      { weight: 3, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.jsonValue() },
    );
    await fc.assert(
      fc.asyncProperty(answer, async (drawn) => {
        place.hub.listing = () => {
          if (
            !Array.isArray(drawn) ||
            !drawn.every((one) => one && typeof one === 'object' && 'index' in one)
          )
            return drawn;
          const changed: unknown[] = structuredClone(real);
          for (const { index, key, value } of drawn as { index: number; key: string; value: unknown }[])
            (changed[index] as Record<string, unknown>)[key] = value;
          return changed;
        };
        rmSync(place.settings.cache, { recursive: true, force: true });
        rmSync(place.settings.lockFile, { force: true });
        const error = await pull().then(
          () => null,
          (thrown: unknown) => thrown,
        );
        if (error !== null) expect(error).toBeInstanceOf(BiseqError);
        expectContained();
      }),
      { numRuns: 60 },
    );
  });

  it('is not believed for what it does not hold: wanted names in folders', async () => {
    place.hub.listing = () => [
      { type: 'directory', path: 'config.json' },
      ...NEEDED.slice(1).map((name) => place.hub.entry(name)),
    ];
    await expect(pull()).rejects.toThrow(ModelError);
    expect(filesBelow(place.settings.cache).filter((file) => !file.startsWith('.locks'))).toEqual([]);
  });
});
