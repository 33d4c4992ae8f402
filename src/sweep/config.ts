import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { InputError } from '../core/errors.js';
import {
  CONFIG_KEYS,
  type ConfigMembers,
  members,
  methodEntry,
  type MethodEntry,
  taskEntry,
  type TaskEntry,
} from './config-schema.js';
import type { FaultLog } from './fault-log.js';
import { nearest } from './nearest-name.js';

/** A config as it was written, checked for its form, defaults filled in. */
export interface SweepConfig extends ConfigMembers {
  /** Absolute path of the config. */
  file: string;
  tasks: TaskEntry[];
  methods: MethodEntry[];
}

/** What could be understood of a config; entries with faults are null, so that places stay. */
export type PartialConfig = Omit<SweepConfig, 'tasks' | 'methods'> & {
  tasks: (TaskEntry | null)[];
  methods: (MethodEntry | null)[];
};

/** No config comes near. */
const LARGEST = 16 * 2 ** 20;

/**
 * Reads a config and checks its form.
 * @param faults takes up what is wrong; the rest is returned as far as it was understood
 * @throws InputError where the file cannot be read or is not a JSON object
 */
export function readConfig(file: string, faults: FaultLog): PartialConfig {
  const value = parseObject(readText(file), file);
  for (const key of Object.keys(value)) {
    if (!CONFIG_KEYS.includes(key)) faults.add(key, `there is no such member${nearest(key, CONFIG_KEYS)}`);
  }
  const member = <T extends z.ZodType>(name: string, schema: T) => faults.check(name, schema, value[name]);
  return {
    file: path.resolve(file),
    title: member('title', members.title) ?? undefined,
    description: member('description', members.description) ?? undefined,
    seeds: member('seeds', members.seeds) ?? 1,
    metric: member('metric', members.metric) ?? 'median',
    reference: member('reference', members.reference) ?? undefined,
    store: member('store', members.store) ?? undefined,
    tasks: entries('tasks', value.tasks, faults, (at, entry) =>
      faults.check(at, taskEntry, typeof entry === 'string' ? { task: entry } : entry),
    ),
    methods: entries('methods', value.methods, faults, (at, entry) =>
      faults.check(at, methodEntry, typeof entry === 'string' ? { method: entry } : entry),
    ),
  };
}

function entries<T>(
  name: string,
  value: unknown,
  faults: FaultLog,
  check: (at: string, entry: unknown) => T | null,
): (T | null)[] {
  if (Array.isArray(value) && value.length > 0) return value.map((entry, i) => check(`${name}[${i}]`, entry));
  const got = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
  faults.add(name, `expected a list of at least one name or object, got ${got}`);
  return [];
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length <= LARGEST) return bytes.toString('utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new InputError(
      { what: 'the config cannot be read', file, got: (cause as Error).message, fix: 'Check the path.' },
      { cause },
    );
  }
  throw new InputError({ what: 'the config is too large', file, expected: `at most ${LARGEST} bytes` });
}

function parseObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputError(
      { what: 'the config is not JSON', file, expected: 'an object {...}', got: (cause as Error).message },
      { cause },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new InputError({
    what: 'the config is no object',
    file,
    expected: '{"tasks": [...], "methods": [...]}',
    got: JSON.stringify(value).slice(0, 60),
  });
}
