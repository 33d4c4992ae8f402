import { describe, expect, it } from 'vitest';
import { BiseqError } from '../../src/core/errors.js';
import { checkTask, parseTaskFile } from '../../src/tasks/config.js';

const good = { kind: 'table', name: 'my-enzyme', file: 'enzyme.csv', measured: { random: 96 } };

function messageOf(input: unknown): string {
  try {
    checkTask(input, 'task.json');
  } catch (error) {
    expect(error).toBeInstanceOf(BiseqError);
    return (error as Error).message;
  }
  throw new Error('not refused');
}

describe('task files', () => {
  it('fills in the defaults', () => {
    expect(checkTask(good)).toEqual({
      ...good,
      description: 'A task of your own.',
      source: "the user's own data",
      licence: 'not stated',
      table: {},
      mode: 'design',
      count: 96,
      direction: 'max',
      repeats: 'average',
      strands: 'independent',
    });
  });

  it('lists all faults at once', () => {
    const message = messageOf({
      ...good,
      name: 'My Enzyme',
      count: 0,
      measured: { some: 3 },
      table: { sites: 'all' },
      directon: 'min',
    });
    expect(message).toMatch(/^task\.json: 5 faults in the task: /);
    for (const part of [
      'name: expected a name of small letters, digits and hyphens, got \'"My Enzyme"\'',
      'count: expected a whole number from 1 to 100,000',
      'measured: expected one of {"random": N}',
      'table.sites: expected a list of whole numbers',
      "there is no key 'directon', did you mean 'direction'?",
    ]) {
      expect(message).toContain(part);
    }
  });

  it.each([
    ['no object', 7, 'the task: expected'],
    ['no kind', { ...good, kind: undefined }, 'kind: expected one of table, pbm, ehrlich'],
    ['an unknown kind', { ...good, kind: 'tabel' }, 'one of table, pbm, ehrlich'],
    ['no file', { ...good, file: undefined }, 'file: expected a text, got nothing'],
    ['a short checksum', { ...good, sha256: 'abc' }, 'sha256: expected 64 hexadecimal digits'],
    ['two rules', { ...good, measured: { random: 3, lowest: 3 } }, 'measured: expected one of'],
    ['a key of another kind', { ...good, palindromes: 'once' }, "there is no key 'palindromes'"],
    ['an Ehrlich function without numbers', { kind: 'ehrlich', name: 'e' }, 'either size or parameters'],
    [
      'epistasis that is not monotone',
      { kind: 'ehrlich', name: 'e', size: { states: 4, length: 8, motifs: 1, motifLength: 4, epistasis: 5 } },
      'size.epistasis: expected a number from 0 to 3',
    ],
  ])('refuses %s', (_, input, part) => {
    expect(messageOf(input)).toContain(part);
  });

  it('refuses what is no JSON', () => {
    expect(() => parseTaskFile('{"kind": ', 'task.json')).toThrow(/^task\.json: the task file is not JSON/);
    expect(parseTaskFile(`\uFEFF${JSON.stringify(good)}`, 'task.json').name).toBe('my-enzyme');
  });
});
