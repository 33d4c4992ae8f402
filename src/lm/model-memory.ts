import { freemem } from 'node:os';
import { InputError, ModelError } from '../core/errors.js';
import type { WeightSource } from './architecture/parameters.js';
import { planBatches } from './batching.js';
import { featureGraph, vjpGraph } from './feature-graph.js';
import type { LanguageModel } from './language-model.js';
import { ARENA, BYTES_PER_WORKER, peakBytes } from './training/memory.js';

/**
 * What onnxruntime keeps of weights that a graph holds, in copies: once a session while it is made, and for each session
 * (measured on 591 MB of weights: 1517 MB with one session, 2234 MB with two).
 */
const COPIES = { passing: 1.35, kept: 1.21 };
/** Copies in the main thread while a graph is written: the weights as they were read, and the graph's bytes. */
const WRITTEN = 2;
/** Protobuf holds no more; a little is left for the graph itself. */
const LARGEST_GRAPH = 2 ** 31 - 2 ** 24;

/** What a run asks of a model. */
export interface ModelWork {
  workers: number;
  /** Tokens of the longest sequence. */
  tokens: number;
  /** Gradients that share a forward pass; 0 (default) where features alone are needed. */
  gradients?: number;
}

/** Where a run's memory goes, in bytes. Weights that stay in their file are not counted: the system may drop them. */
export interface ModelMemory {
  /** Weights that graphs hold copies of, once. */
  copied: number;
  /** The main thread's part. */
  main: number;
  /** The copies of the weights and one batch's tensors, in each worker. */
  worker: number;
  total: number;
}

/**
 * Memory that a model takes in a run, estimated from its graph; no weight is read. It does not depend on how many
 * sequences there are.
 * @throws ModelError when a weight is missing
 */
export function modelMemory(
  model: LanguageModel,
  { workers, tokens, gradients = 0 }: ModelWork,
): ModelMemory {
  const { architecture, weights } = model;
  const source = unread(weights);
  const copies = Math.max(1, gradients);
  const graph =
    gradients > 0 ? vjpGraph(architecture, source, null, copies) : featureGraph(architecture, source);
  const [{ length, size }] = planBatches([tokens], copies);
  const batch = peakBytes(graph, { B: size, [`${copies}B`]: copies * size, T: length });
  const sessions = gradients > 0 ? 2 : 1;
  const copied = source.copied();
  const main = WRITTEN * copied;
  const worker = BYTES_PER_WORKER + (COPIES.passing + sessions * COPIES.kept) * copied + ARENA * batch;
  return { copied, main, worker, total: main + workers * worker };
}

/** Weights that are named and not read; `copied` says how many bytes a graph would hold itself. */
function unread(weights: WeightSource): WeightSource & { copied(): number } {
  let copied = 0;
  return {
    copied: () => copied,
    read: (_name, shape) => new Float32Array(shape.reduce((a, b) => a * b, 1)),
    locate(name, shape) {
      const place = weights.locate?.(name, shape);
      if (!place) copied += 4 * shape.reduce((a, b) => a * b, 1);
      return place ?? { location: name, offset: 0, length: 0 };
    },
  };
}

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;

/**
 * Refuses a model that cannot fit, before its weights are loaded.
 * @param budget bytes; default: half of the free memory
 * @throws InputError with the numbers; ModelError for weights that no graph can hold
 */
export function checkModelMemory(model: LanguageModel, work: ModelWork, budget = freemem() / 2): void {
  const { copied, main, worker, total } = modelMemory(model, work);
  if (copied > LARGEST_GRAPH) throw tooLargeToCopy(model, copied);
  if (total <= budget) return;
  const { workers, tokens } = work;
  throw new InputError({
    what: `model ${model.name} does not fit into memory`,
    file: model.importedFrom ?? model.folder,
    expected: `at most ${mebibytes(budget)}, the memory budget`,
    got:
      `${mebibytes(total)} for ${model.parameters.toLocaleString('en-US')} weights and sequences of ` +
      `${tokens.toLocaleString('en-US')} tokens: ${mebibytes(main)} and ${workers} workers of ${mebibytes(worker)}`,
    fix: 'Take fewer workers (--workers 1), shorter sequences or a smaller model, or allow more by --memory.',
  });
}

function tooLargeToCopy({ name, folder, importedFrom }: LanguageModel, copied: number): ModelError {
  return new ModelError({
    what: `the weights of model ${name} cannot be copied into a graph`,
    file: importedFrom ?? folder,
    expected: `at most ${mebibytes(LARGEST_GRAPH)} of weights that cannot stay in their file`,
    got: mebibytes(copied),
    fix: 'Store them as float32 in safetensors, or in a file beside the ONNX model: there they can stay.',
  });
}
