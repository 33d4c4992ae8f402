import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { internal } from '../core/errors.js';
import { canonicalJson, sha256 } from './canonical-json.js';

/** The compiled program: where this file lies, or beside `src` when the sources are run directly. */
export const DIST = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../', import.meta.url),
);

/** The module that a cell's computation starts from. */
const ENTRY = 'sweep/compute-cell.js';

/**
 * The version of the code that computes a cell: the package's version and a hash of the compiled modules that
 * `compute-cell.js` reaches, and of the ranges of the dependencies. A change anywhere else (the command line, tables,
 * plots) leaves results valid; a change that could move a number does not.
 * @param dist folder of compiled modules; default: the package's own
 * @returns for example `0.1.0+5f0c2a9be1d34c7f`
 */
export function codeVersion(dist = DIST): string {
  const manifest = JSON.parse(readFileSync(path.join(dist, '../package.json'), 'utf8')) as {
    version: string;
    dependencies?: Record<string, string>;
  };
  const modules = reachableModules(path.join(dist, ENTRY)).map((file) => [
    path.relative(dist, file).split(path.sep).join('/'),
    sha256(readFileSync(file)),
  ]);
  const hash = sha256(canonicalJson({ modules, dependencies: manifest.dependencies ?? {} }));
  return `${manifest.version}+${hash.slice(0, 16)}`;
}

/** Every quoted relative path of a module: imports, dynamic imports, re-exports and workers' addresses alike. */
const RELATIVE = /['"`](\.{1,2}\/[^'"`\n]+\.js)['"`]/g;

/** The files that can be reached from one by relative paths, in the order of their names. */
function reachableModules(entry: string): string[] {
  if (!existsSync(entry)) throw internal(`${entry} is missing: npm run build makes it`);
  const found = new Set([entry]);
  for (const file of found) {
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(RELATIVE)) {
      const target = path.resolve(path.dirname(file), specifier);
      if (existsSync(target)) found.add(target);
    }
  }
  return [...found].sort();
}
