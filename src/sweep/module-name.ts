import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that this program runs from: the compiled one, or `src`. */
const RUNNING = fileURLToPath(new URL('../', import.meta.url));

/**
 * Name of a module in the compiled program, whether that is what runs or its sources.
 * @param url its `import.meta.url`
 * @returns for example `baselines/bdi.js`
 */
export function moduleName(url: string): string {
  return path.relative(RUNNING, fileURLToPath(url)).split(path.sep).join('/').replace(/\.ts$/, '.js');
}
