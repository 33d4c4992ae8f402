import { freemem } from 'node:os';
import { InputError, internal } from '../../core/errors.js';
import type { Graph } from '../../graph/builder.js';
import type { Dim, Value } from '../../graph/types.js';
import type { TrainingConfig } from './config.js';
import type { LossGraph } from './loss-graph.js';

const BYTES: Record<Value['dtype'], number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  int64: 8,
  int32: 4,
  bool: 1,
};

/** What a worker holds beside tensors: the runtime and its thread. */
export const BYTES_PER_WORKER = 80 * 2 ** 20;
/** The runtime's arena grows by doubling and keeps its pieces: 2.5 to 2.9 times the live tensors were measured. */
export const ARENA = 3;

/** Size of a dimension: a number, a name, or a product of names as `B*T`. */
function sizeOf(dim: Dim, sizes: Readonly<Record<string, number>>): number {
  if (typeof dim === 'number') return dim;
  return dim.split('*').reduce((product, name) => {
    const size = sizes[name] ?? Number(name);
    if (!Number.isFinite(size)) throw internal(`dimension ${dim} has no size`);
    return product * size;
  }, 1);
}

function bytesOf({ dtype, shape }: Value, sizes: Readonly<Record<string, number>>): number {
  return shape.reduce<number>((product, dim) => product * sizeOf(dim, sizes), BYTES[dtype]);
}

/**
 * Largest sum of node outputs that are alive at once when the nodes run in order, each being freed after its last use.
 * @param sizes of the symbolic dimensions
 */
export function peakBytes({ nodes, outputs }: Graph, sizes: Readonly<Record<string, number>>): number {
  const lastUse = new Map<string, number>();
  nodes.forEach((node, i) => node.inputs.forEach(({ name }) => lastUse.set(name, i)));
  for (const { value } of outputs) lastUse.set(value.name, nodes.length);
  const made = new Map<string, number>();
  let alive = 0;
  let peak = 0;
  nodes.forEach((node, i) => {
    for (const output of node.outputs) {
      if (!lastUse.has(output.name)) continue;
      made.set(output.name, bytesOf(output, sizes));
      alive += made.get(output.name)!;
    }
    peak = Math.max(peak, alive);
    for (const name of new Set(node.inputs.map((input) => input.name))) {
      if (lastUse.get(name) === i) alive -= made.get(name) ?? 0;
    }
  });
  return peak;
}

/** Where a training's memory goes, in bytes. */
export interface TrainingMemory {
  /** Weights, gradients, the optimiser's moments and a step's targets, in the main thread. */
  weights: number;
  /** Weights, sums of gradients and one run's tensors, in each worker. */
  worker: number;
  total: number;
}

/** What a loss needs beside a run's rows and tokens. */
export interface LossMemory {
  /** Sizes of the graph's further dimensions, at most, by the padded tokens of a run. */
  sizes(tokens: number): Readonly<Record<string, number>>;
  /** Bytes that a worker holds for it (a teacher) at that many padded tokens. */
  worker(rows: number, length: number): number;
}

/**
 * Memory that a training takes, from the graph's own tensors: an estimate that does not depend on the data, since every
 * run has at most `tokensPerRun` padded tokens, or one window.
 * @param special tokens added to a window
 * @param more what a loss of its own needs
 */
export function trainingMemory(
  { graph, parameters }: LossGraph,
  config: TrainingConfig,
  special: number,
  workers: number,
  more?: LossMemory,
): TrainingMemory {
  const once = parameters.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  const longest = Math.ceil((config.window + special) / config.lengthMultiple) * config.lengthMultiple;
  const rows = Math.max(1, Math.floor(config.tokensPerRun / longest));
  const run = peakBytes(graph, { B: rows, T: longest, ...more?.sizes(rows * longest) });
  // A step's targets, once here and once on their way to the workers.
  const targets = graph.inputs.find(({ name }) => name === 'targets')?.shape.at(-1) as number;
  const weights = 5 * once + 8 * config.tokensPerStep * targets;
  const worker = BYTES_PER_WORKER + 2 * once + ARENA * run + (more?.worker(rows, longest) ?? 0);
  return { weights, worker, total: weights + workers * worker };
}

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/**
 * Refuses a training that cannot fit, before anything is loaded.
 * @param budget bytes; default: half of the free memory
 * @throws InputError with the numbers
 */
export function checkMemory(memory: TrainingMemory, workers: number, budget = freemem() / 2): void {
  if (memory.total <= budget) return;
  throw new InputError({
    what: 'the training does not fit into memory',
    expected: `at most ${mebibytes(budget)}, the memory budget`,
    got: `${mebibytes(memory.total)}: ${mebibytes(memory.weights)} of weights, moments and targets, ${workers} workers of ${mebibytes(memory.worker)}`,
    fix: 'Lower tokensPerRun, window, the number of workers or the size of the model.',
  });
}
