import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CancelledError, ModelError } from '../../../src/core/errors.js';
import { blobFile, partialFile, snapshotFile } from '../../../src/lm/hub/cache.js';
import { pullModel } from '../../../src/lm/hub/pull.js';
import { modelStatus, pulledModel } from '../../../src/lm/hub/pulled.js';
import { breakOff, fail, FakeHub, gitHash, json, type Misbehaviour, sendRange, sha256 } from './fake-hub.js';
import { filesBelow, MODEL, NEEDED, useHub } from './set-up.js';

const WEIGHTS = 'model.safetensors';

/** Misbehaves for the first `times` requests of a file. */
function forFile(
  name: string,
  times: number,
  act: (...rest: Parameters<Misbehaviour>) => void,
): Misbehaviour {
  let left = times;
  return (request, response, hub) => {
    if (!request.url!.endsWith(`/${name}`) || left-- <= 0) return false;
    act(request, response, hub);
    return true;
  };
}

describe.skipIf(!MODEL)('a hub that misbehaves', () => {
  const place = useHub();
  const pull = () => pullModel('esm2-8m', { settings: place.settings });
  const weights = () => place.hub.files.get(WEIGHTS)!;
  const partial = () => partialFile(place.settings.cache, place.hub.hubId, sha256(weights()));

  /** The model is here, whole and right. */
  function expectWhole(): void {
    const folder = pulledModel('esm2-8m', place.settings)!;
    for (const name of NEEDED)
      expect(readFileSync(path.join(folder, name))).toEqual(place.hub.files.get(name));
    expect(existsSync(partial())).toBe(false);
  }

  /** Nothing stands under the weights' final names. */
  function expectNoWeights(): void {
    const { hub, settings } = place;
    expect(existsSync(blobFile(settings.cache, hub.hubId, sha256(weights())))).toBe(false);
    expect(existsSync(snapshotFile(settings.cache, hub.hubId, hub.commit, WEIGHTS))).toBe(false);
    expect(pulledModel('esm2-8m', settings)).toBeNull();
  }

  describe('interruptions', () => {
    it('goes on from the last byte within one pull', async () => {
      place.hub.misbehave = forFile(WEIGHTS, 1, (_request, response) =>
        breakOff(weights(), 70_000, response),
      );
      await pull();
      expectWhole();
      const [first, second] = place.hub.requestsFor(WEIGHTS);
      expect(first).not.toContain('bytes=');
      expect(Number(/bytes=(\d+)-/.exec(second)?.[1])).toBe(70_000);
    });

    it('goes on from the last byte in the next pull, at the same commit', async () => {
      const { hub, settings } = place;
      let left = 10_000;
      hub.misbehave = (request, response) => {
        if (!request.url!.endsWith(WEIGHTS)) return false;
        if (left > 0) breakOff(weights(), left, response);
        else fail(response, 503, 'Busy');
        left = 0;
        return true;
      };
      await expect(pull()).rejects.toThrow(
        /the hub cannot answer now.*status 503.*what was already downloaded is kept/,
      );
      expectNoWeights();
      expect(statSync(partial()).size).toBe(10_000);
      expect(modelStatus(hub.hubId, settings)).toMatchObject({ state: 'incomplete', commit: hub.commit });

      hub.misbehave = () => false;
      await pull();
      expectWhole();
      expect(hub.requestsFor(WEIGHTS).at(-1)).toContain('bytes=10000-');
      expect(hub.requestsFor('config.json')).toHaveLength(1);
    });

    it('gives up after a bounded number of breaks without progress, and says how far it got', async () => {
      place.hub.misbehave = forFile(WEIGHTS, Infinity, (request, response) => {
        if (request.headers.range) response.destroy();
        else breakOff(weights(), 5000, response);
      });
      await expect(pull()).rejects.toThrow(ModelError);
      expect(place.hub.requestsFor(WEIGHTS).length).toBeLessThanOrEqual(1 + 3 * 3);
      expect(statSync(partial()).size).toBe(5000);
    });

    it('goes on after answers that end too early without an error', async () => {
      place.hub.misbehave = forFile(WEIGHTS, 3, (request, response) => {
        const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        response.writeHead(
          start ? 206 : 200,
          start ? { 'content-range': `bytes ${start}-${weights().length - 1}/*` } : {},
        );
        response.end(weights().subarray(start, start + 1000));
      });
      await pull();
      expectWhole();
      expect(place.hub.requestsFor(WEIGHTS)).toHaveLength(4);
    });

    it('says so when answers always end too early', async () => {
      place.hub.misbehave = forFile(WEIGHTS, Infinity, (_request, response) => response.writeHead(200).end());
      await expect(pull()).rejects.toThrow(
        /the download of model.safetensors broke off; expected \d+ bytes, got 0 .*ended after 0/,
      );
      expect(place.hub.requestsFor(WEIGHTS)).toHaveLength(3);
    });

    it('takes silence for an interruption', async () => {
      const settings = { ...place.settings, timeout: 200, retries: 0 };
      place.hub.misbehave = forFile(WEIGHTS, Infinity, (request, response) => {
        const size = weights().length;
        if (!request.headers.range)
          response.writeHead(200, { 'content-length': size }).write(weights().subarray(0, 100));
        else response.writeHead(206, { 'content-range': `bytes 100-${size - 1}/${size}` }).flushHeaders();
      });
      await expect(pullModel('esm2-8m', { settings })).rejects.toThrow(
        /broke off.*got 100 .UND_ERR_BODY_TIMEOUT/,
      );
      place.hub.misbehave = forFile(WEIGHTS, Infinity, () => {});
      await expect(pullModel('esm2-8m', { settings })).rejects.toThrow(
        /connection to the hub broke off.*UND_ERR_HEADERS_TIMEOUT/,
      );
    });

    it('starts anew when the server ignores the range', async () => {
      let asked = 0;
      place.hub.misbehave = forFile(WEIGHTS, Infinity, (_request, response) => {
        if (asked++ === 0) breakOff(weights(), 5000, response);
        else response.writeHead(200, { 'content-length': weights().length }).end(weights());
      });
      await pull();
      expectWhole();
    });

    it('never mixes in a range that starts elsewhere', async () => {
      place.hub.misbehave = forFile(WEIGHTS, 2, (request, response) => {
        if (!request.headers.range) return breakOff(weights(), 5000, response);
        response.writeHead(206, {
          'content-range': `bytes 4000-${weights().length - 1}/${weights().length}`,
        });
        response.end(weights().subarray(4000));
      });
      await pull();
      expectWhole();
    });

    it('throws away what another run left damaged, and gets all of it', async () => {
      for (const left of [
        Buffer.alloc(3000),
        Buffer.alloc(weights().length),
        Buffer.alloc(weights().length + 5),
      ]) {
        mkdirSync(path.dirname(partial()), { recursive: true });
        writeFileSync(partial(), left);
        await pull();
        expectWhole();
        const blob = blobFile(place.settings.cache, place.hub.hubId, sha256(weights()));
        writeFileSync(blob, 'damaged');
      }
    });

    it('is cancelled cleanly, and goes on later', async () => {
      const controller = new AbortController();
      place.hub.misbehave = forFile(WEIGHTS, 1, (_request, response) => {
        response.writeHead(200, { 'content-length': weights().length });
        response.write(weights().subarray(0, 20_000), () => setTimeout(() => controller.abort(), 200));
      });
      const pulling = pullModel('esm2-8m', {
        settings: place.settings,
        signal: controller.signal,
      });
      await expect(pulling).rejects.toThrow(CancelledError);
      expectNoWeights();
      expect(filesBelow(place.settings.cache).filter((file) => file.endsWith('biseq.lock'))).toEqual([]);
      await pull();
      expectWhole();
      expect(place.hub.requestsFor(WEIGHTS).at(-1)).toContain('bytes=20000-');
    });

    it('is cancelled while it waits for a busy hub', async () => {
      const controller = new AbortController();
      place.hub.misbehave = (_request, response) => {
        fail(response, 429, 'Busy', { 'retry-after': '20' });
        setTimeout(() => controller.abort(), 20);
        return true;
      };
      const began = performance.now();
      await expect(
        pullModel('esm2-8m', { settings: place.settings, signal: controller.signal }),
      ).rejects.toThrow(CancelledError);
      expect(performance.now() - began).toBeLessThan(2000);
    });
  });

  describe('contents', () => {
    it('throws away a wrong checksum: large file', async () => {
      const wrong = Buffer.from(weights());
      wrong[wrong.length - 1] ^= 1;
      place.hub.misbehave = forFile(WEIGHTS, Infinity, (request, response) =>
        sendRange(wrong, request, response),
      );
      await expect(pull()).rejects.toThrow(
        new RegExp(
          `wrong checksum and was thrown away; expected sha256 ${sha256(weights())} as the hub states, got ${sha256(wrong)}`,
        ),
      );
      expectNoWeights();
      expect(existsSync(partial())).toBe(false);
      expect(place.hub.requestsFor(WEIGHTS)).toHaveLength(1);
    });

    it('throws away a wrong checksum: small file', async () => {
      const right = place.hub.files.get('vocab.txt')!;
      place.hub.misbehave = forFile('vocab.txt', Infinity, (_request, response) => {
        response.end(Buffer.from(right.toString().toLowerCase()));
      });
      await expect(pull()).rejects.toThrow(
        new RegExp(`vocab.txt came with a wrong checksum.*git hash ${gitHash(right)}`),
      );
    });

    it('stops at the announced size', async () => {
      let sent = 0;
      place.hub.misbehave = forFile('vocab.txt', 1, (_request, response) => {
        response.writeHead(200);
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(2 ** 16))) sent += 2 ** 16;
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      });
      await expect(pull()).rejects.toThrow(/vocab.txt is longer than announced/);
      expect(sent).toBeLessThan(64 * 2 ** 20);
    });

    it('refuses an answer without content', async () => {
      place.hub.misbehave = forFile(WEIGHTS, Infinity, (_request, response) => response.writeHead(204).end());
      await expect(pull()).rejects.toThrow(/it has no content; got status 204/);
    });

    it('is not misled by compression', async () => {
      let encoding: string | undefined;
      place.hub.misbehave = (request) => {
        if (request.url!.endsWith(WEIGHTS)) encoding = request.headers['accept-encoding'];
        return false;
      };
      await pull();
      expect(encoding).toBe('identity');
    });
  });

  describe('statuses', () => {
    const cases = [
      {
        status: 401,
        code: 'RepoNotFound',
        message:
          /denies access: the model is private or gated, does not exist.*status 401 \(RepoNotFound: .*HF_TOKEN/,
      },
      { status: 401, code: 'GatedRepo', message: /Accept its terms on its page/ },
      { status: 403, code: 'GatedRepo', message: /denies access to this model.*status 403/ },
      { status: 404, code: 'RepoNotFound', message: /no such model or file.*status 404/ },
      { status: 404, code: 'RevisionNotFound', message: /no such revision/ },
      { status: 400, code: '', message: /refused the request/ },
    ];
    it.each(cases)('$status $code: says so at once', async ({ status, code, message }) => {
      place.hub.misbehave = (_request, response) => {
        fail(response, status, code);
        return true;
      };
      const error = await pull().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ModelError);
      expect((error as ModelError).message).toMatch(message);
      expect((error as ModelError).exitCode).toBe(2);
      expect(place.hub.requests).toHaveLength(1);
    });

    it.each([408, 429, 500, 502, 503, 504])('%i: tries again, a bounded number of times', async (status) => {
      place.hub.misbehave = (_request, response) => {
        if (place.hub.requests.length > 2) return false;
        fail(response, status, 'Busy', { 'retry-after': '0' });
        return true;
      };
      await pull();
      expectWhole();

      place.hub.requests.length = 0;
      place.hub.misbehave = (_request, response) => {
        fail(response, status, 'Busy');
        return true;
      };
      await expect(pullModel('esm2-8m', { settings: place.settings, update: true })).rejects.toThrow(
        `status ${status}`,
      );
      expect(place.hub.requests).toHaveLength(1 + place.settings.retries);
    });

    it('shows nothing of a server that could act on a terminal', async () => {
      place.hub.misbehave = (_request, response) => {
        response.writeHead(404, { 'x-error-message': 'a\u009b31mred' }).end();
        return true;
      };
      const error = (await pull().catch((thrown: unknown) => thrown)) as Error;
      expect(error.message).toMatch(/red/);
      expect(error.message).not.toMatch(/\p{Cc}/u);
    });
  });

  describe('redirects', () => {
    it('follows one to another server, without the token', async () => {
      const store = await new FakeHub(place.hub.hubId).start();
      store.misbehave = (request, response) => {
        sendRange(weights(), request, response);
        return true;
      };
      place.hub.misbehave = forFile(WEIGHTS, Infinity, (_request, response) =>
        response.writeHead(302, { location: `${store.endpoint}/signed?x=1` }).end(),
      );
      await pullModel('esm2-8m', { settings: { ...place.settings, token: 'hf_secret' } });
      expectWhole();
      expect(place.hub.authorisations.every((value) => value === 'Bearer hf_secret')).toBe(true);
      expect(store.authorisations).toEqual([undefined]);
      await store.stop();
    });

    it('notices a circle', async () => {
      place.hub.misbehave = forFile(WEIGHTS, Infinity, (request, response) =>
        response.writeHead(302, { location: request.url }).end(),
      );
      await expect(pull()).rejects.toThrow(/sends requests round in a circle/);
      expect(place.hub.requestsFor(WEIGHTS).length).toBeLessThan(50);
    });
  });

  describe('no network', () => {
    it('says where it was looked for', async () => {
      const { endpoint } = place.hub;
      await place.hub.stop();
      await expect(pull()).rejects.toThrow(
        new RegExp(
          `the hub cannot be reached; expected an answer from ${endpoint}/api/models/.*ECONNREFUSED.*HTTPS_PROXY.*HF_ENDPOINT`,
        ),
      );
      await place.hub.start();
    });

    it.each([
      ['ENOTFOUND', /cannot be reached/],
      ['EAI_AGAIN', /cannot be reached/],
      ['ENETUNREACH', /cannot be reached/],
      ['UND_ERR_CONNECT_TIMEOUT', /cannot be reached/],
      ['SELF_SIGNED_CERT_IN_CHAIN', /certificate is not trusted.*NODE_EXTRA_CA_CERTS/],
      ['CERT_HAS_EXPIRED', /certificate is not trusted/],
      ['ECONNRESET', /broke off/],
    ])('%s', async (code, message) => {
      const failing: typeof fetch = async () => {
        throw new TypeError('fetch failed', { cause: Object.assign(new Error(`it was ${code}`), { code }) });
      };
      await expect(pullModel('esm2-8m', { settings: place.settings, fetch: failing })).rejects.toThrow(
        message,
      );
    });
  });

  describe('disk', () => {
    it.skipIf(!existsSync('/dev/full'))('says that it is full', async () => {
      mkdirSync(path.dirname(partial()), { recursive: true });
      symlinkSync('/dev/full', partial());
      await expect(pull()).rejects.toThrow(/the disk is full; got ENOSPC.*HF_HUB_CACHE/);
      expectNoWeights();
    });

    it('refuses what cannot fit before it downloads', async () => {
      const { hub } = place;
      const size = 2 ** 52;
      hub.listing = () =>
        [...hub.files.keys()].map((name) =>
          name === WEIGHTS
            ? { type: 'file', path: name, size, lfs: { oid: 'a'.repeat(64), size } }
            : hub.entry(name),
        );
      await expect(pull()).rejects.toThrow(
        /not enough space on the disk for .*; expected 45035996\d+ bytes, got \d+ free/,
      );
      expect(hub.requests.some((line) => line.includes('/resolve/'))).toBe(false);
    });

    it('says that the cache cannot be a folder', async () => {
      writeFileSync(path.join(place.folder, 'file'), '');
      const settings = { ...place.settings, cache: path.join(place.folder, 'file', 'hub') };
      await expect(pullModel('esm2-8m', { settings })).rejects.toThrow(/cache is not a folder; got ENOTDIR/);
    });
  });

  describe('another biseq at the same time', () => {
    const lock = () => {
      const folder = path.join(place.settings.cache, '.locks', 'models--facebook--esm2_t6_8M_UR50D');
      mkdirSync(folder, { recursive: true });
      return path.join(folder, 'biseq.lock');
    };

    it('is left alone', async () => {
      let release = () => {};
      place.hub.misbehave = forFile(WEIGHTS, 1, (request, response) => {
        release = () => sendRange(weights(), request, response);
      });
      const first = pull();
      await expect.poll(() => place.hub.requestsFor(WEIGHTS).length).toBe(1);
      await expect(pull()).rejects.toThrow(/another biseq is working on facebook/);
      release();
      await first;
      expectWhole();
    });

    it('is taken over when it is dead', async () => {
      const { hostname } = await import('node:os');
      writeFileSync(lock(), `999999999 ${hostname()}`);
      await pull();
      expectWhole();
    });

    it('of another machine is believed to live', async () => {
      writeFileSync(lock(), '999999999 elsewhere');
      await expect(pull()).rejects.toThrow(/process 999999999 elsewhere.*delete this file/);
    });
  });

  it('of an odd kind is named: not a hub at all', async () => {
    place.hub.misbehave = (_request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<html>Log in to the wireless network</html>');
      return true;
    };
    await expect(pull()).rejects.toThrow(
      /the hub's answer cannot be used: it is not the JSON that was expected/,
    );
    place.hub.misbehave = (_request, response) => {
      json(response, null);
      return true;
    };
    await expect(pull()).rejects.toThrow(/the hub's answer cannot be used/);
  });
});
