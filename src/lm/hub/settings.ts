import { homedir } from 'node:os';
import path from 'node:path';
import { InputError } from '../../core/errors.js';

/** Where models come from and where they are kept. */
export interface HubSettings {
  /** Base URL of the hub or a mirror, without a slash at its end. Default `HF_ENDPOINT`, else https://huggingface.co. */
  readonly endpoint: string;
  /** Folder of the cache, shared with Hugging Face's own tools. See {@link cacheFolder}. */
  readonly cache: string;
  /** File that pins what was pulled. See {@link lockFile}. */
  readonly lockFile: string;
  /** Never touch the network. Default: whether `HF_HUB_OFFLINE` is set to 1, true, yes or on. */
  readonly offline: boolean;
  /** Access token for gated models. Default `HF_TOKEN`; sent to the endpoint only. */
  readonly token?: string;
  /** Tries after the first for what may pass (no answer, 408, 429, 5xx, an interrupted body). Default 4. */
  readonly retries: number;
  /** Wait before the first retry, in milliseconds; it doubles each time. Default 500. */
  readonly retryDelay: number;
  /** Milliseconds without an answer, or without a byte, after which a request is given up. Default 60,000. */
  readonly timeout: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_ENDPOINT = 'https://huggingface.co';

/**
 * Settings from the environment.
 * @param overrides take precedence, e.g. `offline` from the command line
 * @throws InputError for an endpoint that is no http(s) URL, or a token of another form
 */
export function hubSettings(
  overrides: Partial<HubSettings> = {},
  env: Environment = process.env,
): HubSettings {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const settings: HubSettings = {
    endpoint: env.HF_ENDPOINT || DEFAULT_ENDPOINT,
    cache: cacheFolder(env),
    lockFile: lockFile(env),
    offline: isSet(env.HF_HUB_OFFLINE),
    token: env.HF_TOKEN || undefined,
    retries: 4,
    retryDelay: 500,
    timeout: 60_000,
    ...given,
  };
  checkToken(settings.token);
  return { ...settings, endpoint: checkEndpoint(settings.endpoint) };
}

/**
 * The hub's cache as Hugging Face's tools have it: `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`,
 * else `huggingface/hub` in `XDG_CACHE_HOME` or `~/.cache`.
 */
export function cacheFolder(env: Environment = process.env): string {
  const home = env.HF_HOME || path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'huggingface');
  return path.resolve(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || path.join(home, 'hub'));
}

/**
 * The lock file: `BISEQ_MODELS_LOCK`, else `biseq/models.lock.json` in `XDG_DATA_HOME` or `~/.local/share` (on Windows
 * `LOCALAPPDATA`). It lies outside the cache, so that a pin outlives a cache that was cleared.
 */
export function lockFile(env: Environment = process.env): string {
  if (env.BISEQ_MODELS_LOCK) return path.resolve(env.BISEQ_MODELS_LOCK);
  const local = process.platform === 'win32' ? env.LOCALAPPDATA : env.XDG_DATA_HOME;
  return path.resolve(local || path.join(homedir(), '.local', 'share'), 'biseq', 'models.lock.json');
}

function isSet(value: string | undefined): boolean {
  return /^(1|true|yes|on)$/i.test(value ?? '');
}

function checkEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const usable = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search;
  if (usable) return endpoint.replace(/\/+$/, '');
  throw new InputError({
    what: 'the address of the hub cannot be used',
    expected: 'HF_ENDPOINT like https://huggingface.co, without a user name, password or query',
    // a password in it must not reach a log
    got: url ? `${url.protocol}//${url.host}${url.pathname}` : 'no URL',
  });
}

function checkToken(token: string | undefined): void {
  if (token === undefined || /^hf_\w+$/.test(token)) return;
  throw new InputError({
    what: 'HF_TOKEN is not an access token of the hub',
    expected: "a text that starts with 'hf_'",
    got: `${token.length} other characters`,
    fix: 'Make one at https://huggingface.co/settings/tokens, or unset HF_TOKEN.',
  });
}
