import { CommanderError } from 'commander';
import { BiseqError } from '../core/errors.js';

/** Exit codes: 0 done, 1 a fault of ours, 2 the user's input, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof BiseqError ? error.exitCode : 1;
}

/**
 * Prints one message on standard error. The stack is printed with BISEQ_DEBUG=1 only. What commander throws has been
 * printed already.
 */
export function report(error: unknown): void {
  if (error instanceof CommanderError) return;
  const message = error instanceof Error ? error.message : String(error);
  const isOurs = !(error instanceof BiseqError);
  const hint = isOurs
    ? '\nThis is a fault of biseq. Run again with BISEQ_DEBUG=1 for the details of a report.'
    : '';
  process.stderr.write(`biseq: ${message}${hint}\n`);
  if (process.env.BISEQ_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
