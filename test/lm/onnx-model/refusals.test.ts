import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/core/errors.js';
import { ModelProto } from '../../../src/graph/onnx-schema.js';
import { featureGraph } from '../../../src/lm/feature-graph.js';
import { openOnnxModel } from '../../../src/lm/onnx-model/open.js';
import { modelMessage, type TestModel, type TestNode } from '../../graph/import/encode.js';

const made: string[] = [];
afterEach(() => made.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const vocabulary = ['<cls>', '<pad>', '<eos>', '<unk>', '<mask>', 'A', 'C', 'G', 'T'];
const tokenizer = {
  tokens: 'letters',
  vocabulary,
  special: { cls: '<cls>', pad: 1, eos: '<eos>', unk: '<unk>', mask: '<mask>' },
};
const D = 4;
const table = {
  shape: [vocabulary.length, D],
  floats: Array.from({ length: vocabulary.length * D }, (_, i) => i),
};

/** A model that looks its tokens up and masks them. */
const small: TestModel = {
  inputs: { input_ids: 7, attention_mask: 7 },
  tensors: { table, last: { shape: [1], ints: [-1] } },
  nodes: [
    { op: 'Gather', in: ['table', 'input_ids'], out: ['x'] },
    { op: 'Cast', in: ['attention_mask'], out: ['m'], attributes: { to: 1 } },
    { op: 'Unsqueeze', in: ['m', 'last'], out: ['n'] },
    { op: 'Mul', in: ['x', 'n'], out: ['last_hidden_state'] },
  ],
  outputs: ['last_hidden_state'],
};

interface Setup {
  model?: TestModel;
  change?: (message: ReturnType<typeof modelMessage>) => void;
  json?: unknown;
  files?: Record<string, string | Uint8Array>;
}

/** A folder with model.onnx, model.json and more. */
function setUp({ model = small, change, json = { tokenizer }, files = {} }: Setup): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'biseq-onnx-'));
  made.push(folder);
  const message = modelMessage(model);
  change?.(message);
  const bytes = ModelProto.encode(ModelProto.fromObject(message)).finish();
  writeFileSync(path.join(folder, 'model.onnx'), bytes);
  if (json !== undefined && json !== null)
    writeFileSync(path.join(folder, 'model.json'), JSON.stringify(json));
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  return path.join(folder, 'model.onnx');
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message;
  }
  throw new Error('was accepted');
}

const failure = (setup: Setup) => failureOf(openOnnxModel(setUp(setup)));
const external = (entries: Record<string, string>) => (message: ReturnType<typeof modelMessage>) => {
  message.graph.initializer[0] = {
    name: 'table',
    dims: table.shape,
    dataType: 1,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
};
const weights = new Uint8Array(Float32Array.from(table.floats).buffer);

describe('openOnnxModel accepts', () => {
  it('a model with its description', async () => {
    const model = await openOnnxModel(setUp({}));
    expect(model).toMatchObject({ name: 'model', parameters: 36 });
    expect(model.alphabet.name).toBe('dna');
    expect(model.architecture).toMatchObject({ vocabularySize: 9, hiddenSize: 4, causal: false });
    expect([...model.tokenizer.encode('AC<mask>GX')]).toEqual([0, 5, 6, 4, 7, 3, 2]);
  });

  it('weights in a file beside it, which count for its identity', async () => {
    const one = setUp({
      change: external({ location: 'model.weights' }),
      files: { 'model.weights': weights },
    });
    const model = await openOnnxModel(one);
    expect([...model.weights.read(model.architecture.embeddingName, table.shape)]).toEqual(table.floats);
    const other = setUp({
      change: external({ location: 'model.weights' }),
      files: { 'model.weights': weights.map((byte) => byte ^ 1) },
    });
    expect((await openOnnxModel(other)).sha256).not.toBe(model.sha256);
  });

  it('a description that gives everything a name of its own, and a vocabulary in a file', async () => {
    const model: TestModel = {
      inputs: { tokens: 7, kinds: 7, where: 7 },
      tensors: { table, places: { shape: [20, D], floats: Array<number>(20 * D).fill(1) } },
      nodes: [
        { op: 'Gather', in: ['table', 'tokens'], out: ['x'] },
        { op: 'Gather', in: ['places', 'where'], out: ['p'] },
        { op: 'Gather', in: ['places', 'kinds'], out: ['k'] },
        { op: 'Sum', in: ['x', 'p', 'k'], out: ['h'] },
      ],
      outputs: ['h'],
    };
    const json = {
      name: 'mine',
      tokenizer: { ...tokenizer, vocabulary: 'words.txt' },
      inputs: { ids: 'tokens', position_ids: { name: 'where', first: 2, padding: 1 }, zeros: ['kinds'] },
      outputs: { hidden: 'h' },
      causal: true,
      max_tokens: 900,
    };
    const opened = await openOnnxModel(setUp({ model, json, files: { 'words.txt': vocabulary.join('\n') } }));
    // The table of positions has 20 rows; two lie before the first, and lengths are padded to multiples of four.
    expect(opened.architecture).toMatchObject({ maxTokens: 16, causal: true });
    expect(opened.name).toBe('mine');
  });

  it('infinities in a mask that is stored', async () => {
    const model: TestModel = {
      ...small,
      tensors: { ...small.tensors, bias: { shape: [1, 1, D], floats: [0, 0, 0, -Infinity] } },
      nodes: [...small.nodes.slice(0, 3), { op: 'Add', in: ['x', 'bias'], out: ['last_hidden_state'] }],
    };
    const opened = await openOnnxModel(setUp({ model }));
    featureGraph(opened.architecture, opened.weights);
  });
});

describe('openOnnxModel refuses a description', () => {
  it('that is missing, with an example', async () => {
    const message = await failure({ json: null });
    expect(message).toContain('model.json beside it');
    expect(message).toContain('"tokens": "letters"');
  });

  it('that is malformed', async () => {
    expect(await failure({ json: { tokeniser: tokenizer } })).toContain(
      'description of the ONNX model is malformed',
    );
    expect(await failure({ json: { tokenizer: { ...tokenizer, tokens: 'words' } } })).toContain('tokens');
    expect(await failure({ json: [] })).toContain('JSON object');
  });

  it('whose tokenizer does not fit its vocabulary', async () => {
    const special = { ...tokenizer.special, mask: '[MASK]' };
    expect(await failure({ json: { tokenizer: { ...tokenizer, special } } })).toContain('special token mask');
    expect(await failure({ json: { tokenizer: { ...tokenizer, special: { cls: 9 } } } })).toContain(
      'id below 9',
    );
    expect(await failure({ json: { tokenizer: { ...tokenizer, k: 3 } } })).toContain('k does not fit');
    const kmers = { ...tokenizer, tokens: 'overlapping-kmers', k: 3 };
    expect(await failure({ json: { tokenizer: kmers } })).toContain('k does not fit');
    expect(await failure({ json: { tokenizer: { ...tokenizer, vocabulary: '../words.txt' } } })).toContain(
      'outside the folder',
    );
    expect(await failure({ json: { tokenizer: { ...tokenizer, vocabulary: 'words.txt' } } })).toContain(
      'not found',
    );
    const long = [...vocabulary, 'N'];
    expect(await failure({ json: { tokenizer: { ...tokenizer, vocabulary: long } } })).toContain(
      'vocabulary is larger than the embedding',
    );
    expect(await failure({ json: { tokenizer: 'folder' } })).toContain('config.json');
  });

  it('that names what the model does not have', async () => {
    expect(await failure({ json: { tokenizer, inputs: { ids: 'tokens' } } })).toContain(
      'the model has no input tokens; expected one of input_ids, attention_mask',
    );
    expect(await failure({ json: { tokenizer, outputs: { hidden: 'h' } } })).toContain('no output h');
    expect(await failure({ json: { tokenizer, outputs: { logits: 'l' } } })).toContain('no output l');
  });
});

describe('openOnnxModel refuses a model', () => {
  const nodes = (...last: TestNode[]): TestModel => ({
    ...small,
    nodes: [...small.nodes.slice(0, 3), ...last],
  });
  const hidden = ['last_hidden_state'];

  it('of fixed sizes', async () => {
    const message = await failure({
      change: ({ graph }) =>
        Object.assign(graph.input[0].type.tensorType.shape.dim[1], { dimValue: 64, dimParam: '' }),
    });
    expect(message).toContain('input input_ids has a fixed size');
    expect(message).toContain('got [B x 64]');
    expect(message).toContain('dynamic_axes');
  });

  it('without an attention mask, unless padding cannot matter', async () => {
    const model: TestModel = {
      ...small,
      inputs: { input_ids: 7 },
      nodes: [small.nodes[0], { op: 'Tanh', in: ['x'], out: hidden }],
    };
    expect(await failure({ model })).toContain('takes no attention mask');
    await openOnnxModel(setUp({ model, json: { tokenizer, causal: true } }));
    await openOnnxModel(setUp({ model, json: { tokenizer, ignores_padding: true } }));
  });

  it('with an input that nobody described', async () => {
    const model: TestModel = {
      ...nodes(
        { op: 'Unsqueeze', in: ['past', 'last'], out: ['q'] },
        { op: 'Cast', in: ['q'], out: ['r'], attributes: { to: 1 } },
        { op: 'Add', in: ['x', 'r'], out: hidden },
      ),
      inputs: { input_ids: 7, attention_mask: 7, past: 7 },
    };
    expect(await failure({ model })).toContain('input past is not described; got node');
    await openOnnxModel(setUp({ model, json: { tokenizer, inputs: { zeros: ['past'] } } }));
  });

  it('whose hidden state is something else', async () => {
    const wrong = nodes({ op: 'ReduceMean', in: ['x'], out: hidden, attributes: { axes: [1], keepdims: 0 } });
    expect(await failure({ model: wrong })).toContain(
      'expected float32 [B x T x 4], as wide as the embedding, got float32 [B x 4]',
    );
    const untouched = nodes({ op: 'Identity', in: ['n'], out: hidden });
    expect(await failure({ model: untouched })).toContain('does not come from a look-up');
    const logits = { tokenizer, outputs: { logits: 'n' } };
    await openOnnxModel(setUp({ json: logits })).then((model) =>
      expect(model.architecture.vocabularySize).toBe(9),
    );
    expect(await failure({ json: { tokenizer, outputs: { logits: 'm' } } })).toContain(
      'output m does not hold logits',
    );
  });

  it('without a head, where logits are asked for', async () => {
    const { architecture } = await openOnnxModel(setUp({}));
    expect(() => architecture.logits(null as never, null as never, null as never)).toThrow('has no logits');
  });

  it('with NaN in a weight, when it is read', async () => {
    const floats = [...table.floats];
    floats[7] = NaN;
    const model: TestModel = { ...small, tensors: { ...small.tensors, table: { ...table, floats } } };
    const opened = await openOnnxModel(setUp({ model }));
    expect(() => featureGraph(opened.architecture, opened.weights)).toThrow(
      'weight table holds NaN; got NaN at entry 8 of 36',
    );
  });

  it('with weights outside its folder', async () => {
    for (const location of [
      '../weights',
      '/etc/passwd',
      'a/../../weights',
      './weights',
      'C:\\weights',
      'a//b',
      '',
    ])
      expect(await failure({ change: external({ location }) })).toMatch(
        /outside the folder|expected a location/,
      );
    const file = setUp({ change: external({ location: 'weights' }) });
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'biseq-elsewhere-'));
    made.push(elsewhere);
    writeFileSync(path.join(elsewhere, 'weights'), weights);
    symlinkSync(path.join(elsewhere, 'weights'), path.join(path.dirname(file), 'weights'));
    expect(await failureOf(openOnnxModel(file))).toContain('a link to');
  });

  it('with weights that are missing or too few', async () => {
    expect(await failure({ change: external({ location: 'weights' }) })).toContain(
      'file of weights not found',
    );
    const setup = { change: external({ location: 'weights', offset: '4' }), files: { weights } };
    expect(await failure(setup)).toContain('expected at least 148 bytes');
  });

  it('that is missing or no model', async () => {
    expect(await failureOf(openOnnxModel('/nowhere/model.onnx'))).toContain('file not found');
    const file = setUp({});
    writeFileSync(file, '{}');
    expect(await failureOf(openOnnxModel(file))).toContain('not an ONNX model');
  });
});
