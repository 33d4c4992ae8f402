import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { throwIfAborted } from '../core/errors.js';
import type { Outputs, Reply, Request } from './messages.js';
import type { Feeds, SessionOptions } from './session.js';

/** The compiled worker; when the sources are run directly (tests, scripts), the one that the build made. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/runtime/worker.js' : './worker.js',
  import.meta.url,
);

/** A graph compiled in every worker of a pool. */
export interface PooledSession {
  /** Runs the graph in the next idle worker. */
  run(feeds: Feeds, outputs?: readonly string[], signal?: AbortSignal): Promise<Outputs>;
  /** Feeds that every later run of this session gets too (weights), in every worker. */
  hold(feeds: Feeds): Promise<void>;
  /**
   * Sums the outputs over batches. They are dealt out in `shards` fixed parts whose sums are added in order, so the
   * result does not depend on the number of workers.
   */
  sum(batches: readonly Feeds[], shards: number): Promise<Outputs>;
  release(): Promise<void>;
}

/** Worker threads that run sessions. */
export interface Pool {
  readonly workers: number;
  create(model: Uint8Array | string, options?: SessionOptions): Promise<PooledSession>;
  close(): Promise<void>;
}

class PoolWorker {
  private readonly thread = new Worker(WORKER);
  private readonly waiting = new Map<
    number,
    { resolve: (outputs: Outputs) => void; reject: (error: Error) => void }
  >();
  private nextId = 0;

  constructor() {
    this.thread.unref();
    this.thread.on('message', ({ id, outputs, error }: Reply) => {
      const entry = this.waiting.get(id);
      this.waiting.delete(id);
      if (this.waiting.size === 0) this.thread.unref();
      if (error !== undefined) entry?.reject(new Error(error));
      else entry?.resolve(outputs ?? {});
    });
    this.thread.on('error', (error) => {
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    });
  }

  get load(): number {
    return this.waiting.size;
  }

  ask(request: Request): Promise<Outputs> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.waiting.set(id, { resolve, reject });
      this.thread.ref();
      this.thread.postMessage({ id, request });
    });
  }

  async close(): Promise<void> {
    await this.thread.terminate();
  }
}

/** Adds the arrays of `part` into those of `total`. */
function addOutputs(total: Outputs, part: Outputs): Outputs {
  for (const [name, { data }] of Object.entries(part)) {
    const [to, from] = [total[name].data as Float32Array, data as Float32Array];
    for (let i = 0; i < to.length; i++) to[i] += from[i];
  }
  return total;
}

/** Workers of a pool where no number is given: the cores of the machine, at most 8. */
export function defaultWorkers(): number {
  return Math.min(8, availableParallelism());
}

/**
 * A pool of worker threads, each with sessions of one thread (two workers use two cores better than two threads in
 * one session when anything else runs).
 * @param workers default: `defaultWorkers`
 */
export function createPool(workers = defaultWorkers()): Pool {
  const threads = Array.from({ length: workers }, () => new PoolWorker());
  let nextSession = 0;
  const everywhere = (request: Request) => Promise.all(threads.map((thread) => thread.ask(request)));
  const idlest = () => threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
  return {
    workers,
    async create(model, options = {}) {
      const session = nextSession++;
      await everywhere({ kind: 'create', session, model, options });
      return {
        run(feeds, outputs, signal) {
          throwIfAborted(signal);
          return idlest().ask({ kind: 'run', session, feeds, outputs });
        },
        async hold(feeds) {
          await everywhere({ kind: 'hold', session, feeds });
        },
        async sum(batches, shards) {
          const parts = Array.from({ length: shards }, (_, s) =>
            batches.filter((_batch, i) => i % shards === s),
          );
          const busy = parts.filter((part) => part.length > 0);
          const sums = await Promise.all(
            busy.map((part, s) => threads[s % workers].ask({ kind: 'sum', session, batches: part })),
          );
          return sums.reduce(addOutputs);
        },
        async release() {
          await everywhere({ kind: 'release', session });
        },
      };
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}
