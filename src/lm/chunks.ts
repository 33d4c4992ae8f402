/** Cost of a chunk that is never exceeded by more than one item, in tokens: what keeps memory small. */
const LARGEST = 2 ** 18;
/** The first chunk's, so that slow models show something soon. */
const SMALLEST = 2 ** 13;
/** A chunk should take about so long: seldom enough to fill its batches, often enough to lose little when stopped. */
const SECONDS = 15;

/** Options of {@link inChunks}. */
export interface ChunkOptions<T> {
  /** Tokens that an item makes the model read. */
  cost(item: T): number;
  /** Largest cost of a chunk; default 2^18 tokens. */
  largest?: number;
  /** Wall time in milliseconds; default `performance.now`. */
  clock?: () => number;
}

/**
 * Items in chunks whose size follows the time that the consumer takes for one. How items are cut into chunks changes
 * no result (see `planBatches`), only how often results come and how well batches are filled.
 */
export async function* inChunks<T>(
  items: AsyncIterable<T> | Iterable<T>,
  { cost, largest = LARGEST, clock = () => performance.now() }: ChunkOptions<T>,
): AsyncGenerator<T[], void> {
  let target = Math.min(SMALLEST, largest);
  let chunk: T[] = [];
  let tokens = 0;
  for await (const item of items) {
    chunk.push(item);
    tokens += cost(item);
    if (tokens < target) continue;
    const start = clock();
    yield chunk;
    const seconds = (clock() - start) / 1000;
    if (seconds < SECONDS / 2) target = Math.min(largest, target * 2);
    else if (seconds > SECONDS * 2) target = Math.max(SMALLEST, target / 2);
    chunk = [];
    tokens = 0;
  }
  if (chunk.length > 0) yield chunk;
}
