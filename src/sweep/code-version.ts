import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { internal } from '../core/errors.js';
import { canonicalJson, sha256 } from './canonical-json.js';

/** The compiled program: where this file lies, or beside `src` when the sources are run directly. */
export const DIST = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../', import.meta.url),
);

/** Name of the module that every cell's computation starts from. */
const ENTRY = 'sweep/compute-cell.js';

/** The compiled modules as versions of the code see them. Each is read once: what changes later is not noticed. */
export interface CompiledProgram {
  /**
   * Names (see `moduleName`) of the modules that computing a cell of a method can enter, sorted: all that `sweep/compute-cell.js` reaches
   * without entering a module of some methods only, and all that the method's own modules reach, those of other methods
   * included where it builds on them.
   * @param own modules of the method; see `SweepMethod.modules`
   * @param ofMethods modules of any method: those of which only the method's own count, though the list of methods imports
   * them all
   */
  reach(own: readonly string[], ofMethods: readonly string[]): string[];
  /**
   * The version of the code that computes cells of a method: the package's version and a hash of the modules in reach and
   * of the ranges of the dependencies. A change anywhere else (the command line, tables, another method) leaves results
   * valid; a change that could move a number does not.
   * @returns for example `0.1.0+5f0c2a9be1d34c7f`
   */
  codeVersion(own: readonly string[], ofMethods: readonly string[]): string;
}

/**
 * Opens the compiled program.
 * @param dist folder of compiled modules; default: the package's own
 */
export function openProgram(dist = DIST): CompiledProgram {
  const manifest = JSON.parse(readFileSync(path.join(dist, '../package.json'), 'utf8')) as {
    version: string;
    dependencies?: Record<string, string>;
  };
  const moduleOf = remember((name) => readModule(dist, name));
  const walk = (from: readonly string[], closed: ReadonlySet<string>): Set<string> => {
    const found = new Set(from);
    for (const name of found) {
      for (const next of moduleOf(name).imports) if (!closed.has(next)) found.add(next);
    }
    return found;
  };
  const reach = (own: readonly string[], ofMethods: readonly string[]): string[] =>
    // two walks: what the own modules reach is entered even where the first one had to stop
    [...new Set([...walk([ENTRY], new Set(ofMethods)), ...walk(own, new Set())])].sort();
  return {
    reach,
    codeVersion(own, ofMethods) {
      const modules = reach(own, ofMethods).map((name) => [name, moduleOf(name).hash]);
      const hash = sha256(canonicalJson({ modules, dependencies: manifest.dependencies ?? {} }));
      return `${manifest.version}+${hash.slice(0, 16)}`;
    },
  };
}

interface CompiledModule {
  hash: string;
  imports: readonly string[];
}

/** Every quoted relative path of a module: imports, dynamic imports, re-exports and workers' addresses alike. */
const RELATIVE = /['"`](\.{1,2}\/[^'"`\n]+\.js)['"`]/g;

function readModule(dist: string, name: string): CompiledModule {
  const file = path.join(dist, name);
  if (!existsSync(file)) throw internal(`${file} is missing: npm run build makes it`);
  const bytes = readFileSync(file);
  const targets = Array.from(bytes.toString('utf8').matchAll(RELATIVE), ([, specifier]) =>
    path.resolve(path.dirname(file), specifier),
  );
  return {
    hash: sha256(bytes),
    imports: targets
      .filter((target) => existsSync(target))
      .map((target) => posix(path.relative(dist, target))),
  };
}

function remember<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}

const posix = (file: string): string => file.split(path.sep).join('/');
