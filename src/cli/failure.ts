import { CommanderError } from 'commander';
import { BiseqError } from '../core/errors.js';
import { printable } from '../run/printable.js';

/** Exit codes: 0 done, 1 a fault of ours, 2 the user's input, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof BiseqError ? error.exitCode : 1;
}

/**
 * Prints one message of one line on standard error. The stack is printed with BISEQ_DEBUG=1 only. What commander throws
 * has been printed already.
 */
export function report(error: unknown): void {
  if (error instanceof CommanderError) return;
  const message = error instanceof Error ? error.message : String(error);
  const line = printable(message.replace(/\s*[\r\n]\s*/g, ' '));
  const hint =
    error instanceof BiseqError ? '' : ' This is a fault of biseq: BISEQ_DEBUG=1 shows where it happened.';
  process.stderr.write(`biseq: ${line}${hint}\n`);
  if (process.env.BISEQ_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
