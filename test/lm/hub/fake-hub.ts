import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Handles a request instead of the hub; true when it did. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, hub: FakeHub) => boolean;

const LFS_FROM = 1000;

/** git's id of a small file. */
export function gitHash(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * A hub on 127.0.0.1 with one model, as the official client and Python's ask it: revisions, listings, path information
 * and files with ranges. Files of 1,000 bytes and more are LFS objects. A test puts a misbehaviour in front.
 */
export class FakeHub {
  commit = 'c0ffee'.padEnd(40, '0');
  tags = ['license:mit', 'esm'];
  readonly files = new Map<string, Buffer>();
  /** `METHOD path`, with the range where there is one. */
  readonly requests: string[] = [];
  readonly authorisations: (string | undefined)[] = [];
  misbehave: Misbehaviour = () => false;
  private readonly server: Server;

  constructor(readonly hubId: string) {
    this.server = createServer((request, response) => this.handle(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Requests for a file's content. */
  requestsFor(name: string): string[] {
    return this.requests.filter((line) => line.includes(`/resolve/`) && line.includes(`/${name}`));
  }

  entry(name: string): Record<string, unknown> {
    const content = this.files.get(name)!;
    const large = content.length >= LFS_FROM;
    const lfs = { oid: sha256(content), size: content.length, pointerSize: 130 };
    return {
      type: 'file',
      path: name,
      size: content.length,
      oid: gitHash(content),
      ...(large ? { lfs } : {}),
    };
  }

  /** What the listing says; a test may change it. */
  listing = (): unknown => [...this.files.keys()].map((name) => this.entry(name));

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.endpoint);
    this.requests.push([request.method, url.pathname, request.headers.range].filter(Boolean).join(' '));
    this.authorisations.push(request.headers.authorization);
    if (this.misbehave(request, response, this)) return;
    const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
    if (parts[0] === 'api') this.handleApi(parts, request, response);
    else this.handleFile(parts, request, response);
  }

  private handleApi(parts: string[], request: IncomingMessage, response: ServerResponse): void {
    const [, , organisation, model, kind, revision] = parts;
    if (`${organisation}/${model}` !== this.hubId) return fail(response, 404, 'RepoNotFound');
    if (revision !== 'main' && revision !== this.commit) return fail(response, 404, 'RevisionNotFound');
    if (kind === 'revision')
      return json(response, { _id: '1', id: this.hubId, sha: this.commit, tags: this.tags, private: false });
    if (kind === 'tree') return json(response, this.listing());
    if (kind === 'paths-info') {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        const { paths } = JSON.parse(body) as { paths: string[] };
        const lastCommit = { id: this.commit, title: '', date: '2024-01-01T00:00:00Z' };
        json(
          response,
          paths.filter((name) => this.files.has(name)).map((name) => ({ ...this.entry(name), lastCommit })),
        );
      });
      return;
    }
    fail(response, 404, 'NotFound');
  }

  private handleFile(parts: string[], request: IncomingMessage, response: ServerResponse): void {
    const name = parts.slice(4).join('/');
    const content = this.files.get(name);
    const known = parts[3] === this.commit || parts[3] === 'main';
    if (parts.slice(0, 2).join('/') !== this.hubId || !known || !content)
      return fail(response, 404, 'EntryNotFound');
    response.setHeader('etag', `"${gitHash(content)}"`);
    if (content.length >= LFS_FROM) response.setHeader('x-linked-etag', `"${sha256(content)}"`);
    sendRange(content, request, response);
  }
}

export function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

export function fail(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, { 'x-error-code': code, 'x-error-message': `${code} says the hub`, ...headers })
    .end();
}

/** A file's content, or the range of it that was asked for. */
export function sendRange(content: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!asked) {
    response.writeHead(200, { 'content-length': content.length, 'accept-ranges': 'bytes' }).end(content);
    return;
  }
  const start = Number(asked[1]);
  const end = Math.min(asked[2] === '' ? Infinity : Number(asked[2]), content.length - 1);
  if (start > end) return fail(response, 416, 'RangeNotSatisfiable');
  response
    .writeHead(206, {
      'content-length': end - start + 1,
      'content-range': `bytes ${start}-${end}/${content.length}`,
    })
    .end(content.subarray(start, end + 1));
}

/** Sends the first bytes of a file, announced whole, and breaks the connection. */
export function breakOff(content: Buffer, bytes: number, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
}
