import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.js';

const help = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCli(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

describe('help', () => {
  it('is what bare biseq prints', async () => {
    const text = await help('--help');
    await expect(text).toMatchFileSnapshot('golden/biseq.txt');
    expect(await help()).toBe(text);
  });

  it.each(['design', 'check'])(
    'of %s groups the options and ends with an example that works',
    async (name) => {
      const text = await help(name, '--help');
      await expect(text).toMatchFileSnapshot(`golden/${name}.txt`);
      expect(await help('help', name)).toBe(text);
      expect(text.trimEnd().split('\n').at(-1)).toMatch(/^ {2}biseq .*example:gb1/);
    },
  );

  it('names a version', async () => {
    expect(await help('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('a misspelt command or option', () => {
  it.each([
    [['desing', 'x'], "unknown command 'desing'", '(Did you mean design?)'],
    [['design', 'x', '--cuont', '3'], "unknown option '--cuont'", '(Did you mean --count?)'],
    [['check', 'x', '--offset'], "option '--offset <number>' argument missing", ''],
    [['design', 'x', 'y'], 'too many arguments', ''],
    [['design'], "missing required argument 'table'", ''],
    [['design', 'x', '--out', 'y', '--mode', 'both ways'], 'Allowed choices are both, forward, backward', ''],
  ])('%j exits with 2', async (args, message, hint) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^biseq: /);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });
});
