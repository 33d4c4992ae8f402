import { homedir } from 'node:os';
import path from 'node:path';

/** Variables of a process and the system they belong to, for tests. */
export interface Surroundings {
  env?: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
}

/**
 * The folder where downloaded tables are kept: `BISEQ_CACHE`, else the system's place for caches (`XDG_CACHE_HOME` or
 * `~/.cache`, on macOS `~/Library/Caches`, on Windows `LOCALAPPDATA`), there `biseq`; in it `data`.
 */
export function dataCacheFolder({
  env = process.env,
  platform = process.platform,
}: Surroundings = {}): string {
  return path.resolve(env.BISEQ_CACHE || path.join(systemCaches(env, platform), 'biseq'), 'data');
}

function systemCaches(env: NonNullable<Surroundings['env']>, platform: NodeJS.Platform): string {
  if (platform === 'win32') return env.LOCALAPPDATA || path.join(homedir(), 'AppData', 'Local');
  if (platform === 'darwin') return path.join(homedir(), 'Library', 'Caches');
  return env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
}
