import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../core/errors.js';

/**
 * Lets the event loop turn once, so that timers, progress and interrupts get through long work in plain JavaScript.
 * @throws CancelledError when the signal has fired
 */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await nextTurn();
  throwIfAborted(signal);
}
