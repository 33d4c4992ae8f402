import type { Feeds, SessionOptions, TensorValue } from './session.js';

/** What a pool asks of a worker; `session` numbers the worker's sessions. */
export type Request =
  | { kind: 'create'; session: number; model: Uint8Array | string; options: SessionOptions }
  | { kind: 'hold'; session: number; feeds: Feeds }
  | { kind: 'run'; session: number; feeds: Feeds; outputs?: readonly string[] }
  | { kind: 'sum'; session: number; batches: readonly Feeds[] }
  | { kind: 'release'; session: number };

export type Outputs = Record<string, TensorValue>;

export type Reply = { id: number; outputs?: Outputs; error?: string };
