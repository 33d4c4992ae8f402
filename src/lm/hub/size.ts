/** The sizes of a published encoder, enough to count its stored weights. Names as in the families' config.json. */
export interface NetworkShape {
  /** Layout of the checkpoint, `model_type` of config.json. */
  readonly type: 'esm' | 'bert' | 'esmc';
  readonly layers: number;
  /** hidden_size. */
  readonly width: number;
  readonly heads: number;
  /** intermediate_size. */
  readonly inner: number;
  /** vocab_size. */
  readonly vocabulary: number;
  /** Rows of the stored table of positions; 0 where none is stored. */
  readonly positions: number;
  /** ESM only: whether a LayerNorm follows the embeddings. Default false. */
  readonly embeddingNorm?: boolean;
  /** Whether the letter head has a matrix of its own beside the embedding. Default false. */
  readonly ownDecoder?: boolean;
}

const linear = (from: number, to: number): number => from * to + to;

/** The weights of the body; each family's checkpoint as transformers writes it. */
const BODY: Readonly<Record<NetworkShape['type'], (shape: NetworkShape) => number>> = {
  esm: ({ layers, width, heads, inner, positions, embeddingNorm }) => {
    const layer = 4 * linear(width, width) + linear(width, inner) + linear(inner, width) + 4 * width;
    const contactHead = layers * heads + 1;
    return positions * width + (embeddingNorm ? 2 * width : 0) + layers * layer + 2 * width + contactHead;
  },
  bert: ({ layers, width, inner, positions }) => {
    const layer = 4 * linear(width, width) + linear(width, inner) + linear(inner, width) + 4 * width;
    const sentenceTypes = 2;
    return (positions + sentenceTypes) * width + 2 * width + layers * layer;
  },
  esmc: ({ layers, width, inner }) => layers * (4 * width * width + 3 * width * inner + 6 * width) + width,
};

/**
 * Number of weights in the checkpoint of a masked language model: embedding, body and letter head (a dense layer, a
 * LayerNorm, a bias a letter, and a matrix of its own where it is not tied).
 */
export function countParameters(shape: NetworkShape): number {
  const { width, vocabulary, ownDecoder } = shape;
  const head = linear(width, width) + 2 * width + vocabulary + (ownDecoder ? vocabulary * width : 0);
  return vocabulary * width + BODY[shape.type](shape) + head;
}

/** float32. */
const BYTES_A_PARAMETER = 4;
/** Node, onnxruntime and the activations of one micro-batch: 0.15 GB measured at 150M, doubled. */
const WORKING_BYTES = 300e6;

/** How {@link memoryNeed} comes about, for people. */
export const MEMORY_RULE =
  '4 bytes a parameter (one float32 copy of the weights) and 0.3 GB for the run itself; ' +
  'each further copy that a run keeps (a worker, or gradients beside features) takes 4 bytes a parameter more';

/**
 * Memory that a model needs at least to run, in bytes: `4 P + 3e8`, by {@link MEMORY_RULE}.
 * @param parameters P
 */
export function memoryNeed(parameters: number): number {
  return BYTES_A_PARAMETER * parameters + WORKING_BYTES;
}
