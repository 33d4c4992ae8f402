import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

function fixtureRoots(): string[] {
  const shared = path.resolve(root, '../shared/fixtures');
  const small = path.resolve(root, 'test/fixtures');
  return [process.env.BISEQ_FIXTURES, shared, small].filter((folder): folder is string => !!folder);
}

/**
 * The folder or file of reference values under `name`: in `BISEQ_FIXTURES` if set, else in `../shared/fixtures`, else
 * in `test/fixtures`, a small copy that keeps the suite meaningful on any machine. `null` when only the small copy is
 * at hand and it does not hold `name` (the test then skips and says so).
 * @throws when CI is set and `../shared` is missing: on CI a silent skip would hide a broken set-up.
 */
export function fixturePath(name: string): string | null {
  const folder = fixtureRoots().find((candidate) => existsSync(candidate));
  if (folder) {
    const found = path.join(folder, name);
    if (existsSync(found)) return found;
  }
  if (process.env.CI === 'true' && !process.env.BISEQ_FIXTURES) {
    throw new Error(`fixture ${name} is missing and CI=true: ../shared must lie beside the project`);
  }
  console.warn(`skipped: no fixture ${name} (looked in ${folder ?? 'no folder'})`);
  return null;
}

/** A fixture's JSON, or null when it is not at hand. */
export function readFixture<T>(name: string): T | null {
  const file = fixturePath(name);
  return file === null ? null : (JSON.parse(readFileSync(file, 'utf8')) as T);
}
