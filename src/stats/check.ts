import { internal } from '../core/errors.js';

/** Numbers to describe: a plain or typed array. */
export type Values = ArrayLike<number>;

/** @throws an internal error for an empty list or an entry that is not a finite number */
export function requireFinite(values: Values, name: string): void {
  if (values.length === 0) throw internal(`${name}: no values`);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw internal(`${name}: value ${i + 1} is ${values[i]}`);
  }
}

/** @throws an internal error for lists of different lengths, and as {@link requireFinite} */
export function requirePaired(a: Values, b: Values, name: string): void {
  if (a.length !== b.length) throw internal(`${name}: ${a.length} values beside ${b.length}`);
  requireFinite(a, name);
  requireFinite(b, name);
}
