import { methodDefinition, methodNames } from '../baselines/registry.js';
import { internal } from '../core/errors.js';
import { distilledCompanion } from './distilled-companion.js';
import { fobarCompanion } from './fobar-companion.js';
import type { Settings, SweepMethod } from './method.js';
import { randomMethod } from './random-method.js';
import { companionMethod, registeredMethod } from './registered-method.js';
import { trlmCompanion } from './trlm-companion.js';

/** BIB stands for what was published; every other method searches the proxy that this project takes by default. */
const featuresOf = (name: string): 'paper' | 'blocks' => (name === 'bib' ? 'paper' : 'blocks');

/** The random row is a draw from the task's own table, and not the registry's, which knows no table. */
const methods: readonly SweepMethod[] = [
  randomMethod,
  ...methodNames()
    .filter((name) => name !== randomMethod.name)
    .map((name) => registeredMethod(methodDefinition(name), featuresOf(name))),
  companionMethod(fobarCompanion),
  companionMethod(trlmCompanion),
  companionMethod(distilledCompanion),
];

/** Names of the methods that a sweep can run. */
export function sweepMethodNames(): string[] {
  return methods.map(({ name }) => name);
}

/** The method of a name, or null. */
export function findSweepMethod(name: string): SweepMethod | null {
  return methods.find((method) => method.name === name) ?? null;
}

/** The method of a checked name. */
export function sweepMethod(name: string): SweepMethod {
  const method = findSweepMethod(name);
  if (method === null) throw internal(`no method ${name}`);
  return method;
}

/** Every setting of the method of a checked name, with its default. */
export function defaultsOf(name: string): Settings {
  const resolved = sweepMethod(name).resolve({});
  if ('faults' in resolved) throw internal(`${name} has a setting without a default`);
  return resolved.settings;
}
