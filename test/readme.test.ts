import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/cli/program.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');

describe('README.md', () => {
  it('shows the library by the code of examples/design.ts', () => {
    const example = readFileSync(path.join(root, 'examples/design.ts'), 'utf8')
      .replace(/^\/\*\*.*\*\/\n/, '')
      .replace(/'\.\.\/src\/index\.js';.*/, "'biseq';");
    expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
  });

  it('names only options that the commands have', () => {
    const known = new Set<string | undefined>(['--help']);
    for (const command of createProgram().commands)
      for (const { options } of [command, ...command.commands])
        for (const { long } of options) known.add(long);
    const named = [...readme.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((flag) => !known.has(flag))).toEqual([]);
  });

  it('prints the two commands that a newcomer runs', () => {
    expect(readme).toContain(
      '<!-- first command -->\n\n```console\n$ npm ci && npx biseq design example:gb1',
    );
    expect(readme).toContain('<!-- test command -->\n\n```console\n$ npm ci && npm test\n');
  });
});
