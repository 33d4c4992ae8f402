import { type Fault, InputError } from '../core/errors.js';

/** A cell's text for a message: quoted, control characters escaped, at most `limit` characters. */
export function show(text: string, limit = 40): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  const printable = cut.replace(/\p{C}/gu, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`);
  return `'${printable}'`;
}

/** An integer with thousands separators. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** `1 row`, `2 rows`. */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** How messages name an option: the command line's flag and the library's name. */
export function flag(option: string): string {
  return `--${option.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} (${option} in the library)`;
}

/** A fault of one row. `kind` groups faults that are alike, so that thousands become one message. */
export class RowFault extends InputError {
  readonly kind: string;

  constructor(kind: string, fault: Fault) {
    super(fault);
    this.kind = kind;
  }
}

/** How many lines a message lists of faults that are alike. */
const LISTED_LINES = 5;

interface Group {
  line: number;
  fault: Fault;
  count: number;
  /** Lines of the faults after the first, at most LISTED_LINES. */
  others: number[];
}

/** Collects the faults of rows and reports them as one error: the first, how many are like it, what else there is. */
export class FaultList {
  readonly #groups = new Map<string, Group>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  /** Number of faults of one kind. */
  countOf(kind: string): number {
    return this.#groups.get(kind)?.count ?? 0;
  }

  add(line: number, error: InputError): void {
    const kind = error instanceof RowFault ? error.kind : error.fault.what;
    const group = this.#groups.get(kind);
    if (!group) {
      this.#groups.set(kind, { line, fault: error.fault, count: 1, others: [] });
      return;
    }
    group.count++;
    if (group.others.length < LISTED_LINES) group.others.push(line);
  }

  /** Runs `read`; an InputError is collected under `line` and gives undefined. */
  attempt<T>(line: number, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.add(line, error);
      return undefined;
    }
  }

  /** @throws InputError with the fault of the lowest line, if there is any. */
  throwIfAny(): void {
    const groups = [...this.#groups].sort(([, a], [, b]) => a.line - b.line);
    if (groups.length === 0) return;
    const [, first] = groups[0];
    const more: string[] = [];
    if (first.count > 1) {
      const shown = first.others.join(', ');
      const rest = first.count - 1 > first.others.length ? ', ...' : '';
      more.push(
        `and ${count(first.count - 1)} more like it: line${first.count > 2 ? 's' : ''} ${shown}${rest}`,
      );
    }
    for (const [kind, group] of groups.slice(1)) {
      more.push(`also ${plural(group.count, 'row')} with ${kind}, first in line ${group.line}`);
    }
    const what = more.length === 0 ? first.fault.what : `${first.fault.what} (${more.join('; ')})`;
    throw new InputError({ ...first.fault, what, file: this.#file, line: first.line });
  }
}
