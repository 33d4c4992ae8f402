import type { Random } from '../../core/random.js';

/** A stretch of one training sequence. */
export interface Window {
  readonly sequence: number;
  readonly start: number;
  readonly length: number;
}

/**
 * Cuts sequences into windows of at most `size` letters. With a generator, each long sequence's first cut is at a
 * random place, so that epochs see other borders; without one, cuts start at 0.
 */
export function cutWindows(lengths: readonly number[], size: number, random?: Random): Window[] {
  const windows: Window[] = [];
  lengths.forEach((length, sequence) => {
    const first = random && length > size ? 1 + random.integer(size) : size;
    for (let start = 0, end = Math.min(first, length); start < length;) {
      windows.push({ sequence, start, length: end - start });
      start = end;
      end = Math.min(end + size, length);
    }
  });
  return windows;
}

/** Micro-batches formed of windows of like length. */
const BATCHES_PER_POOL = 64;

/**
 * Groups windows into micro-batches of at most `tokens` padded tokens. Windows are shuffled, then sorted by length
 * within pools, so that little is spent on padding and every batch is still a random draw of near-equal lengths.
 * @param special tokens added to every window
 * @param multiple padded lengths are multiples of it
 */
export function formBatches(
  windows: Window[],
  tokens: number,
  special: number,
  multiple: number,
  random: Random,
): { windows: Window[]; length: number }[] {
  random.shuffle(windows);
  const batches: { windows: Window[]; length: number }[] = [];
  const padded = (window: Window) => Math.ceil((window.length + special) / multiple) * multiple;
  let pool: Window[] = [];
  let size = 0;
  const flush = () => {
    pool.sort((a, b) => b.length - a.length);
    let batch: { windows: Window[]; length: number } | null = null;
    const formed: { windows: Window[]; length: number }[] = [];
    for (const window of pool) {
      if (!batch || (batch.windows.length + 1) * batch.length > tokens) {
        batch = { windows: [], length: padded(window) };
        formed.push(batch);
      }
      batch.windows.push(window);
    }
    batches.push(...random.shuffle(formed));
    pool = [];
    size = 0;
  };
  for (const window of windows) {
    pool.push(window);
    size += padded(window);
    if (size >= tokens * BATCHES_PER_POOL) flush();
  }
  flush();
  return random.shuffle(batches);
}
