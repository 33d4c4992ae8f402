import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const main = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../dist/cli/main.js');

/** Packages that are loaded at once, with the modules of ours that are: what help has to wait for. */
function loadedAtOnce(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  // tsc prints each import on a line of its own
  const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?:.* from )?['"]([^'"]+)['"];$/gm);
  for (const [, name] of imports) {
    if (name.startsWith('.')) loadedAtOnce(path.resolve(path.dirname(file), name), seen);
    else seen.add(name);
  }
  return seen;
}

it('help waits for commander only', () => {
  const packages = [...loadedAtOnce(main)].filter(
    (name) => !path.isAbsolute(name) && !name.startsWith('node:'),
  );
  expect(packages).toEqual(['commander']);
});
