import { CancelledError } from '../core/errors.js';

/** Exit code of an interrupted process, by convention 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs `work` with a signal that fires on the first Ctrl-C (SIGINT) or SIGTERM; a second one ends the process at once.
 * @throws CancelledError when the signal has fired, whatever `work` made of it
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? new CancelledError() : error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
