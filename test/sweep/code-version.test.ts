import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeVersion, DIST } from '../../src/sweep/code-version.js';
import { temporaryFolder } from '../helpers/temp-folder.js';

const folder = temporaryFolder();
const elsewhere = temporaryFolder();
const dist = path.join(folder, 'dist');
const put = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};

/** A program of a few modules. */
function writeProgram(): void {
  put('package.json', '{"version": "1.2.3", "dependencies": {"a": "^1.0.0"}}');
  put('dist/sweep/compute-cell.js', "import { a } from '../core/a.js';\nimport x from 'package/x.js';\n");
  put('dist/core/a.js', "export * from './b.js';\nconst lazy = () => import('./lazy.js');\n");
  put('dist/core/b.js', 'export const b = 1;\n');
  put('dist/core/lazy.js', "new Worker(new URL('./worker.js', import.meta.url));\n");
  put('dist/core/worker.js', 'work();\n');
  put('dist/cli/main.js', "import '../sweep/compute-cell.js';\n");
}

describe('codeVersion', () => {
  it('is that of the package with a hash, the same wherever the program lies', () => {
    writeProgram();
    const version = codeVersion(dist);
    expect(version).toMatch(/^1\.2\.3\+[0-9a-f]{16}$/);
    cpSync(folder, elsewhere, { recursive: true });
    expect(codeVersion(path.join(elsewhere, 'dist'))).toBe(version);
  });

  it.each([
    ['dist/sweep/compute-cell.js', true],
    ['dist/core/a.js', true],
    ['dist/core/b.js', true],
    ['dist/core/lazy.js', true],
    ['dist/core/worker.js', true],
    ['dist/cli/main.js', false],
    ['dist/core/unreached.js', false],
  ])('a change of %s changes it: %s', (file, changes) => {
    writeProgram();
    const before = codeVersion(dist);
    put(file, '// other\n');
    expect(codeVersion(dist) !== before).toBe(changes);
    writeProgram();
    expect(codeVersion(dist)).toBe(before);
  });

  it('changes with the ranges of the dependencies', () => {
    writeProgram();
    const before = codeVersion(dist);
    put('package.json', '{"version": "1.2.3", "dependencies": {"a": "^2.0.0"}}');
    expect(codeVersion(dist)).not.toBe(before);
  });

  it('is that of this program', () => {
    expect(codeVersion()).toBe(codeVersion(DIST));
  });
});
