import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/core/errors.js';
import { loadTokenizer } from '../../../src/lm/tokenizers/load.js';
import { padBatch } from '../../../src/lm/tokenizers/tokenizer.js';

const made: string[] = [];
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A model folder of the given files. */
function folderOf(files: Record<string, string | object>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'biseq-tokenizer-'));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

function failure(files: Record<string, string | object>): string {
  try {
    loadTokenizer(folderOf(files));
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message;
  }
  throw new Error('was accepted');
}

const esm = { model_type: 'esm', vocab_size: 8 };
const vocabulary = '<cls>\n<pad>\n<eos>\n<unk>\nA\nC\n<mask>\n';
const wordLevel = {
  added_tokens: [{ id: 2, content: '<mask>' }],
  model: { type: 'WordLevel', vocab: { A: 0, '?': 1 }, unk_token: '?' },
};
const gpt2 = (json: object) => ({
  'config.json': { model_type: 'gpt2' },
  'tokenizer.json': { ...wordLevel, ...json },
});

describe('loadTokenizer accepts', () => {
  it('an ESM folder without tokenizer_config.json, with CRLF', () => {
    const tokenizer = loadTokenizer(
      folderOf({ 'config.json': esm, 'vocab.txt': vocabulary.replaceAll('\n', '\r\n') }),
    );
    expect(tokenizer.special).toEqual({ cls: 0, pad: 1, eos: 2, unk: 3, mask: 6 });
    expect(tokenizer.encode('AC<mask>')).toEqual([0, 4, 5, 6, 2]);
  });

  it('special tokens written as objects, in special_tokens_map.json too, and null for none', () => {
    const tokenizer = loadTokenizer(
      folderOf({
        'config.json': esm,
        'vocab.txt': vocabulary,
        'special_tokens_map.json': { mask_token: { content: 'C', lstrip: false } },
        'tokenizer_config.json': { eos_token: null },
      }),
    );
    expect(tokenizer.special).toEqual({ cls: 0, pad: 1, eos: null, unk: 3, mask: 5 });
  });

  it('BERT from tokenizer.json alone', () => {
    const vocab = Object.fromEntries(
      ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'A', '##C'].map((token, i) => [token, i]),
    );
    const files = {
      'config.json': { model_type: 'bert' },
      'tokenizer.json': { model: { type: 'WordPiece', vocab } },
    };
    const tokenizer = loadTokenizer(folderOf(files));
    expect(tokenizer.encode('A AC[MASK] AD')).toEqual([2, 5, 5, 6, 4, 1, 3]);
    expect(tokenizer.encode('A'.repeat(101))).toEqual([2, 1, 3]);
  });

  it('BERT with lower case and accents dropped, if tokenizer_config.json says so', () => {
    const files = {
      'config.json': { model_type: 'bert' },
      'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ne\n',
      'tokenizer_config.json': { do_lower_case: true },
    };
    expect(loadTokenizer(folderOf(files)).encode('A \u00c9 [MASK]')).toEqual([2, 5, 6, 4, 3]);
  });

  it('words at white space, and no special tokens at all', () => {
    const tokenizer = loadTokenizer(folderOf(gpt2({ pre_tokenizer: { type: 'WhitespaceSplit' } })));
    expect(tokenizer.encode('A  AA<mask>A')).toEqual([0, 1, 2, 0]);
    expect(tokenizer.encodeResidues('AAG')).toEqual([0, 0, 1]);
    expect(padBatch(tokenizer, [[0, 0], [0]]).attentionMask).toEqual(Uint8Array.of(1, 1, 1, 0));
  });

  // What Hugging Face's tokenizers 0.23.3 gives for this text (A, B known): [0,1,u,u,u,0,u,u,u,u,1] and so on.
  const text = 'AB CCA\n\n\u{1F600}\u{1F9EC}B';
  const dot = { type: 'Split', pattern: { Regex: '.' }, behavior: 'Isolated', invert: false };
  it.each([
    ['BPE', {}, null, [0, 1, 2, 2, 2, 0, 2, 2, 2, 2, 1]],
    ['BPE cut at each letter', {}, dot, [0, 1, 2, 2, 2, 0, 2, 2, 2, 2, 1]],
    ['BPE with fused unknowns', { fuse_unk: true }, null, [0, 1, 2, 0, 2, 1]],
    ['BPE with fused unknowns cut at each letter', { fuse_unk: true }, dot, [0, 1, 2, 2, 2, 0, 2, 2, 2, 1]],
    ['BPE without unknown', { unk_token: null }, null, [0, 1, 0, 1]],
  ])('%s', (_, options, cutter, ids) => {
    const model = { type: 'BPE', vocab: { A: 0, B: 1, u: 2 }, merges: [], unk_token: 'u', ...options };
    const tokenizer = loadTokenizer(folderOf(gpt2({ added_tokens: [], model, pre_tokenizer: cutter })));
    expect(tokenizer.encode(text)).toEqual(ids);
  });
});

describe('loadTokenizer refuses', () => {
  const bpe = { type: 'BPE', vocab: { A: 0 }, merges: ['A A'] };
  const template = (...single: object[]) => ({ post_processor: { type: 'TemplateProcessing', single } });
  const special = (id: string) => ({ SpecialToken: { id } });
  const text = { Sequence: { id: 'A' } };
  const cases: [string, Record<string, string | object>, RegExp][] = [
    ['a folder without config.json', {}, /config.json: file not found/],
    [
      'a family that it does not know',
      { 'config.json': { model_type: 't5' } },
      /expected model_type esm, bert, gpt2, esmc, got "t5"/,
    ],
    [
      'a family named like a property of every object',
      { 'config.json': { model_type: 'toString' } },
      /got "toString"/,
    ],
    ['no family', { 'config.json': {} }, /got nothing/],
    ['a missing vocabulary', { 'config.json': esm }, /vocab.txt: file not found/],
    ['an empty vocabulary', { 'config.json': esm, 'vocab.txt': '' }, /vocabulary is empty/],
    [
      'a token twice',
      { 'config.json': esm, 'vocab.txt': `${vocabulary}A\n` },
      /vocab.txt:8: token 'A' stands twice in the vocabulary; .* got lines 5 and 8/,
    ],
    [
      'a vocabulary without <unk>',
      { 'config.json': esm, 'vocab.txt': '<cls>\nA' },
      /vocabulary has no unk token/,
    ],
    [
      'more tokens than the model has',
      { 'config.json': { ...esm, vocab_size: 3 }, 'vocab.txt': vocabulary },
      /expected at most vocab_size = 3 tokens, got 7/,
    ],
    [
      'another mask token',
      { 'config.json': { ...esm, mask_token_id: 5 }, 'vocab.txt': vocabulary },
      /mask_token_id does not fit the vocabulary; expected 6, the id of <mask>, got 5/,
    ],
    ['BPE with merges', gpt2({ model: bpe }), /got BPE with 1 merges/],
    ['BPE with byte_fallback', gpt2({ model: { ...bpe, merges: [], byte_fallback: true } }), /byte_fallback/],
    ['Unigram', gpt2({ model: { type: 'Unigram', vocab: {} } }), /got model Unigram/],
    [
      'a list of pieces',
      gpt2({ model: { type: 'Unigram', vocab: [['A', 1]] } }),
      /tokenizer is not supported/,
    ],
    ['byte-level letters', gpt2({ pre_tokenizer: { type: 'ByteLevel' } }), /got pre_tokenizer ByteLevel/],
    [
      'another pattern',
      gpt2({
        pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false },
      }),
      /Split by/,
    ],
    ['a normaliser', gpt2({ normalizer: { type: 'Lowercase' } }), /got normalizer Lowercase/],
    [
      'a token that eats spaces',
      gpt2({ added_tokens: [{ id: 2, content: 'm', lstrip: true }] }),
      /added token m with lstrip/,
    ],
    [
      'two tokens at an end',
      gpt2(template(special('?'), special('A'), text)),
      /more than one token at an end/,
    ],
    [
      'an end token that it does not have',
      gpt2(template(special('<bos>'), text)),
      /token <bos> of the template/,
    ],
    ['another post-processor', gpt2({ post_processor: { type: 'ByteLevel' } }), /post_processor ByteLevel/],
    [
      'two tokens of one id',
      gpt2({ added_tokens: [{ id: 0, content: 'B' }] }),
      /id of token 'B' is wrong; .* got 0 for A too/,
    ],
    [
      'an id that would fill memory',
      gpt2({ added_tokens: [{ id: 2 ** 40, content: 'B' }] }),
      /id of token 'B' is wrong/,
    ],
    [
      'no vocabulary in tokenizer.json',
      { 'config.json': { model_type: 'bert' }, 'tokenizer.json': {} },
      /tokenizer holds no vocabulary/,
    ],
  ];
  it.each(cases)('%s', (_, files, message) => {
    expect(failure(files)).toMatch(message);
  });
});
