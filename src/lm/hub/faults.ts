import { ModelError } from '../../core/errors.js';

/**
 * The messages of everything that can go wrong between here and the hub. Texts that a server sent are shortened and
 * freed of control characters before they are shown.
 */

/** A URL for people: without query, which may hold a signature. */
export function shownUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  return parsed ? `${parsed.origin}${parsed.pathname}` : 'an unreadable address';
}

/** A server's text on one line of at most 200 characters. */
export function shownText(text: string): string {
  const line = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}

/** What kind of failure stopped an exchange. */
export type FailureKind = 'unreachable' | 'proxy' | 'certificate' | 'redirects' | 'interrupted';

const KINDS: readonly { pattern: RegExp; kind: FailureKind }[] = [
  { pattern: /redirect count exceeded/i, kind: 'redirects' },
  { pattern: /HTTP Tunneling/, kind: 'proxy' },
  { pattern: /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|SSL routines/, kind: 'certificate' },
  {
    pattern: /ENOTFOUND|EAI_|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|CONNECT_TIMEOUT|bad port/,
    kind: 'unreachable',
  },
];

/** An error and what caused it, outermost first. */
function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let next = error; next instanceof Error && chain.length < 10; next = next.cause) {
    chain.push(next);
    // several addresses tried, all failed
    if (next instanceof AggregateError && next.errors[0] instanceof Error) chain.push(next.errors[0]);
  }
  return chain;
}

/** Why a request or a body failed, and the code or text that says so. */
export function failureOf(error: unknown): { kind: FailureKind; got: string } {
  const chain = causes(error);
  const texts = chain.map((one) => `${(one as NodeJS.ErrnoException).code ?? ''} ${one.message}`);
  const kind = KINDS.find(({ pattern }) => texts.some((text) => pattern.test(text)))?.kind ?? 'interrupted';
  const last = chain.at(-1);
  const code = (last as NodeJS.ErrnoException | undefined)?.code;
  return { kind, got: shownText([code, last?.message].filter(Boolean).join(': ')) || 'no answer' };
}

const BY_HAND = "or copy the model's folder from another machine and name the folder";

const FAILURES: Readonly<Record<FailureKind, { what: string; fix: string }>> = {
  unreachable: {
    what: 'the hub cannot be reached',
    fix: `Check the connection; set HTTPS_PROXY for a proxy or HF_ENDPOINT for a mirror, ${BY_HAND}.`,
  },
  proxy: {
    what: 'the proxy does not let the request through',
    fix: 'Check HTTPS_PROXY: it may need a name and password (http://NAME:PASSWORD@HOST:PORT); or set NO_PROXY.',
  },
  certificate: {
    what: "the hub's certificate is not trusted",
    fix: "If your network inspects traffic, set NODE_EXTRA_CA_CERTS to its certificate's file.",
  },
  redirects: {
    what: 'the hub sends requests round in a circle',
    fix: 'Check HF_ENDPOINT and the proxy; try again later.',
  },
  interrupted: {
    what: 'the connection to the hub broke off',
    fix: 'Pull again: what was already downloaded is kept.',
  },
};

/** A request that got no answer. */
export function networkFault(url: string, error: unknown): ModelError {
  const { kind, got } = failureOf(error);
  return new ModelError(
    { ...FAILURES[kind], expected: `an answer from ${shownUrl(url)}`, got },
    { cause: error },
  );
}

/** A request in offline mode. */
export function offlineFault(what: string): ModelError {
  return new ModelError({
    what,
    expected: 'everything in the cache, as --offline or HF_HUB_OFFLINE asks',
    fix: 'Pull it once with the network, or copy the cache from another machine.',
  });
}

const DENIED =
  'Accept its terms on its page on the hub, if it has any, and set HF_TOKEN to a token that may read it.';

/** An answer that is no success; `code` and `text` are the hub's own, from its headers. */
export function statusFault(url: string, status: number, code: string, text: string): ModelError {
  const said = [code, text].filter(Boolean).map(shownText).join(': ');
  const got = `status ${status}${said ? ` (${said})` : ''} from ${shownUrl(url)}`;
  const expected = 'an answer with status 200';
  if (status === 401) {
    // the hub answers 401, not 404, for what does not exist
    return new ModelError({
      what: 'the hub denies access: the model is private or gated, does not exist, or the token is wrong',
      expected,
      got,
      fix: `Check the name. ${DENIED}`,
    });
  }
  if (status === 403) {
    return new ModelError({ what: 'the hub denies access to this model', expected, got, fix: DENIED });
  }
  if (status === 404) {
    const what =
      code === 'RevisionNotFound'
        ? 'the hub has no such revision of the model'
        : 'the hub has no such model or file';
    return new ModelError({ what, expected, got, fix: 'Check the name, --revision and HF_ENDPOINT.' });
  }
  const busy = status === 429 || status >= 500;
  return new ModelError({
    what: busy ? 'the hub cannot answer now' : 'the hub refused the request',
    expected,
    got,
    fix: busy ? 'Try again later: what was already downloaded is kept.' : 'Check HF_ENDPOINT and the proxy.',
  });
}

/** An answer that is not what the hub's interface promises. */
export function answerFault(what: string, got: string, cause?: unknown): ModelError {
  return new ModelError(
    {
      what: `the hub's answer cannot be used: ${what}`,
      got: shownText(got),
      fix: 'Check HF_ENDPOINT and the proxy; another kind of server may have answered.',
    },
    { cause },
  );
}

const FILE_ERRORS: Readonly<Record<string, { what: string; fix: string }>> = {
  ENOSPC: {
    what: 'the disk is full',
    fix: 'Free some space, or set HF_HUB_CACHE to another disk; then pull again.',
  },
  EDQUOT: {
    what: 'your quota on the disk is used up',
    fix: 'Free some space, or set HF_HUB_CACHE to another disk.',
  },
  EACCES: { what: 'the cache may not be written', fix: 'Set HF_HUB_CACHE to a folder of your own.' },
  EPERM: { what: 'the cache may not be written', fix: 'Set HF_HUB_CACHE to a folder of your own.' },
  EROFS: { what: 'the cache may not be written', fix: 'Set HF_HUB_CACHE to a folder of your own.' },
  ENOTDIR: { what: 'the cache is not a folder', fix: 'Set HF_HUB_CACHE to a folder.' },
};

/** An error of the file system while a file of the cache is written, or null for any other error. */
export function diskFault(file: string, error: unknown): ModelError | null {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const known = code === undefined ? undefined : FILE_ERRORS[code];
  if (!known) return null;
  return new ModelError({ ...known, file, got: `${code}: ${(error as Error).message}` }, { cause: error });
}
