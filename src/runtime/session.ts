import type { InferenceSession } from 'onnxruntime-node';

/** A tensor that goes into or comes out of a session: typed values in row-major order. */
export interface TensorValue {
  readonly data: Float32Array | Float64Array | Int32Array | BigInt64Array;
  readonly shape: readonly number[];
}

export type Feeds = Readonly<Record<string, TensorValue>>;

/** A compiled graph. The seam behind which another runtime (onnxruntime-web) can stand. */
export interface Session {
  /** Runs the graph; `outputs` names the outputs wanted (default: all). */
  run(feeds: Feeds, outputs?: readonly string[]): Promise<Record<string, TensorValue>>;
  /** Frees the session's memory. */
  release(): Promise<void>;
}

export interface SessionOptions {
  /** Threads inside one operation; default 1 (two spinning threads halve speed when a core is busy). */
  threads?: number;
  /**
   * Folder of the weights that the model leaves in files. They are mapped, not copied: several sessions share the
   * memory, and products run on weights that are not packed in advance.
   */
  externalFolder?: string;
}

const ELEMENT_TYPES = new Map<unknown, 'float32' | 'float64' | 'int32' | 'int64'>([
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [Int32Array, 'int32'],
  [BigInt64Array, 'int64'],
]);

function sessionOptions({ threads = 1, externalFolder }: SessionOptions): InferenceSession.SessionOptions {
  const session: Record<string, unknown> = { intra_op: { allow_spinning: '0' } };
  if (externalFolder !== undefined) {
    session.disable_prepacking = '1';
    session.model_external_initializers_file_folder_path = externalFolder;
  }
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session },
  };
}

/**
 * A session of onnxruntime-node in this thread. `run` blocks the thread while it computes: long work belongs into a
 * worker (see `pool.ts`).
 * @param model the bytes of an ONNX model, or the path of one
 */
export async function createSession(
  model: Uint8Array | string,
  options: SessionOptions = {},
): Promise<Session> {
  const module = await import('onnxruntime-node');
  // A CommonJS package: Node puts its exports under `default`, some loaders do not.
  const ort = module.default ?? module;
  const settings = sessionOptions(options);
  const session =
    typeof model === 'string'
      ? await ort.InferenceSession.create(model, settings)
      : await ort.InferenceSession.create(model, settings);
  return {
    async run(feeds, outputs) {
      const inputs: Record<string, InstanceType<typeof ort.Tensor>> = {};
      for (const [name, { data, shape }] of Object.entries(feeds)) {
        inputs[name] = new ort.Tensor(ELEMENT_TYPES.get(data.constructor)!, data as Float32Array, shape);
      }
      const results = await session.run(inputs, outputs ? [...outputs] : [...session.outputNames]);
      const values: Record<string, TensorValue> = {};
      for (const [name, tensor] of Object.entries(results)) {
        values[name] = { data: tensor.data as Float32Array, shape: tensor.dims };
      }
      return values;
    },
    release: () => session.release(),
  };
}
