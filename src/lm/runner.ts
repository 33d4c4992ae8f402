import { InputError, throwIfAborted } from '../core/errors.js';
import type { Graph } from '../graph/builder.js';
import { serialise } from '../graph/serialise.js';
import type { Pool, PooledSession } from '../runtime/pool.js';
import type { Feeds, TensorValue } from '../runtime/session.js';
import { type BatchPlan, forEachBounded, planBatches } from './batching.js';
import type { LanguageModel } from './language-model.js';
import { runtimeFault } from './runtime-fault.js';
import { batchFeeds, feedsFor } from './training/batch.js';

/** A graph of one model, compiled in a pool when it is first run. */
export interface CompiledGraph {
  /**
   * Runs token rows in batches of fixed shape and hands each batch's output over.
   * @param extra feeds of one batch beside the tokens
   * @param receive called once a batch, in no fixed order
   */
  run(
    tokenRows: readonly ArrayLike<number>[],
    receive: (output: TensorValue, plan: BatchPlan) => void,
    options?: { extra?: (plan: BatchPlan) => Feeds; signal?: AbortSignal },
  ): Promise<void>;
  release(): Promise<void>;
}

/** Batches in flight for each worker: one that runs and one that waits. */
const IN_FLIGHT = 2;

/**
 * Compiles a graph with one output.
 * @param copies see `planBatches`
 * @throws (its functions) ModelError where onnxruntime refuses an imported model, InputError where memory gives out
 */
export function compileGraph(
  pool: Pool,
  model: LanguageModel,
  build: () => Graph,
  output: string,
  copies = 1,
): CompiledGraph {
  let compiled: Promise<{ session: PooledSession; graph: Graph }> | null = null;
  const compile = async () => {
    const graph = build();
    const bytes = serialise(graph);
    try {
      return { graph, session: await pool.create(bytes, { externalFolder: model.externalFolder }) };
    } catch (error) {
      throw runtimeFault(model, 'load', error);
    }
  };
  const padId = model.tokenizer.special.pad ?? 0;
  return {
    async run(tokenRows, receive, { extra, signal } = {}) {
      if (tokenRows.length === 0) return;
      checkLengths(model, tokenRows);
      const { graph, session } = await (compiled ??= compile());
      const plans = planBatches(
        tokenRows.map((row) => row.length),
        copies,
      );
      await forEachBounded(plans, pool.workers * IN_FLIGHT, async (plan) => {
        throwIfAborted(signal);
        const examples = Array.from({ length: plan.size }, (_, b) => ({
          ids: tokenRows[plan.rows[b] ?? plan.rows[0]],
        }));
        const feeds = { ...batchFeeds(model.architecture, examples, plan.length, padId), ...extra?.(plan) };
        const run = session.run(feedsFor(graph.inputs, feeds), undefined, signal);
        const outputs = await run.catch((error: unknown) => {
          throw runtimeFault(model, 'run', error);
        });
        receive(outputs[output], plan);
      });
    },
    async release() {
      if (compiled) await (await compiled).session.release();
      compiled = null;
    },
  };
}

function checkLengths(model: LanguageModel, tokenRows: readonly ArrayLike<number>[]): void {
  const { maxTokens } = model.architecture;
  const row = tokenRows.findIndex((ids) => ids.length > maxTokens);
  if (row < 0) return;
  throw new InputError({
    what: `sequence ${row + 1} is too long for model ${model.name}`,
    expected: `at most ${maxTokens} tokens`,
    got: `${tokenRows[row].length}`,
    fix: 'Cut the sequence to the region of interest, or choose a model that takes longer ones.',
  });
}

/** S weighted means over the tokens of a row. */
export interface Pooling {
  /** S */
  readonly means: number;
  /** Writes the weights of token row `row` into [S x T], which holds zeros. */
  write(row: number, weights: Float32Array, length: number): void;
}

/** The weights of a pooling, [B x S x T]. */
export function poolFeeds({ means, write }: Pooling): (plan: BatchPlan) => Feeds {
  return ({ rows, size, length }) => {
    const width = means * length;
    const data = new Float32Array(size * width);
    for (let b = 0; b < size; b++)
      write(rows[b] ?? rows[0], data.subarray(b * width, (b + 1) * width), length);
    return { pool: { data, shape: [size, means, length] } };
  };
}

/** The mean over residue tokens. */
export function meanPooling({ tokenizer }: LanguageModel, tokenRows: readonly ArrayLike<number>[]): Pooling {
  return {
    means: 1,
    write(row, weights) {
      const mask = tokenizer.residueMask(tokenRows[row]);
      const count = mask.reduce((sum, one) => sum + one, 0);
      mask.forEach((one, t) => (weights[t] = one / Math.max(1, count)));
    },
  };
}
