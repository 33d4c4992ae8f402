import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * A copy of the built program that nobody builds anew while a test runs: a sweep stops where the program changes.
 * @returns the path of its `main.js`
 */
export function privateProgram(folder: string): string {
  const place = path.join(folder, 'program');
  mkdirSync(place);
  cpSync(path.join(root, 'dist'), path.join(place, 'dist'), { recursive: true });
  cpSync(path.join(root, 'package.json'), path.join(place, 'package.json'));
  for (const name of ['node_modules', 'data'])
    symlinkSync(path.join(root, name), path.join(place, name), 'junction');
  return path.join(place, 'dist/cli/main.js');
}
