import { z } from 'zod';
import { ModelError } from '../../core/errors.js';
import { readJsonObject } from '../io/json-file.js';

/** A special token: its text, its id, or null for none. */
const special = z.union([z.string(), z.int().nonnegative(), z.null()]).default(null);

const tokenizerSchema = z.strictObject({
  /**
   * What a token stands for: one letter, a k-mer of each window of k letters (DNABERT), or k-mers end to end with single
   * letters for the rest (Nucleotide Transformer).
   */
  tokens: z.enum(['letters', 'overlapping-kmers', 'adjacent-kmers']),
  /** Letters of a k-mer. */
  k: z.int().min(1).max(12).default(1),
  /** The tokens in the order of their ids, or the name of a file with one a line. */
  vocabulary: z.union([z.array(z.string()).min(1), z.string().min(1)]),
  special: z
    .strictObject({ cls: special, eos: special, pad: special, mask: special, unk: special })
    .default({ cls: null, eos: null, pad: null, mask: null, unk: null }),
});

const inputsSchema = z.strictObject({
  /** Token ids, [B x T]. */
  ids: z.string().default('input_ids'),
  /** 1 on tokens, 0 on padding, [B x T]; null where the model takes none. */
  attention_mask: z.string().nullish(),
  /** Positions, [B x T], from `first` on; `padding` on padding. */
  position_ids: z
    .strictObject({
      name: z.string(),
      first: z.int().nonnegative().default(0),
      padding: z.int().nonnegative().default(0),
    })
    .nullish(),
  /** Inputs [B x T] that are 0 throughout, such as token_type_ids. */
  zeros: z.array(z.string()).optional(),
});

const outputsSchema = z.strictObject({
  /** Last hidden state, [B x T x D]: an output, or any tensor of the graph. */
  hidden: z.string().default('last_hidden_state'),
  /** Logits over the vocabulary, [B x T x V]; null for none. */
  logits: z.string().nullish(),
});

const schema = z.strictObject({
  /** For people; default: the file's name. */
  name: z.string().min(1).optional(),
  /** `folder`: the Hugging Face tokenizer files beside the model (config.json with vocab.txt or tokenizer.json). */
  tokenizer: z.union([z.literal('folder'), tokenizerSchema]),
  inputs: inputsSchema.default({ ids: 'input_ids' }),
  outputs: outputsSchema.default({ hidden: 'last_hidden_state' }),
  /** Longest token sequence, special tokens included; default: as far as the model's own tables reach. */
  max_tokens: z.int().positive().optional(),
  /** Whether each token sees only what precedes it (GPT). */
  causal: z.boolean().default(false),
  /** Whether padding changes nothing although the model takes no attention mask. */
  ignores_padding: z.boolean().default(false),
});

/**
 * What a JSON file beside an ONNX model says about it: how sequences become token ids, and which inputs and outputs are
 * which. Where inputs and outputs are not described, the names that Hugging Face's exporters give are looked for.
 */
export type OnnxDescription = z.infer<typeof schema>;
/** How sequences become token ids. */
export type OnnxTokenizer = z.infer<typeof tokenizerSchema>;

const EXAMPLE =
  '{"tokenizer": {"tokens": "letters", "vocabulary": "vocab.txt", ' +
  '"special": {"cls": "<cls>", "eos": "<eos>", "pad": "<pad>", "mask": "<mask>", "unk": "<unk>"}}}';

/**
 * Reads and checks a description.
 * @throws ModelError when it is missing or malformed, with an example
 */
export function readDescription(file: string): OnnxDescription {
  return parseDescription(readJsonObject(file), file);
}

/**
 * Checks a description.
 * @param file its path, for messages
 * @throws ModelError naming the first field that does not fit, with an example
 */
export function parseDescription(raw: unknown, file: string): OnnxDescription {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new ModelError({
    what: 'description of the ONNX model is malformed',
    file,
    expected: EXAMPLE,
    got: z.prettifyError(parsed.error).replaceAll('\n', ' '),
  });
}

/** The description that belongs to a model: the same name with `.json` instead of `.onnx`. */
export function descriptionPath(modelFile: string): string {
  return modelFile.replace(/\.onnx$/i, '') + '.json';
}

/** The error of a model without a description. */
export function undescribed(modelFile: string): ModelError {
  return new ModelError({
    what: 'the ONNX model is not described',
    file: modelFile,
    expected: `${descriptionPath(modelFile)} beside it`,
    fix: `Write one, for example ${EXAMPLE}.`,
  });
}
