import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pullModel } from '../../../src/lm/hub/pull.js';
import { MODEL, useHub } from './set-up.js';

describe.skipIf(!MODEL)('a proxy', () => {
  const place = useHub();
  let proxy: Server;
  let asked: { target: string | undefined; authorisation: string | undefined }[] = [];
  let refuse = false;

  beforeEach(async () => {
    asked = [];
    refuse = false;
    for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'HTTPS_PROXY', 'NO_PROXY'])
      vi.stubEnv(name, undefined);
    proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push({ target: request.url, authorisation: request.headers['proxy-authorization'] });
      if (refuse) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      const [host, port] = request.url!.split(':');
      const through = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
      through.on('error', () => socket.destroy());
      socket.on('error', () => through.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('HTTP_PROXY', `http://anna:word@127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('is used where the environment names one, quietly', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    await pullModel('esm2-8m', { settings: place.settings });
    expect(asked.length).toBeGreaterThan(0);
    expect(new Set(asked.map(({ target }) => `http://${target}`))).toEqual(new Set([place.hub.endpoint]));
    expect(asked[0].authorisation).toBe(`Basic ${Buffer.from('anna:word').toString('base64')}`);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });

  it('is not used for what NO_PROXY names', async () => {
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    await pullModel('esm2-8m', { settings: place.settings });
    expect(asked).toEqual([]);
  });

  it('that refuses is named', async () => {
    refuse = true;
    await expect(pullModel('esm2-8m', { settings: place.settings })).rejects.toThrow(
      /the proxy does not let the request through.*407.*HTTPS_PROXY/,
    );
    expect(place.hub.requests).toEqual([]);
  });

  it('that is not there is named', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    await expect(pullModel('esm2-8m', { settings: place.settings })).rejects.toThrow(
      /cannot be reached.*ECONNREFUSED/,
    );
  });
});
