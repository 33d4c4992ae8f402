import { InputError } from '../core/errors.js';

/** @throws InputError unless the value is a whole number of at least `min` */
export function requireWhole(name: string, value: number, min: number): number {
  if (Number.isInteger(value) && value >= min) return value;
  throw new InputError({
    what: `option ${name} is wrong`,
    expected: `a whole number of at least ${min}`,
    got: `${value}`,
  });
}

/** @throws InputError unless the value is a number in [min, max] */
export function requireBetween(name: string, value: number, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new InputError({
    what: `option ${name} is wrong`,
    expected: `a number from ${min} to ${max}`,
    got: `${value}`,
  });
}

/** @throws InputError unless the value is one of the choices */
export function requireOneOf<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  throw new InputError({
    what: `option ${name} is wrong`,
    expected: `one of ${choices.join(', ')}`,
    got: `${value}`,
  });
}
