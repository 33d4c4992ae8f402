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
  const { message } = issue;
  // a schema without messages of its own speaks as zod does
  const says = /^(Invalid|Too|Unrec)/.test(message) ? message : `expected ${message}`;
  return [{ setting, what: `${says}, got ${got}` }];
}
