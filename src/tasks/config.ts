import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { InputError } from '../core/errors.js';
import { show } from '../table/faults.js';
import { TASK_KEYS, type TaskDefinition, taskSchema } from './definition.js';

/**
 * Checks a task as written and fills in the defaults.
 * @param file what messages call it
 * @throws InputError that lists every fault at once
 */
export function checkTask(input: unknown, file?: string): TaskDefinition {
  const result = taskSchema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue) => describe(issue, input));
  throw new InputError({
    what: faults.length === 1 ? faults[0] : `${faults.length} faults in the task: ${faults.join('; ')}`,
    file,
  });
}

/** The content of a task file. @throws InputError where it is no JSON */
export function parseTaskFile(text: string, file: string): TaskDefinition {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new InputError(
      { what: 'the task file is not JSON', file, expected: 'an object {...}', got: (cause as Error).message },
      { cause },
    );
  }
  return checkTask(value, file);
}

function describe(issue: z.core.$ZodIssue, input: unknown): string[] {
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key, input));
  const value = valueAt(input, issue.path);
  const got = value === undefined ? 'nothing' : show(JSON.stringify(value), 60);
  return [`${where || 'the task'}: expected ${issue.message}, got ${got}`];
}

function unknownKey(at: readonly PropertyKey[], key: string, input: unknown): string {
  const known = at.length === 0 ? knownKeys(input) : [];
  const near = known.length > 0 ? closest(key, known) : null;
  const hint =
    near !== null && distance(near, key) <= key.length / 2 + 1 ? `, did you mean ${show(near)}?` : '';
  return `there is no key ${show([...at, key].join('.'))}${hint}`;
}

function knownKeys(input: unknown): readonly string[] {
  const kind = valueAt(input, ['kind']);
  return typeof kind === 'string' && Object.hasOwn(TASK_KEYS, kind)
    ? TASK_KEYS[kind as TaskDefinition['kind']]
    : [];
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
