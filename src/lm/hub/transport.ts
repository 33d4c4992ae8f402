import { BiseqError, CancelledError, throwIfAborted } from '../../core/errors.js';
import {
  answerFault,
  type FailureKind,
  failureOf,
  networkFault,
  offlineFault,
  shownUrl,
  statusFault,
} from './faults.js';
import type { HubSettings } from './settings.js';

/** Largest JSON answer that is read: a listing of thousands of files is about 1 MB. */
const LARGEST_ANSWER = 8 * 2 ** 20;
/** Requests to the hub's interface in one pull; bounds a listing that never ends. */
const MOST_API_REQUESTS = 100;
/** Longest wait that a busy hub can ask for, in milliseconds. */
const LONGEST_WAIT = 30_000;

/** The server sent a whole file although only its rest was asked for. */
export class RangeIgnored extends Error {}

/** Two functions that stand in for `fetch`, to be handed to the hub's client. */
export interface Transport {
  /** For the hub's interface: JSON of bounded size, from the endpoint only; retried. */
  readonly api: typeof fetch;
  /** For a file's content: a stream, its start checked against the range asked for; retried until it starts. */
  readonly content: typeof fetch;
  close(): Promise<void>;
}

/** Options of {@link openTransport}. */
export interface TransportOptions {
  signal?: AbortSignal;
  /** Stands in for the network. Default: undici's, by `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` if set. */
  fetch?: typeof fetch;
}

/**
 * Opens the way to the hub.
 * @throws from its functions: ModelError for everything that can go wrong on the way, CancelledError
 */
export async function openTransport(
  settings: HubSettings,
  { signal, fetch: given }: TransportOptions = {},
): Promise<Transport> {
  const network = settings.offline
    ? { fetch: refuse, close: async () => {} }
    : given
      ? { fetch: given, close: async () => {} }
      : await openNetwork(settings.timeout);
  const request = <T>(url: string, init: RequestInit, use: (response: Response) => Promise<T>) =>
    send({ fetcher: network.fetch, url, init, use, settings, signal });
  let apiRequests = 0;
  return {
    async api(input, init = {}) {
      const url = String(input);
      if (++apiRequests > MOST_API_REQUESTS) throw answerFault('its listing does not end', shownUrl(url));
      if (new URL(url).origin !== new URL(settings.endpoint).origin)
        throw answerFault('it goes on at another server', shownUrl(url));
      return request(url, init, async (response) => {
        const headers = new Headers({ 'content-type': 'application/json' });
        const link = response.headers.get('link');
        if (link) headers.set('link', link);
        return new Response(await readBounded(response, url), { status: 200, headers });
      });
    },
    async content(input, init = {}) {
      const headers = new Headers(init.headers);
      // a compressed body has another length, and its ranges mean something else
      headers.set('Accept-Encoding', 'identity');
      return request(String(input), { ...init, headers }, async (response) => {
        await checkRange(response, headers.get('Range'));
        return response;
      });
    },
    close: network.close,
  };
}

const refuse: typeof fetch = async (input) => {
  throw offlineFault(`the network would be needed (${shownUrl(String(input))})`);
};

/** undici's own fetch, because Node's knows no proxy; one connection pool, closed at the end. */
export async function openNetwork(
  timeout: number,
): Promise<{ fetch: typeof fetch; close: () => Promise<void> }> {
  const undici = await import('undici');
  const options = { headersTimeout: timeout, bodyTimeout: timeout, connect: { timeout } };
  const { http_proxy, HTTP_PROXY, https_proxy, HTTPS_PROXY } = process.env;
  const proxied = Boolean(http_proxy || HTTP_PROXY || https_proxy || HTTPS_PROXY);
  const dispatcher = proxied
    ? quietly(() => new undici.EnvHttpProxyAgent(options))
    : new undici.Agent(options);
  // the two declarations of fetch differ in name only
  const through = undici.fetch as unknown as (url: string, init: object) => Promise<Response>;
  return {
    fetch: (input, init) => through(String(input), { ...init, dispatcher }),
    close: () => dispatcher.destroy(),
  };
}

/** Without the warning that undici 6 prints about its proxy agent's being new: it is in undici 7 unchanged. */
function quietly<T>(make: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return make();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Tries after the first that a failure is worth: without a network nobody wants to wait for the fifth. */
function triesAfter(kind: FailureKind): number {
  if (kind === 'interrupted') return Infinity;
  return kind === 'unreachable' ? 1 : 0;
}

const mayPass = (status: number): boolean => status === 408 || status === 429 || status >= 500;

interface Sending<T> {
  fetcher: typeof fetch;
  url: string;
  init: RequestInit;
  /** What is done with a success; tried again with it. */
  use: (response: Response) => Promise<T>;
  settings: HubSettings;
  signal: AbortSignal | undefined;
}

async function send<T>({ fetcher, url, init, use, settings, signal }: Sending<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    throwIfAborted(signal);
    const last = attempt >= settings.retries;
    let wait = settings.retryDelay * 2 ** attempt;
    try {
      const response = await fetcher(url, { ...init, signal });
      if (response.ok) return await use(response);
      await response.body?.cancel();
      if (response.status === 416) throw new RangeIgnored();
      if (last || !mayPass(response.status)) throw faultOf(response, url);
      wait = Math.max(wait, askedWait(response));
    } catch (error) {
      if (signal?.aborted) throw new CancelledError();
      if (error instanceof BiseqError || error instanceof RangeIgnored) throw error;
      if (last || attempt >= triesAfter(failureOf(error).kind)) throw networkFault(url, error);
    }
    await pause(Math.min(wait, LONGEST_WAIT), signal);
  }
}

function faultOf(response: Response, url: string): Error {
  const code = response.headers.get('x-error-code') ?? '';
  return statusFault(url, response.status, code, response.headers.get('x-error-message') ?? '');
}

/** What `Retry-After` asks for, in milliseconds. */
function askedWait(response: Response): number {
  const seconds = Number(response.headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/** @throws CancelledError as soon as the signal fires */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new CancelledError());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

async function readBounded(response: Response, url: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    // leaving the loop cancels the body
    if (size > LARGEST_ANSWER)
      throw answerFault('it is too large', `more than ${LARGEST_ANSWER} bytes from ${shownUrl(url)}`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/**
 * @throws RangeIgnored when the body does not start where it was asked to
 * @throws ModelError when there is no body: the hub's client would wait for it without end
 */
async function checkRange(response: Response, range: string | null): Promise<void> {
  if (!response.body) throw answerFault('it has no content', `status ${response.status}`);
  const asked = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  const given =
    response.status === 206
      ? Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1])
      : 0;
  if (asked === given) return;
  await response.body?.cancel();
  throw new RangeIgnored();
}
