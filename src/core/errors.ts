/**
 * The error hierarchy of biseq. Every error that a user can cause or mend is a `BiseqError`; the command line
 * prints its message without a stack trace and exits with `exitCode`. Anything else is a fault of ours.
 */
export class BiseqError extends Error {
  /** Process exit code: 2 for user input, 130 for cancellation. */
  readonly exitCode: number = 2;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What a file, a table or an option got wrong: what, where, expected, got, what to do. */
export interface Fault {
  /** What is wrong, in one short clause. */
  what: string;
  /** File the fault sits in. */
  file?: string;
  /** 1-based line in the file. */
  line?: number;
  expected?: string;
  got?: string;
  /** What the user can do about it. */
  fix?: string;
}

/** `file:line: what; expected ..., got .... Fix.` */
export function formatFault(fault: Fault): string {
  const where = fault.file
    ? `${fault.file}${fault.line ? `:${fault.line}` : ''}: `
    : fault.line
      ? `line ${fault.line}: `
      : '';
  const expectedGot = [
    fault.expected === undefined ? '' : `expected ${fault.expected}`,
    fault.got === undefined ? '' : `got ${fault.got}`,
  ]
    .filter(Boolean)
    .join(', ');
  return `${where}${fault.what}${expectedGot ? `; ${expectedGot}` : ''}.${fault.fix ? ` ${fault.fix}` : ''}`;
}

/** Bad input: a file, a table row or an option value. */
export class InputError extends BiseqError {
  readonly fault: Fault;

  constructor(fault: Fault, options?: { cause?: unknown }) {
    super(formatFault(fault), options);
    this.fault = fault;
  }
}

/** A model folder or file that cannot be used: corrupt weights, wrong checksum, unsupported architecture. */
export class ModelError extends InputError {}

/** Constraints that leave nothing to design. */
export class InfeasibleError extends InputError {}

/** The caller's AbortSignal fired. */
export class CancelledError extends BiseqError {
  override readonly exitCode = 130;

  constructor(message = 'cancelled') {
    super(message);
  }
}

/** A broken invariant of ours, never the user's fault. */
export function internal(message: string): Error {
  return new Error(`internal: ${message}`);
}

/** @throws CancelledError when the signal has fired. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw new CancelledError();
}
