import { z } from 'zod';
import { InputError } from '../core/errors.js';
import { nearest } from './nearest-name.js';

/** One thing that is wrong with a config. */
interface LoggedFault {
  /** For example `methods[1].settings.gamma`. */
  at: string;
  what: string;
}

/** Faults that are listed at once when all has been checked. */
export class FaultLog {
  private readonly faults: LoggedFault[] = [];

  constructor(private readonly file: string) {}

  get count(): number {
    return this.faults.length;
  }

  add(at: string, what: string): void {
    this.faults.push({ at, what });
  }

  /** The value as the schema gives it back, or null with its faults logged. */
  check<T extends z.ZodType>(at: string, schema: T, value: unknown): z.output<T> | null {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const known = schema instanceof z.ZodObject ? Object.keys(schema.shape as object) : [];
    for (const issue of result.error.issues) this.addIssue(at, issue, value, known);
    return null;
  }

  private addIssue(at: string, issue: z.core.$ZodIssue, value: unknown, known: readonly string[]): void {
    if (issue.code === 'unrecognized_keys') {
      const names = issue.path.length === 0 ? known : [];
      for (const key of issue.keys) this.add(`${at}.${key}`, `there is no such member${nearest(key, names)}`);
      return;
    }
    const got = JSON.stringify(valueAt(value, issue.path)) ?? 'nothing';
    const where = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
    this.add(`${at}${where.join('')}`, `expected ${issue.message}, got ${got.slice(0, 60)}`);
  }

  /** Runs a check that throws; its InputError becomes a fault. */
  async attempt<T>(at: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.add(at, error.message.replace(/\.$/, ''));
      return null;
    }
  }

  /** @throws InputError that lists them all */
  throwIfAny(): void {
    const { file, faults } = this;
    if (faults.length === 0) return;
    const list = faults.map(({ at, what }) => `${at}: ${what}`);
    if (list.length === 1) throw new InputError({ what: list[0], file });
    const numbered = list.map((fault, i) => `(${i + 1}) ${fault}`).join('; ');
    throw new InputError({ what: `${list.length} faults: ${numbered}`, file });
  }
}

/** The value at a path of keys, or undefined. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<PropertyKey, unknown>)[part];
  }
  return found;
}
