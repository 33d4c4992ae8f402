import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';
import type { Parameters } from './parameters.js';

/** Inputs that every model's graph can draw on; those it does not use vanish from the graph. */
export interface BatchInputs {
  /** Token ids, int32 [B x T]. */
  ids: Value;
  /** 1 for a token, 0 for padding, float32 [B x T]. */
  mask: Value;
  /** Factor on each token's embedding (token dropout), float32 [B x T]. */
  embedScale: Value;
  /** Position ids, int32 [B x T]. */
  positions: Value;
  /** Whether rows may be shorter than T; if not, `mask` is 1 throughout and need not be read. */
  padded: boolean;
}

/** What a model's builder gives back. */
export interface Encoded {
  /** The embedding look-up, onehot @ E, [B x T x D]: where gradients to letters are taken. */
  lookup: Value;
  /** Last hidden state, [B x T x D]. */
  hidden: Value;
}

/** A model family: graphs from its config. */
export interface Architecture {
  readonly family: string;
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  /** Longest token sequence, special tokens included. */
  readonly maxTokens: number;
  /** Whether each token sees only what precedes it. */
  readonly causal: boolean;
  /** Name of the embedding matrix [V x D]. */
  readonly embeddingName: string;
  encode(g: GraphBuilder, parameters: Parameters, inputs: BatchInputs): Encoded;
  /** Logits [B x T x V] from the last hidden state; absent where the checkpoint has no head. */
  logits(g: GraphBuilder, parameters: Parameters, hidden: Value): Value;
  /** Factors on the embeddings and position ids of one padded row of token ids. */
  row(
    ids: ArrayLike<number>,
    length: number,
  ): { embedScale(index: number): number; position(index: number): number };
}

/** `row` of models without token dropout whose positions count from `first`. */
export function plainRow(first: number, padding: number): Architecture['row'] {
  return (_ids, length) => ({
    embedScale: (i) => (i < length ? 1 : 0),
    position: (i) => (i < length ? first + i : padding),
  });
}

/** Declares the batch inputs on a builder. @param padded whether rows may be shorter than T */
export function declareInputs(g: GraphBuilder, padded = true): BatchInputs {
  return {
    ids: g.input('ids', 'int32', ['B', 'T']),
    mask: g.input('mask', 'float32', ['B', 'T']),
    embedScale: g.input('embed_scale', 'float32', ['B', 'T']),
    positions: g.input('positions', 'int32', ['B', 'T']),
    padded,
  };
}
