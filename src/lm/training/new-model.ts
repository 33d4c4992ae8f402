import type { Alphabet } from '../../core/alphabet.js';
import { InputError } from '../../core/errors.js';
import type { Architecture } from '../architecture/architecture.js';
import { esm, parseEsmConfig } from '../architecture/esm.js';
import { gpt2, parseGpt2Config } from '../architecture/gpt2.js';
import { orderField, type ReadingOrder } from '../reading-order.js';
import type { SpecialIds } from './objective.js';
import type { Arrays } from './optimiser.js';
import { jsonText, type ModelFiles } from './store.js';

/** A model that can be trained: what it is, how it reads letters, and what its folder holds beside the weights. */
export interface TrainableModel {
  readonly alphabet: Alphabet;
  readonly objective: 'masked' | 'causal';
  readonly architecture: Architecture;
  readonly special: SpecialIds;
  readonly padId: number;
  readonly files: ModelFiles;
  /** Token ids of a sequence's letters, without special tokens. */
  encode(text: string): Int32Array | Uint8Array;
  /** Weights to go on from; absent for a new model. */
  readonly start?: Arrays;
}

/** Sizes of a new model. */
export interface ModelSizes {
  /** Default 4. */
  layers?: number;
  /** D, the hidden size; default 192. */
  width?: number;
  /** Attention heads; default: heads of 32. */
  heads?: number;
  /** Width of the feed-forward layers; default 4 D. */
  feedForward?: number;
}

interface NewModelOptions extends ModelSizes {
  alphabet: Alphabet;
  objective: 'masked' | 'causal';
  /** Longest window of the training, in letters. */
  window: number;
  order: ReadingOrder;
}

/** ESM-2's tokens in their published order. */
const PROTEIN_MASKED = [
  ...['<cls>', '<pad>', '<eos>', '<unk>'],
  ...'LAGVSERTIDPKQNFYMHWCXBUZO.-',
  ...['<null_1>', '<mask>'],
];
const DNA_MASKED = ['<cls>', '<pad>', '<eos>', '<unk>', ...'ACGTN', '<mask>'];
/** The tokens that a causal vocabulary begins with. */
export const CAUSAL_SPECIAL: readonly string[] = ['<pad>', '<bos>', '<eos>', '<unk>'];
/** Letters of data that are no letters of a design: ambiguous or rare ones. */
const RARE: Record<Alphabet['name'], string> = { protein: 'XBUZO', dna: 'N' };

/** Positions of a new bidirectional model: rotary positions need no training, so longer sequences can be read. */
const ROTARY_POSITIONS = 1026;

const perHead = 32;

/**
 * A new model: ESM-2's architecture with a token a letter for the masked objective, GPT-2's for the causal one.
 * @throws InputError where heads do not divide the width, or leave rotary positions an odd one
 */
export function newModel(options: NewModelOptions): TrainableModel {
  const { layers = 4, width = 192, heads = Math.max(1, Math.round(width / perHead)) } = options;
  const sizes = { layers, width, heads, feedForward: options.feedForward ?? 4 * width };
  if (width % heads !== 0 || (options.objective === 'masked' && (width / heads) % 2 !== 0)) {
    throw new InputError({
      what: 'the width of the model cannot be shared out among its heads',
      expected: options.objective === 'masked' ? 'an even number for each head' : 'a multiple of heads',
      got: `width ${width}, ${heads} heads`,
      fix: 'Choose another width or another number of heads.',
    });
  }
  return options.objective === 'causal' ? newGpt2(options, sizes) : newEsm(options, sizes);
}

function newEsm({ alphabet, window, order }: NewModelOptions, sizes: Required<ModelSizes>): TrainableModel {
  const vocabulary = alphabet.name === 'protein' ? PROTEIN_MASKED : DNA_MASKED;
  const id = idsOf(vocabulary);
  const config = {
    architectures: ['EsmForMaskedLM'],
    model_type: 'esm',
    vocab_size: vocabulary.length,
    hidden_size: sizes.width,
    num_hidden_layers: sizes.layers,
    num_attention_heads: sizes.heads,
    intermediate_size: sizes.feedForward,
    max_position_embeddings: Math.max(ROTARY_POSITIONS, window + 2),
    position_embedding_type: 'rotary',
    layer_norm_eps: 1e-5,
    token_dropout: true,
    emb_layer_norm_before: false,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    initializer_range: 0.02,
    pad_token_id: id('<pad>'),
    mask_token_id: id('<mask>'),
    ...orderField(order),
  };
  return {
    alphabet,
    objective: 'masked',
    architecture: esm(parseEsmConfig(config)),
    special: {
      cls: id('<cls>'),
      eos: id('<eos>'),
      mask: id('<mask>'),
      letters: [...alphabet.letters].map(id),
    },
    padId: id('<pad>'),
    files: { config, texts: esmTokenizerFiles(vocabulary) },
    encode: letterEncoder(vocabulary),
  };
}

/** The tokenizer files of an ESM model with that vocabulary. */
export function esmTokenizerFiles(vocabulary: readonly string[]): Record<string, string> {
  return {
    'vocab.txt': `${vocabulary.join('\n')}\n`,
    'tokenizer_config.json': jsonText({
      tokenizer_class: 'EsmTokenizer',
      cls_token: '<cls>',
      pad_token: '<pad>',
      eos_token: '<eos>',
      unk_token: '<unk>',
      mask_token: '<mask>',
    }),
  };
}

function newGpt2({ alphabet, window, order }: NewModelOptions, sizes: Required<ModelSizes>): TrainableModel {
  const vocabulary = [...CAUSAL_SPECIAL, ...alphabet.letters, ...RARE[alphabet.name]];
  const id = idsOf(vocabulary);
  const config = {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: vocabulary.length,
    n_embd: sizes.width,
    n_layer: sizes.layers,
    n_head: sizes.heads,
    n_inner: sizes.feedForward,
    n_positions: window + 2,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    attn_pdrop: 0,
    embd_pdrop: 0,
    resid_pdrop: 0,
    initializer_range: 0.02,
    bos_token_id: id('<bos>'),
    eos_token_id: id('<eos>'),
    pad_token_id: id('<pad>'),
    ...orderField(order),
  };
  return {
    alphabet,
    objective: 'causal',
    architecture: gpt2(parseGpt2Config(config)),
    special: { cls: id('<bos>'), eos: id('<eos>'), mask: null, letters: [...alphabet.letters].map(id) },
    padId: id('<pad>'),
    files: { config, texts: letterTokenizerFiles(vocabulary) },
    encode: letterEncoder(vocabulary),
  };
}

/**
 * Hugging Face's tokenizer of one token a letter, `<bos>` before and `<eos>` after.
 * @param vocabulary tokens by id, `CAUSAL_SPECIAL` first
 */
export function letterTokenizerFiles(vocabulary: readonly string[]): Record<string, string> {
  const end = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const special = (token: string) => ({ id: token, ids: [vocabulary.indexOf(token)], tokens: [token] });
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: CAUSAL_SPECIAL.map((content, id) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    })),
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: '.' }, behavior: 'Isolated', invert: false },
    post_processor: {
      type: 'TemplateProcessing',
      single: [end('<bos>'), { Sequence: { id: 'A', type_id: 0 } }, end('<eos>')],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<bos>': special('<bos>'), '<eos>': special('<eos>') },
    },
    decoder: null,
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      unk_token: '<unk>',
    },
  };
  return {
    'tokenizer.json': jsonText(tokenizer),
    'tokenizer_config.json': jsonText({
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: '<bos>',
      eos_token: '<eos>',
      pad_token: '<pad>',
      unk_token: '<unk>',
    }),
  };
}

function idsOf(vocabulary: readonly string[]): (token: string) => number {
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  return (token) => ids.get(token)!;
}

/** Letters to ids, one each; a letter that the vocabulary lacks is `<unk>`. */
export function letterEncoder(vocabulary: readonly string[]): (text: string) => Uint8Array {
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const unknown = ids.get('<unk>')!;
  return (text) => Uint8Array.from(text, (letter) => ids.get(letter) ?? unknown);
}
