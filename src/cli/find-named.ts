import { InputError } from '../core/errors.js';
import { nearest } from '../sweep/nearest-name.js';

/**
 * The one of a list that a person named.
 * @param kind what the list holds, for the message, such as `task`
 * @throws InputError for a name that is not there, with the nearest one
 */
export function findNamed<T extends { name: string }>(kind: string, name: string, all: readonly T[]): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = all.map((one) => one.name);
  throw new InputError({
    what: `there is no ${kind} '${name}'${nearest(name, names)}`,
    expected: `one of ${names.join(', ')}`,
  });
}
