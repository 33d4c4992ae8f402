import { z } from 'zod';
import { ModelError } from '../../core/errors.js';
import { readJsonObject } from '../io/json-file.js';
import { vocabularyFromIds, type Vocabulary } from './vocabulary.js';

/** What of `tokenizer.json` (Hugging Face tokenizers) matters for vocabularies of characters and whole words. */
export interface TokenizerJson {
  readonly vocabulary: Vocabulary;
  /** Tokens that are matched before anything else. */
  readonly added: ReadonlyMap<string, number>;
  /**
   * How text between added tokens is cut into words: not at all, after each character (`letters`; the regular expression
   * `.` keeps a run of line feeds together: `letters-of-lines`), or at white space, which is dropped.
   */
  readonly cut: 'none' | 'letters' | 'letters-of-lines' | 'white-space';
  /** Whether the vocabulary is asked for whole words or for each character of a word. */
  readonly unit: 'word' | 'character';
  /** Token of a character or word that the vocabulary lacks; null drops it. */
  readonly unknown: string | null;
  /** Whether neighbouring unknown characters of a word are one. */
  readonly fuseUnknown: boolean;
  /** Tokens put at the ends; null for none. */
  readonly first: string | null;
  readonly last: string | null;
}

const typed = z.looseObject({ type: z.string() });
const addedSchema = z.object({
  id: z.int().nonnegative(),
  content: z.string(),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
});
const modelSchema = z.object({
  type: z.string().optional(),
  vocab: z.record(z.string(), z.int().nonnegative()),
  unk_token: z.string().nullish(),
  fuse_unk: z.boolean().nullish(),
  byte_fallback: z.boolean().nullish(),
  merges: z.array(z.unknown()).nullish(),
});
const schema = z.object({
  added_tokens: z.array(addedSchema).default([]),
  normalizer: typed.nullish(),
  pre_tokenizer: typed.nullish(),
  post_processor: typed.nullish(),
  model: modelSchema,
});
const splitSchema = z.object({
  pattern: z.union([z.object({ Regex: z.string() }), z.object({ String: z.string() })]),
  behavior: z.literal('Isolated'),
  invert: z.literal(false),
});
const templateSchema = z.object({
  single: z.array(
    z.union([
      z.object({ SpecialToken: z.object({ id: z.string() }) }),
      z.object({ Sequence: z.object({ id: z.string() }) }),
    ]),
  ),
});

type Parsed = z.infer<typeof schema>;

/**
 * Reads a `tokenizer.json` whose tokens are characters or whole words: a WordLevel model, or a BPE model without
 * merges.
 * @throws ModelError when it is malformed, or merges characters, or does anything else to the text that would have to be
 *   imitated (a normaliser, byte-level letters, other patterns), naming what
 */
export function readTokenizerJson(file: string): TokenizerJson {
  const parsed = schema.safeParse(readJsonObject(file));
  if (!parsed.success) throw unsupported(file, z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const { model, added_tokens: added, normalizer } = parsed.data;
  if (normalizer) throw unsupported(file, `normalizer ${normalizer.type}`);
  for (const { content, single_word, lstrip, rstrip } of added) {
    if (single_word || lstrip || rstrip)
      throw unsupported(file, `added token ${content} with lstrip, rstrip or single_word`);
  }
  return {
    vocabulary: vocabularyFromIds(
      [...Object.entries(model.vocab), ...added.map((t) => [t.content, t.id] as const)],
      file,
    ),
    added: new Map(added.map((token) => [token.content, token.id])),
    cut: cutOf(parsed.data, file),
    unit: unitOf(parsed.data, file),
    unknown: model.unk_token ?? null,
    fuseUnknown: model.fuse_unk ?? false,
    ...endsOf(parsed.data, file),
  };
}

function unitOf({ model }: Parsed, file: string): TokenizerJson['unit'] {
  if (model.type === 'WordLevel') return 'word';
  if (model.type !== 'BPE' && !model.merges)
    throw unsupported(file, `model ${model.type ?? 'without a type'}`);
  if (model.merges?.length) throw unsupported(file, `BPE with ${model.merges.length} merges`);
  if (model.byte_fallback) throw unsupported(file, 'BPE with byte_fallback');
  return 'character';
}

function cutOf({ pre_tokenizer: cutter }: Parsed, file: string): TokenizerJson['cut'] {
  if (!cutter) return 'none';
  if (cutter.type === 'WhitespaceSplit') return 'white-space';
  const split = splitSchema.safeParse(cutter);
  if (cutter.type !== 'Split' || !split.success) throw unsupported(file, `pre_tokenizer ${cutter.type}`);
  const { pattern } = split.data;
  if ('String' in pattern ? pattern.String === '' : pattern.Regex === '') return 'letters';
  if ('Regex' in pattern && pattern.Regex === '.') return 'letters-of-lines';
  throw unsupported(file, `pre_tokenizer Split by ${JSON.stringify(pattern)}`);
}

function endsOf(
  { post_processor: processor }: Parsed,
  file: string,
): { first: string | null; last: string | null } {
  if (!processor) return { first: null, last: null };
  const template = templateSchema.safeParse(processor);
  if (processor.type !== 'TemplateProcessing' || !template.success)
    throw unsupported(file, `post_processor ${processor.type}`);
  const names = template.data.single.map((item) => ('SpecialToken' in item ? item.SpecialToken.id : null));
  const at = names.indexOf(null);
  const before = names.slice(0, at);
  const after = names.slice(at + 1);
  if (at < 0 || before.length > 1 || after.length > 1 || after.includes(null)) {
    throw unsupported(file, 'a template with more than one token at an end');
  }
  return { first: before[0] ?? null, last: after[0] ?? null };
}

function unsupported(file: string, got: string): ModelError {
  return new ModelError({
    what: 'tokenizer is not supported',
    file,
    expected:
      'tokens of one character or one word (WordLevel, or BPE without merges), nothing else done to the text',
    got,
    fix: 'Choose a model whose tokens are letters.',
  });
}
