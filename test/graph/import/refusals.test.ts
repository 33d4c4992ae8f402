import { describe, expect, it } from 'vitest';
import { ModelError } from '../../../src/core/errors.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { Importer } from '../../../src/graph/import/importer.js';
import { readOnnxFile } from '../../../src/graph/import/model-file.js';
import { ModelProto } from '../../../src/graph/onnx-schema.js';
import { encodeModel, modelMessage, type TestModel, type TestNode, type TestTensor } from './encode.js';

const table: TestTensor = { shape: [5, 4], floats: Array<number>(20).fill(0.5) };
const lookUp: TestNode = { op: 'Gather', in: ['table', 'ids'], out: ['x'], name: '/embed/Gather' };
const ints = (...values: number[]): TestTensor => ({ shape: [values.length], ints: values });
const int = (value: number): TestTensor => ({ shape: [], ints: [value] });
const floats = (...shape: number[]): TestTensor => ({
  shape,
  floats: Array<number>(shape.reduce((a, b) => a * b, 1)).fill(1),
});

/** A model of one look-up and some nodes to y. */
const model = (
  nodes: TestNode[],
  tensors: Record<string, TestTensor> = {},
  rest: Partial<TestModel> = {},
): TestModel => ({
  nodes: [lookUp, ...nodes],
  tensors: { table, ...tensors },
  outputs: ['y'],
  ...rest,
});

function convert(bytes: Uint8Array): void {
  const check = () => {
    throw new ModelError({ what: 'outside' });
  };
  const file = readOnnxFile(bytes, 'some.onnx', { check, read: check });
  const g = new GraphBuilder();
  const inputs = new Map([['ids', g.input('ids', 'int64', ['B', 'T'])]]);
  const weight = (name: string, shape: readonly number[]) =>
    g.constant(file.weight(name)!.read(), shape, `w.${name}`);
  new Importer(file, { g, ids: 'ids', inputs, weight }).tensor('y');
}

function failure(bytes: Uint8Array): string {
  try {
    convert(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message;
  }
  throw new Error('was accepted');
}

const node = (
  op: string,
  inputs: string,
  attributes: TestNode['attributes'] = {},
  rest: Partial<TestNode> = {},
): TestNode => ({
  op,
  in: inputs.split(' '),
  out: ['y'],
  attributes,
  ...rest,
});

describe('a node without a rule is named, with where it sits', () => {
  it('an op that is not known', () => {
    const message = failure(
      encodeModel(
        model([
          { op: 'Tanh', in: ['x'], out: ['t'], name: '/layer.3/act' },
          node('Det', 't x', {}, { name: '/layer.3/odd' }),
        ]),
      ),
    );
    expect(message).toMatchInlineSnapshot(
      `"some.onnx: op Det has no rule; got node '/layer.3/odd' (3 of 3) on t from Tanh '/layer.3/act', x from Gather '/embed/Gather'. Export the model from PyTorch with torch.onnx.export, opset_version 17 or 18, in float32."`,
    );
  });

  it('an op of another domain', () => {
    const message = failure(
      encodeModel(model([node('FastGelu', 'x', {}, { domain: 'com.microsoft', name: 'gelu' })])),
    );
    expect(message).toContain(
      "op com.microsoft.FastGelu has no rule; got node 'gelu' (2 of 2) on x from Gather",
    );
  });

  it('a function of the file', () => {
    const message = modelMessage(model([node('Layer', 'x', {}, { domain: 'pkg.model' })]));
    message.functions.push({ name: 'Layer' });
    const text = failure(ModelProto.encode(ModelProto.fromObject(message)).finish());
    expect(text).toContain('op pkg.model.Layer is a function of the file itself');
    expect(text).toContain('inline_local_functions');
  });

  it('control flow', () => {
    const message = modelMessage(model([node('If', 'x')]));
    message.graph.node[1].attribute.push({ name: 'then_branch', g: { name: 'branch' }, type: 5 });
    expect(failure(ModelProto.encode(ModelProto.fromObject(message)).finish())).toContain(
      'op If is control flow',
    );
  });

  it('but not where nothing that is wanted depends on it', () => {
    convert(encodeModel(model([{ op: 'Det', in: ['x'], out: ['z'] }, node('Tanh', 'x')])));
  });
});

describe('a use of an op that is not supported says why', () => {
  const cases: [string, TestModel, string][] = [
    ['joining along the sequence', model([node('Concat', 'x x', { axis: 1 })]), 'no gradient here'],
    [
      'picking rows of the batch',
      model([node('Gather', 'x i', { axis: 0 })], { i: ints(0) }),
      'picks rows of the batch',
    ],
    [
      'picking tuples',
      model([{ op: 'Unsqueeze', in: ['ids', 'i'], out: ['t'] }, node('GatherND', 'x t')], { i: ints(2) }),
      'no gradient here',
    ],
    [
      'merging tokens before rows',
      model(
        [{ op: 'Transpose', in: ['x'], out: ['t'], attributes: { perm: [1, 0, 2] } }, node('Reshape', 't s')],
        {
          s: ints(-1, 4),
        },
      ),
      'mixes rows of the batch',
    ],
    ['a mask of one length', model([node('Add', 'x m')], { m: floats(1, 7, 1) }), 'do not fit together'],
    ['a product of other widths', model([node('MatMul', 'x w')], { w: floats(3, 2) }), 'does not fit'],
    [
      'normalising over two axes',
      model([node('LayerNormalization', 'x s', { axis: 1 })], { s: floats(4) }),
      'last axis',
    ],
    ['types that differ', model([node('Add', 'x ids')]), 'float32 and int64'],
    ['logic of numbers', model([node('And', 'x x')]), 'input 1 is float32, not bool'],
    ['an axis out of range', model([node('Softmax', 'x', { axis: 5 })]), 'axis 5 of a tensor of 3 axes'],
    ['a shape known at run time', model([node('Reshape', 'x ids')]), 'input 2 is only known at run time'],
    ['a size that does not divide', model([node('Reshape', 'x s')], { s: ints(-1, 7) }), 'cannot become'],
    ['too many inputs', model([node('Tanh', 'x x')]), '2 inputs instead of 1'],
    ['a missing input', model([node('Add', 'x ')]), 'input 2 is missing'],
    [
      'an index out of range',
      model([node('Gather', 'x i', { axis: 2 })], { i: int(9) }),
      'index 9 of an axis of 4',
    ],
    ['a scale of another width', model([node('LayerNormalization', 'x s')], { s: floats(3) }), 'vector of 4'],
    [
      'an attribute of another kind',
      model([node('Softmax', 'x', { axis: { text: 'a' } })]),
      'not a whole number',
    ],
    ['an unknown type to cast to', model([node('Cast', 'x', { to: 10 })]), 'float16'],
    [
      'looking tokens up in two tables',
      model([{ op: 'Gather', in: ['other', 'ids'], out: ['z'] }, node('Add', 'x z')], {
        other: floats(5, 4),
      }),
      'also looked up in table',
    ],
    [
      'an equation of one term',
      model([node('Einsum', 'x x', { equation: { text: 'iij,k->k' } })]),
      'equation iij,k->k',
    ],
    [
      'heads that share keys',
      model([node('Attention', 'x x x', { q_num_heads: 4, kv_num_heads: 2 })], {}, { opset: 23 }),
      'heads share keys',
    ],
  ];
  it.each(cases)('%s', (_name, one, text) => {
    const message = failure(encodeModel(one));
    expect(message).toContain(text);
    expect(message).toMatch(/^some\.onnx: .* got .*node/);
  });
});

describe('nothing that a file claims costs memory or time', () => {
  const ones = { value: { shape: [1], floats: [1] } };
  const huge: [string, TestModel][] = [
    [
      'a constant of 2^60 numbers',
      model([node('ConstantOfShape', 's', ones)], { s: ints(2 ** 30, 2 ** 30) }),
    ],
    ['an expansion to 2^40 numbers', model([node('Expand', 'x s')], { s: ints(2 ** 40, 1, 1, 1) })],
    ['counting to 2^50', model([node('Range', 'a b c')], { a: int(0), b: int(2 ** 50), c: int(1) })],
    ['counting in steps of 0', model([node('Range', 'a b c')], { a: int(0), b: int(5), c: int(0) })],
    [
      'one axis more in every node',
      model(
        [
          { op: 'Unsqueeze', in: ['x', 'a'], out: ['t0'] },
          ...Array.from({ length: 400 }, (_, i) => ({
            op: 'Unsqueeze',
            in: [`t${i}`, 'a'],
            out: [`t${i + 1}`],
          })),
          node('Identity', 't400'),
        ],
        { a: ints(0) },
      ),
    ],
    [
      'polynomials that grow',
      model([
        { op: 'Shape', in: ['ids'], out: ['s0'] },
        ...Array.from({ length: 60 }, (_, i) => ({ op: 'Mul', in: [`s${i}`, `s${i}`], out: [`s${i + 1}`] })),
        node('Reshape', 'x s60'),
      ]),
    ],
    [
      'twenty thousand folds of four thousand numbers',
      model(
        [
          { op: 'ConstantOfShape', in: ['n'], out: ['k0'], attributes: ones },
          ...Array.from({ length: 20_000 }, (_, i) => ({
            op: 'Add',
            in: [`k${i}`, `k${i}`],
            out: [`k${i + 1}`],
          })),
          node('Identity', 'k20000'),
        ],
        { n: ints(4096) },
      ),
    ],
  ];
  it.each(huge)('%s', (_name, one) => {
    const started = process.cpuUsage();
    failure(encodeModel(one));
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(20_000);
  });

  it('a deep graph does not exhaust the stack', () => {
    const chain = Array.from({ length: 30_000 }, (_, i) => ({
      op: 'Tanh',
      in: [i ? `t${i}` : 'x'],
      out: [`t${i + 1}`],
    }));
    convert(encodeModel(model([...chain, node('Tanh', 't30000')])));
  });

  it('a cycle ends', () => {
    expect(failure(encodeModel(model([{ op: 'Tanh', in: ['y'], out: ['a'] }, node('Tanh', 'a')])))).toContain(
      'is read before it is made',
    );
  });
});

describe('a damaged file is refused', () => {
  const damaged = (change: (message: ReturnType<typeof modelMessage>) => void): string => {
    const message = modelMessage(model([node('Tanh', 'x')]));
    change(message);
    return failure(ModelProto.encode(ModelProto.fromObject(message)).finish());
  };
  const weight = (proto: object) => (message: ReturnType<typeof modelMessage>) => {
    message.graph.initializer[0] = { name: 'table', ...proto };
  };

  it('that is no protobuf', () => {
    expect(failure(Buffer.from('<!DOCTYPE html>'))).toContain('not an ONNX model');
    expect(failure(new Uint8Array(0))).toContain('version of the ONNX operators');
  });

  it('of another version', () => {
    expect(damaged((m) => (m.opsetImport[0].version = 11))).toContain('expected opset 13 to 26, got 11');
  });

  it('whose weights do not fit their shapes', () => {
    const rawData = new Uint8Array(16);
    expect(damaged(weight({ dims: [5, 4], dataType: 1, rawData }))).toContain(
      'expected 80 bytes for [5 x 4] of float32, got 16',
    );
    expect(damaged(weight({ dims: [5, 4], dataType: 1, floatData: [1, 2] }))).toContain(
      'expected 20 values, got 2',
    );
    expect(damaged(weight({ dims: [-1, 4], dataType: 1, rawData }))).toContain('impossible shape');
    expect(damaged(weight({ dims: [2 ** 40, 2 ** 40], dataType: 1, rawData }))).toContain('impossible shape');
    expect(damaged(weight({ dims: [4], dataType: 10, rawData }))).toContain('got float16');
    expect(damaged(weight({ dims: [4], dataType: 99, rawData }))).toContain('got type 99');
  });

  it('whose external data are not placed', () => {
    const external = (entries: Record<string, string>) => ({
      dims: [5, 4],
      dataType: 1,
      dataLocation: 1,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    });
    expect(damaged(weight(external({})))).toContain('expected a location');
    expect(damaged(weight(external({ location: 'w', offset: '-4' })))).toContain('got -4');
    expect(damaged(weight(external({ location: 'w', length: '7' })))).toContain('expected 80 bytes');
    expect(damaged(weight(external({ location: 'w' })))).toContain('outside');
  });

  it('that makes a tensor twice, or not at all', () => {
    expect(damaged((m) => m.graph.node.push({ ...m.graph.node[1], input: ['y'] }))).toContain(
      'tensor y is made twice',
    );
    expect(damaged((m) => (m.graph.node[1].input = ['nothing']))).toContain('there is no tensor nothing');
  });
});
