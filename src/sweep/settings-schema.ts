import { z } from 'zod';
import type { SettingFault, Settings } from './method.js';
import { nearest } from './nearest-name.js';
import { valueAt } from './fault-log.js';

/** Kinds of settings, each with a message of what it expects. */
export const whole = (min: number, max = 1_000_000) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
export const between = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};
export const oneOf = <const T extends readonly string[]>(...choices: T) =>
  z.enum(choices, { error: `one of ${choices.join(', ')}` });
export const adaptiveOr = (min: number, max: number) =>
  z.custom<'adaptive' | number>(
    (value) => value === 'adaptive' || (typeof value === 'number' && value >= min && value <= max),
    { error: `adaptive, or a number from ${min} to ${max}` },
  );
export const text = z.string({ error: 'a text' }).min(1, { error: 'a text' });

/** Checks settings by a schema: all faults at once, unknown names with the nearest known one. */
export function checkSettings<T extends Settings>(
  schema: z.ZodObject<z.core.$ZodLooseShape, z.core.$strict>,
  settings: Settings,
): { settings: T } | { faults: SettingFault[] } {
  const result = schema.safeParse(settings);
  if (result.success) return { settings: result.data as T };
  return {
    faults: result.error.issues.flatMap((issue) => describe(issue, settings, Object.keys(schema.shape))),
  };
}

function describe(issue: z.core.$ZodIssue, settings: Settings, known: readonly string[]): SettingFault[] {
  const setting = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const names = issue.path.length === 0 ? known : [];
    return issue.keys.map((key) => ({
      setting: [...issue.path, key].join('.'),
      what: `there is no such setting${nearest(key, names)}`,
    }));
  }
  const got = JSON.stringify(valueAt(settings, issue.path)) ?? 'nothing';
  return [{ setting, what: `expected ${expectation(issue)}, got ${got}` }];
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** What a schema expects, in the words of the messages of this project also where the schema brings none of its own. */
function expectation(issue: z.core.$ZodIssue): string {
  // how zod's own messages begin
  if (!/^(Invalid|Too|Unrec)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_value':
      return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_union':
      return issue.errors.map(([first]) => expectation(first as z.core.$ZodIssue)).join(', or ');
    default:
      return issue.message;
  }
}
