import { internal } from '../core/errors.js';
import { bibMethod } from './bib-method.js';
import type { SweepMethod } from './method.js';
import { randomMethod } from './random-method.js';

const methods: readonly SweepMethod[] = [randomMethod, bibMethod];

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
