import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const shared = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../shared/data');

/**
 * A file of `../shared/data`, or `null` (and a line that says so) where that folder is not at hand.
 * @throws when CI=true, where a missing folder is a fault of the set-up.
 */
export function dataPath(name: string): string | null {
  const file = path.join(shared, name);
  if (existsSync(file)) return file;
  if (process.env.CI === 'true')
    throw new Error(`${file} is missing and CI=true: ../shared must lie beside the project`);
  console.warn(`skipped: no data file ${name} in ../shared/data`);
  return null;
}
