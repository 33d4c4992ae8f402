import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BiseqError, CancelledError } from '../../src/core/errors.js';
import { dataCacheFolder } from '../../src/tasks/cache-folder.js';
import { type DataOptions, ownTable, publicTable } from '../../src/tasks/data-file.js';
import type { PublicSource } from '../../src/tasks/sources.js';
import { startTableServer, type TableServer } from './table-server.js';

const content = Buffer.from('sequence,score\n' + 'ACGT,0.5\n'.repeat(20_000));
const source: PublicSource = {
  folder: 'toy',
  file: 'toy.csv',
  github: { repository: 'owner/name', commit: 'c'.repeat(40), path: 'data/toy.csv' },
  page: 'https://example.org/toy',
  sha256: createHash('sha256').update(content).digest('hex'),
  citation: 'nobody',
  licence: 'none',
};

let server: TableServer;
let folder: string;
beforeEach(async () => {
  server = await startTableServer();
  folder = mkdtempSync(path.join(tmpdir(), 'biseq-data-'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const cache = () => path.join(folder, 'cache');
const get = (options: DataOptions = {}) =>
  publicTable(source, {
    cacheDir: cache(),
    rawUrl: server.url,
    network: { retryDelay: 1, timeout: 2000 },
    ...options,
  });
/** The files in the cache, temporary ones too. */
const cached = () => {
  try {
    return readdirSync(path.join(cache(), 'toy'));
  } catch {
    return [];
  }
};
async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('not refused'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BiseqError);
  return (error as Error).message;
}

describe('a table that must be downloaded', () => {
  it('comes from the commit, is kept, and is not fetched again', async () => {
    server.answer = (_, response) => response.end(content);
    const urls: string[] = [];
    const first = await get({ onDownload: (url) => urls.push(url) });
    expect(first.bytes.equals(content)).toBe(true);
    expect(first.provenance).toMatchObject({ sha256: source.sha256, from: 'download' });
    const wanted = `/owner/name/${'c'.repeat(40)}/data/toy.csv`;
    expect(server.asked).toEqual([wanted]);
    expect(urls).toEqual([server.url + wanted]);
    expect((await get({ offline: true })).provenance.from).toBe('cache');
    expect(server.asked).toHaveLength(1);
    expect(cached()).toEqual(['toy.csv']);
  });

  it('a damaged copy in the cache is replaced', async () => {
    mkdirSync(path.join(cache(), 'toy'), { recursive: true });
    writeFileSync(path.join(cache(), 'toy', 'toy.csv'), content.subarray(7));
    server.answer = (_, response) => response.end(content);
    expect((await get()).provenance.from).toBe('download');
    expect(readFileSync(path.join(cache(), 'toy', 'toy.csv')).equals(content)).toBe(true);
  });

  it('follows redirects', async () => {
    server.answer = (request, response) => {
      if (request.url === '/elsewhere') response.end(content);
      else response.writeHead(302, { location: '/elsewhere' }).end();
    };
    expect((await get()).bytes.length).toBe(content.length);
  });

  it('a broken connection, and a busy server, are tried again', async () => {
    let tries = 0;
    server.answer = (_, response) => {
      tries++;
      if (tries === 1) response.writeHead(503).end();
      else if (tries === 2) {
        response.writeHead(200, { 'content-length': String(content.length) });
        response.write(content.subarray(0, 1000), () => response.destroy());
      } else response.end(content);
    };
    expect((await get()).bytes.equals(content)).toBe(true);
    expect(tries).toBe(3);
    expect(cached()).toEqual(['toy.csv']);
  });

  const misbehaviours: Record<string, [TableServer['answer'], RegExp, number]> = {
    'not there': [
      (_, response) => response.writeHead(404).end(),
      /not where it was published; expected an answer with status 200 .* got status 404\. Or get toy\.csv from .*--data-dir/,
      1,
    ],
    forbidden: [(_, response) => response.writeHead(403).end(), /does not give the table.*status 403/, 1],
    'always busy': [(_, response) => response.writeHead(500).end(), /does not give the table.*status 500/, 3],
    truncated: [
      (_, response) => {
        response.writeHead(200, { 'content-length': String(content.length) });
        response.write(content.subarray(0, 5000), () => response.destroy());
      },
      /the download of the table broke off/,
      3,
    ],
    'truncated without a length': [
      (_, response) => {
        response.write(content.subarray(0, 5000), () => response.destroy());
      },
      /the download of the table broke off/,
      3,
    ],
    'short, and says it is whole': [
      (_, response) => response.end(content.subarray(0, 5000)),
      /wrong checksum and was thrown away.*of 5000 bytes/,
      1,
    ],
    'other bytes': [
      (_, response) => response.end(content.toString().replace('0.5', '0.6')),
      /wrong checksum and was thrown away/,
      1,
    ],
    'a page for people': [
      (_, response) => response.end('<html>please log in</html>'),
      /wrong checksum and was thrown away.*of 26 bytes/,
      1,
    ],
    'an empty answer': [(_, response) => response.end(), /wrong checksum.*of 0 bytes/, 1],
    'a circle of redirects': [
      (_, response) => response.writeHead(302, { location: '/round' }).end(),
      /round in a circle/,
      21,
    ],
    silence: [() => {}, /the download of the table broke off|cannot be reached/, 2],
  };

  it.each(Object.entries(misbehaviours))(
    '%s: one clear message, nothing kept',
    async (name, [answer, message, tries]) => {
      server.answer = answer;
      const network =
        name === 'silence' ? { retries: 1, retryDelay: 1, timeout: 300 } : { retryDelay: 1, timeout: 2000 };
      const text = await messageOf(get({ network }));
      expect(text).toMatch(message);
      expect(text).toContain('--data-dir');
      expect(server.asked).toHaveLength(tries);
      expect(cached()).toEqual([]);
    },
  );

  it('an endless body is cut off', async () => {
    server.answer = (_, response) => {
      const more = () => {
        while (response.write(content)) if (response.destroyed) return;
        response.once('drain', more);
      };
      more();
    };
    const network = { retryDelay: 1, timeout: 2000, maxBytes: 2 ** 20 };
    expect(await messageOf(get({ network }))).toMatch(/too large; expected at most 1048576 bytes/);
    expect(cached()).toEqual([]);
  });

  it('no server', async () => {
    await server.close();
    expect(await messageOf(get())).toMatch(/the server of the table cannot be reached.*--data-dir/);
    server = await startTableServer();
  });

  it('offline, and a table without an address, never touch the network', async () => {
    const network = {
      fetch: (() => {
        throw new Error('touched the network');
      }) as typeof fetch,
    };
    expect(await messageOf(get({ offline: true, network }))).toMatch(/--offline forbids.*--data-dir/);
    const nowhere = publicTable({ ...source, github: null }, { cacheDir: cache(), network });
    expect(await messageOf(nowhere)).toMatch(
      /no direct address.*get toy\.csv from https:\/\/example\.org\/toy/,
    );
  });

  it('is cancelled', async () => {
    const controller = new AbortController();
    server.answer = (_, response) => {
      response.write(content.subarray(0, 1000));
      setTimeout(() => controller.abort(), 20);
    };
    await expect(get({ signal: controller.signal })).rejects.toBeInstanceOf(CancelledError);
    expect(cached()).toEqual([]);
  });

  it('a cache that is no folder', async () => {
    writeFileSync(cache(), 'a file');
    server.answer = (_, response) => response.end(content);
    expect(await messageOf(get())).toMatch(/the cache is not a folder.*BISEQ_CACHE/);
  });

  it.skipIf(process.getuid?.() === 0)('a cache that may not be written', async () => {
    mkdirSync(cache());
    chmodSync(cache(), 0o500);
    server.answer = (_, response) => response.end(content);
    expect(await messageOf(get())).toMatch(/the cache may not be written.*BISEQ_CACHE/);
  });
});

describe('a table in a folder', () => {
  const put = (name: string, bytes: Uint8Array) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
  };

  it.each([
    ['toy/toy.csv.gz', gzipSync(content)],
    ['toy/toy.csv', content],
    ['toy.csv.gz', gzipSync(content)],
    ['toy.csv', content],
  ])('%s', async (name, bytes) => {
    put(name, bytes);
    const { bytes: found, provenance } = await get({ dataDir: folder });
    expect(found.equals(content)).toBe(true);
    expect(provenance).toEqual({ path: path.join(folder, name), sha256: source.sha256, from: 'data-dir' });
    expect(server.asked).toEqual([]);
  });

  it('is refused with another checksum, and is not downloaded instead', async () => {
    put('toy.csv', content.subarray(1));
    expect(await messageOf(get({ dataDir: folder }))).toMatch(
      /toy\.csv: the table has a wrong checksum; expected sha256/,
    );
    put('toy.csv.gz', gzipSync(content).subarray(0, 50));
    expect(await messageOf(get({ dataDir: folder }))).toMatch(/the gzip data end too early/);
    expect(server.asked).toEqual([]);
  });

  it('is missed, and is not downloaded instead', async () => {
    expect(await messageOf(get({ dataDir: folder }))).toMatch(
      /does not hold the table .*toy\/toy\.csv\.gz.*none of them/,
    );
    expect(await messageOf(get({ dataDir: `${folder}/none` }))).toMatch(/no such folder/);
    expect(server.asked).toEqual([]);
  });

  it("a user's own is checked only against the user's own checksum", async () => {
    put('mine.csv', content);
    const mine = path.join(folder, 'mine.csv');
    expect((await ownTable(mine)).provenance).toMatchObject({ from: 'file', sha256: source.sha256 });
    expect((await ownTable(mine, source.sha256)).bytes.length).toBe(content.length);
    expect(await messageOf(ownTable(mine, '0'.repeat(64)))).toMatch(/wrong checksum.*task file/);
    expect(await messageOf(ownTable(path.join(folder, 'mien.csv')))).toMatch(/Did you mean .*mine\.csv/);
  });
});

describe('the cache', () => {
  it.each([
    ['linux', { BISEQ_CACHE: '/b' }, '/b/data'],
    ['linux', { XDG_CACHE_HOME: '/x' }, '/x/biseq/data'],
    ['linux', { XDG_CACHE_HOME: '' }, /\.cache\/biseq\/data$/],
    ['darwin', { XDG_CACHE_HOME: '/x' }, /Library\/Caches\/biseq\/data$/],
    ['win32', { LOCALAPPDATA: '/l' }, '/l/biseq/data'],
  ] as const)('%s, %o', (platform, env, expected) => {
    expect(dataCacheFolder({ env, platform })).toEqual(
      typeof expected === 'string' ? path.resolve(expected) : expect.stringMatching(expected),
    );
  });
});
