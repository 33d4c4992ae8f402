import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { Importer } from '../../../src/graph/import/importer.js';
import { readOnnxFile } from '../../../src/graph/import/model-file.js';
import { fromDim } from '../../../src/graph/import/sizes.js';
import { serialise } from '../../../src/graph/serialise.js';
import { createSession } from '../../../src/runtime/session.js';
import { encodeModel, type TestNode, type TestTensor } from './encode.js';

const random = createRandom('imported ops');
const V = 9;
const D = 6;
const reals = (...shape: number[]): TestTensor => ({
  shape,
  floats: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
});
const ints = (...values: number[]): TestTensor => ({ shape: [values.length], ints: values });
const int = (value: number): TestTensor => ({ shape: [], ints: [value] });
const real = (value: number): TestTensor => ({ shape: [], floats: [value] });

type Attributes = TestNode['attributes'];
const node = (op: string, inputs: string, output: string, attributes: Attributes = {}): TestNode => ({
  op,
  in: inputs === '' ? [] : inputs.split(' ').map((name) => (name === '-' ? '' : name)),
  out: output.split(' '),
  attributes,
});

/** Nodes from x [B x T x D] (looked up), ids and mask (int64, [B x T]) to y; oracle: onnxruntime on the file itself. */
interface Case {
  name: string;
  nodes: TestNode[];
  tensors?: Record<string, TestTensor>;
  opset?: number;
}

const one = (
  op: string,
  inputs: string,
  tensors: Case['tensors'] = {},
  attributes: Attributes = {},
): Case => ({
  name: `${op} ${JSON.stringify(attributes)} ${Object.entries(tensors)
    .map(([name, { ints: values }]) => `${name}=${values?.join(',') ?? 'reals'}`)
    .join(' ')}`,
  nodes: [node(op, inputs, 'y', attributes)],
  tensors,
});

/** y as real numbers, whatever it is. */
const asReal = ({ nodes, ...rest }: Case): Case => {
  const last = nodes[nodes.length - 1];
  return {
    ...rest,
    nodes: [...nodes.slice(0, -1), { ...last, out: ['w'] }, node('Cast', 'w', 'y', { to: 1 })],
  };
};

const positive = node('Abs', 'x', 'p');
const cases: Case[] = [
  ...['Abs', 'Tanh', 'Sigmoid', 'Erf', 'Relu', 'Cos', 'Sin', 'Neg', 'Exp'].map((op) => one(op, 'x')),
  ...['Sqrt', 'Log', 'Reciprocal'].map((op): Case => ({ name: op, nodes: [positive, node(op, 'p', 'y')] })),
  ...['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'].map((op) => one(op, 'x w', { w: reals(D) })),
  one('Sum', 'x w x', { w: reals(1, D) }),
  ...[1, 2, 3, 0.5, 2.5].map((exponent): Case => ({
    name: `Pow ${exponent}`,
    nodes: [positive, node('Pow', 'p e', 'y')],
    tensors: { e: real(exponent) },
  })),
  ...['Add', 'Sub', 'Mul', 'Div'].map((op) => asReal(one(op, 'ids n', { n: int(3) }))),
  one('Mul', 'x w', { w: real(1) }),
  one('Add', 'x w', { w: { shape: [2, 1, 1, 1], floats: [0, 0] } }),
  one('Clip', 'x lo hi', { lo: real(-0.5), hi: real(0.5) }),
  one('Clip', 'x - hi', { hi: real(0.5) }),
  { ...one('Gelu', 'x'), opset: 20 },
  { ...one('Gelu', 'x', {}, { approximate: { text: 'tanh' } }), opset: 20 },
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((op) =>
    asReal(one(op, 'ids n', { n: int(4) })),
  ),
  {
    name: 'And, Or, Not, Where, IsNaN',
    nodes: [
      node('Greater', 'ids n', 'a'),
      node('Cast', 'mask', 'b', { to: 9 }),
      node('And', 'a b', 'c'),
      node('Not', 'a', 'd'),
      node('Or', 'c d', 'e'),
      node('Unsqueeze', 'e last', 'f'),
      node('Where', 'f x z', 'g'),
      node('IsNaN', 'g', 'h'),
      node('Where', 'h z g', 'y'),
    ],
    tensors: { n: int(4), last: ints(-1), z: real(NaN) },
  },
  asReal(one('Cast', 'x', {}, { to: 7 })),
  asReal(one('Cast', 'ids', {}, { to: 6 })),
  { name: 'CastLike', nodes: [node('CastLike', 'mask x', 'y')] },
  { name: 'Identity, Dropout', nodes: [node('Identity', 'x', 'a'), node('Dropout', 'a', 'y')] },
  ...[-1, 1].flatMap((axis) => [one('Softmax', 'x', {}, { axis }), one('LogSoftmax', 'x', {}, { axis })]),
  one('ReduceSum', 'x a', { a: ints(-1, 0) }, { keepdims: 0 }),
  one('ReduceSum', 'x', {}, { keepdims: 1 }),
  one('ReduceSum', 'x', {}, { noop_with_empty_axes: 1 }),
  asReal(one('ReduceSum', 'mask a', { a: ints(1) }, { keepdims: 0 })),
  one('ReduceMean', 'x', {}, { axes: [1], keepdims: 1 }),
  { ...one('ReduceMean', 'x a', { a: ints(2) }, { keepdims: 0 }), opset: 18 },
  one('LayerNormalization', 'x s b', { s: reals(D), b: reals(D) }, { epsilon: { real: 1e-3 } }),
  one('LayerNormalization', 'x s', { s: reals(D) }, { axis: 2 }),
  { ...one('RMSNormalization', 'x s', { s: reals(D) }), opset: 23 },
  {
    name: 'layer normalisation written out',
    opset: 14,
    nodes: [
      node('ReduceMean', 'x', 'm', { axes: [-1] }),
      node('Sub', 'x m', 'c'),
      node('Pow', 'c two', 'q'),
      node('ReduceMean', 'q', 'v', { axes: [-1] }),
      node('Add', 'v eps', 'u'),
      node('Sqrt', 'u', 'r'),
      node('Div', 'c r', 'n'),
      node('Mul', 'n s', 'k'),
      node('Add', 'k b', 'y'),
    ],
    tensors: { two: real(2), eps: real(1e-4), s: reals(D), b: reals(D) },
  },
  ...[
    ['x e h', 'e x h'],
    ['x h e', 'h x e'],
    ['e h x', 'h e x'],
  ].flatMap((orders) =>
    orders.map((order): Case => {
      const [first, second, third] = order.split(' ');
      return {
        name: `GELU written out, ${order}`,
        nodes: [
          node('Div', 'x root', 'd'),
          node('Erf', 'd', 'f'),
          node('Add', 'f one', 'e'),
          node('Mul', `${first} ${second}`, 'p'),
          node('Mul', `p ${third}`, 'y'),
        ],
        tensors: { root: real(Math.SQRT2), one: real(1), h: real(0.5) },
      };
    }),
  ),
  {
    name: 'tanh GELU written out',
    nodes: [
      node('Pow', 'x three', 'c'),
      node('Mul', 'c k', 'd'),
      node('Add', 'x d', 'u'),
      node('Mul', 'u r', 'v'),
      node('Tanh', 'v', 't'),
      node('Add', 't one', 'g'),
      node('Mul', 'x h', 'w'),
      node('Mul', 'w g', 'y'),
    ],
    tensors: {
      three: real(3),
      k: real(0.044715),
      r: real(Math.sqrt(2 / Math.PI)),
      one: real(1),
      h: real(0.5),
    },
  },
  {
    name: 'almost a GELU',
    nodes: [
      node('Div', 'x root', 'd'),
      node('Erf', 'd', 'f'),
      node('Add', 'f one', 'e'),
      node('Mul', 'x e', 'p'),
      node('Mul', 'p h', 'y'),
    ],
    tensors: { root: real(1.5), one: real(1), h: real(0.5) },
  },
  one('Reshape', 'x s', { s: ints(0, 0, 2, 3) }),
  one('Reshape', 'x s', { s: ints(-1, D) }),
  one('Reshape', 'x s', { s: ints(0, -1) }),
  {
    name: 'Reshape to sizes put together at run time',
    nodes: [
      node('Shape', 'ids', 's'),
      node('Gather', 's one', 't'),
      node('Unsqueeze', 't zero', 'u'),
      node('Concat', 'two u rest', 'r', { axis: 0 }),
      node('Unsqueeze', 'x zero', 'v'),
      node('Concat', 'v v', 'w', { axis: 0 }),
      node('Reshape', 'w r', 'y'),
    ],
    tensors: { one: int(1), zero: ints(0), two: ints(2, -1), rest: ints(3, 2) },
  },
  {
    name: 'Reshape there and back',
    nodes: [
      node('Reshape', 'x flat', 'a'),
      node('Tanh', 'a', 'b'),
      node('Shape', 'x', 's'),
      node('Reshape', 'b s', 'c'),
      node('Reshape', 'x flat', 'd'),
      node('Reshape', 'd s', 'e'),
      node('Add', 'c e', 'y'),
    ],
    tensors: { flat: ints(-1, D) },
  },
  one('Flatten', 'x', {}, { axis: 2 }),
  one('Flatten', 'x', {}, { axis: 0 }),
  one('Unsqueeze', 'x a', { a: ints(0, -1) }),
  {
    name: 'Squeeze',
    nodes: [node('Unsqueeze', 'x a', 'u'), node('Squeeze', 'u b', 'y')],
    tensors: { a: ints(0, 3), b: ints(-2) },
  },
  one('Transpose', 'x', {}, { perm: [2, 0, 1] }),
  one('Transpose', 'x'),
  one('Expand', 'x s', { s: ints(3, 1, 1, D) }),
  {
    name: 'Expand to the batch',
    nodes: [node('Shape', 'ids', 's'), node('Expand', 'w s', 'y')],
    tensors: { w: reals(1, 1) },
  },
  {
    name: "Expand as PyTorch's script exporter writes -1",
    nodes: [
      node('Shape', 'ids', 's'),
      node('Concat', 's minus', 'r', { axis: 0 }),
      node('Shape', 'r', 'n'),
      node('ConstantOfShape', 'n', 'ones', { value: { shape: [1], ints: [1] } }),
      node('Mul', 'ones minus', 'negative'),
      node('Equal', 'r negative', 'open'),
      node('Where', 'open ones r', 'q'),
      node('Expand', 'w q', 'y'),
    ],
    tensors: { minus: ints(-1), w: reals(1, 1, 4) },
  },
  {
    name: 'ConstantOfShape of the batch',
    nodes: [
      node('Shape', 'x', 's'),
      node('ConstantOfShape', 's', 'y', { value: { shape: [1], floats: [2.5] } }),
    ],
  },
  {
    name: 'Range, CumSum, Trilu',
    nodes: [
      node('Shape', 'ids', 's', {}),
      node('Gather', 's one', 't'),
      node('Range', 'zero t one', 'r'),
      node('Cast', 'r', 'f', { to: 1 }),
      node('Unsqueeze', 'f last', 'c'),
      node('Mul', 'c f', 'square'),
      node('CumSum', 'square zero', 'k', { reverse: 1 }),
      node('Trilu', 'k', 'y', { upper: 0 }),
    ],
    tensors: { zero: int(0), one: int(1), last: ints(1) },
  },
  { name: 'Size', nodes: [node('Size', 'x', 's'), node('Cast', 's', 'y', { to: 1 })] },
  {
    name: 'Shape, part',
    nodes: [node('Shape', 'x', 's', { start: -2, end: 9 }), node('Cast', 's', 'y', { to: 1 })],
  },
  one('Concat', 'x x', {}, { axis: 2 }),
  ...[
    [0, 2, 2, 1],
    [-4, 2 ** 40, 2, 1],
    [1, -1, 2, 1],
    [1, 6, 2, 2],
    [-1, -(2 ** 62), 2, -1],
    [0, 2 ** 62, 1, 1],
    [-9, 9, 2, 1],
  ].map(([start, end, axis, step]) =>
    one('Slice', 'x a b c d', { a: ints(start), b: ints(end), c: ints(axis), d: ints(step) }),
  ),
  {
    name: 'Slice of a table to the length of the sequence',
    nodes: [node('Shape', 'ids', 's', { start: 1 }), node('Slice', 'table2 zero s one', 'y')],
    tensors: { table2: reals(2, 40, 3), zero: ints(0), one: ints(1) },
  },
  {
    name: 'Slice of the sequence from its second token',
    nodes: [node('Concat', 'x x', 'w', { axis: 2 }), node('Slice', 'w one end axis', 'y')],
    tensors: { one: ints(0), end: ints(-1), axis: ints(2) },
  },
  one('Gather', 'x i', { i: int(-2) }, { axis: 2 }),
  one('Gather', 'x i', { i: ints(3, 3, -1) }, { axis: -1 }),
  one('Gather', 'x i', { i: { shape: [1, 2], ints: [0, 0] } }, { axis: 1 }),
  one('GatherElements', 'x i', { i: { shape: [1, 1, 2], ints: [5, 0] } }, { axis: 2 }),
  {
    name: 'GatherND',
    nodes: [node('Unsqueeze', 'ids last', 'i'), node('GatherND', 'w i', 'y')],
    tensors: { w: reals(V, 3), last: ints(-1) },
  },
  {
    name: 'Split, given',
    nodes: [node('Split', 'x s', 'a b', { axis: 2 }), node('Concat', 'b a', 'y', { axis: 2 })],
    tensors: { s: ints(2, 4) },
  },
  {
    name: 'Split in parts that are not even',
    opset: 18,
    nodes: [
      node('Slice', 'x zero five axis', 'w'),
      node('Split', 'w', 'a b', { axis: -1, num_outputs: 2 }),
      node('Concat', 'b a', 'y', { axis: 2 }),
    ],
    tensors: { zero: ints(0), five: ints(5), axis: ints(2) },
  },
  {
    name: 'SplitToSequence, SequenceAt',
    nodes: [
      node('SplitToSequence', 'x s', 'q', { axis: 2 }),
      node('SequenceAt', 'q last', 'a'),
      node('SequenceAt', 'q zero', 'b'),
      node('Concat', 'a b', 'y', { axis: 2 }),
    ],
    tensors: { s: int(4), last: int(-1), zero: int(0) },
  },
  one('MatMul', 'x w', { w: reals(D, 4) }),
  one('MatMul', 'x w', { w: reals(D) }),
  {
    name: 'MatMul by a transpose',
    nodes: [node('Transpose', 'x', 't', { perm: [0, 2, 1] }), node('MatMul', 'x t', 'y')],
  },
  {
    name: 'Gemm, flattened',
    nodes: [
      node('Reshape', 'x f', 'a'),
      node('Gemm', 'a w c', 'b'),
      node('Shape', 'ids', 's'),
      node('Concat', 's n', 't', { axis: 0 }),
      node('Reshape', 'b t', 'y'),
    ],
    tensors: { f: ints(-1, D), w: reals(D, 4), c: reals(4), n: ints(4) },
  },
  {
    name: 'Gemm, transposed and scaled',
    nodes: [
      node('Reshape', 'x f', 'a'),
      node('Gemm', 'a w c', 'y', { transB: 1, alpha: { real: 0.5 }, beta: { real: 2 } }),
    ],
    tensors: { f: ints(-1, D), w: reals(4, D), c: reals(1, 4) },
  },
  ...['btd,df->bft', 'btd,bsd->bst', 'btd,btd->bt', 'btd,d->dtb'].map((equation): Case => ({
    name: `Einsum ${equation}`,
    nodes: [
      node('Einsum', equation.includes('bsd') || equation.endsWith('bt') ? 'x x' : 'x w', 'y', {
        equation: { text: equation },
      }),
    ],
    tensors: { w: equation.includes('df') ? reals(D, 2) : reals(D) },
  })),
  ...[0, 1].map((causal): Case => ({
    name: `Attention, heads apart, causal ${causal}`,
    opset: 23,
    nodes: [
      node('Reshape', 'x s', 'h'),
      node('Transpose', 'h', 'q', { perm: [0, 2, 1, 3] }),
      node('Attention', 'q q q', 'y', { is_causal: causal, scale: { real: 0.3 } }),
    ],
    tensors: { s: ints(0, 0, 2, 3) },
  })),
  {
    name: 'Attention, heads together, masked',
    opset: 23,
    nodes: [
      node('Cast', 'mask', 'b', { to: 9 }),
      node('Unsqueeze', 'b axes', 'm'),
      node('Shape', 'ids', 's'),
      node('Gather', 's one', 't'),
      node('Unsqueeze', 't zero', 'u'),
      node('Concat', 'ones u ones1', 'wide', { axis: 0 }),
      node('Expand', 'm wide', 'full'),
      node('Attention', 'x x x full', 'y', { q_num_heads: 2, kv_num_heads: 2 }),
    ],
    tensors: { axes: ints(1, 2), one: int(1), zero: ints(0), ones: ints(1, 1), ones1: ints(1) },
  },
  {
    name: 'RotaryEmbedding, heads together, part of each head',
    opset: 23,
    nodes: [
      node('Concat', 'x x x x', 'wide', { axis: 2 }),
      node('RotaryEmbedding', 'wide cos sin ids', 'y', { num_heads: 2, rotary_embedding_dim: 8 }),
    ],
    tensors: { cos: reals(V, 4), sin: reals(V, 4) },
  },
];

const oddOnes: Case[] = [
  {
    name: 'Constant in numbers',
    nodes: [
      node('Constant', '', 'a', { value_float: { real: 2 } }),
      node('Constant', '', 'b', { value_ints: [1, 1, D] }),
      node('Reshape', 'w b', 'c'),
      node('Mul', 'x a', 'd'),
      node('Add', 'c d', 'y'),
    ],
    tensors: { w: reals(D) },
  },
  {
    name: 'sizes computed from sizes',
    nodes: [
      node('Shape', 'x', 's'),
      node('Gather', 's two', 'd'),
      node('Div', 'd two', 'half'),
      node('Sub', 'd half', 'rest'),
      node('Mod', 'd four', 'over'),
      node('Unsqueeze', 'half zero', 'h'),
      node('Unsqueeze', 'rest zero', 'r'),
      node('Slice', 'x zero h axis', 'a'),
      node('Slice', 'x r end axis', 'b'),
      node('Cast', 'over', 'o', { to: 1 }),
      node('Cast', 'd', 'df', { to: 1 }),
      node('Sqrt', 'df', 'root'),
      node('Add', 'a b', 'c'),
      node('Div', 'c root', 'e'),
      node('Mul', 'e o', 'y'),
    ],
    tensors: { two: int(2), four: int(4), zero: ints(0), axis: ints(2), end: ints(2 ** 62) },
  },
  {
    name: 'the number of rows by ReduceProd',
    nodes: [
      node('Shape', 'ids', 's'),
      node('ReduceProd', 's', 'n', { keepdims: 0, axes: [0] }),
      node('Unsqueeze', 'n zero', 'u'),
      node('Concat', 'u width', 't', { axis: 0 }),
      node('Reshape', 'x t', 'y'),
    ],
    tensors: { zero: ints(0), width: ints(D) },
  },
  {
    name: 'Max of sizes and one',
    nodes: [node('Shape', 'ids', 's'), node('Max', 's ones', 'm'), node('Expand', 'w m', 'y')],
    tensors: { ones: ints(1, 1), w: reals(1, 1) },
  },
];

const table = reals(V, D);

async function check({ nodes, tensors = {}, opset = 17 }: Case) {
  const bytes = encodeModel({
    opset,
    inputs: { ids: 7, mask: 7 },
    tensors: { table, ...tensors },
    nodes: [node('Gather', 'table ids', 'x'), ...nodes],
    outputs: ['y'],
  });
  const refuse = () => {
    throw new Error('no external data');
  };
  const file = readOnnxFile(bytes, 'test.onnx', { check: refuse, read: refuse });
  const g = new GraphBuilder();
  const inputs = new Map(['ids', 'mask'].map((name) => [name, g.input(name, 'int64', ['B', 'T'])]));
  const weight = (name: string, shape: readonly number[]) =>
    g.constant(file.weight(name)!.read(), shape, `weight ${name}`);
  const y = new Importer(file, { g, ids: 'ids', inputs, weight }).tensor('y');
  const graph = g.build({ y });
  const [ours, theirs] = [await createSession(serialise(graph)), await createSession(bytes)];
  for (const [B, T] of [
    [2, 3],
    [1, 5],
    [3, 1],
  ]) {
    const whole = (most: number) => BigInt64Array.from({ length: B * T }, () => BigInt(random.integer(most)));
    const feeds = {
      ids: { data: whole(V), shape: [B, T] },
      mask: { data: whole(2).map((m, i) => (i % T === 0 ? 1n : m)), shape: [B, T] },
    };
    const own = new Set(graph.inputs.map(({ name }) => name));
    const fed = Object.fromEntries(Object.entries(feeds).filter(([name]) => own.has(name)));
    const [{ y: got }, { y: expected }] = [await ours.run(fed), await theirs.run(feeds)];
    expect(got.shape).toEqual(expected.shape);
    expect(y.shape.map((dim) => sizeOf(dim, B, T))).toEqual(expected.shape);
    for (let i = 0; i < expected.data.length; i++) {
      const [a, b] = [Number(got.data[i]), Number(expected.data[i])];
      if (Number.isNaN(b)) expect(a).toBeNaN();
      else expect(Math.abs(a - b)).toBeLessThanOrEqual(2e-5 * (1 + Math.abs(b)));
    }
  }
  await ours.release();
  await theirs.release();
}

function sizeOf(dim: number | string, B: number, T: number): number {
  const element = fromDim(dim);
  if (typeof element === 'number') return element;
  let sum = 0;
  for (const [monomial, coefficient] of element.terms)
    sum += monomial
      .split('*')
      .reduce((product, name) => product * (name === 'B' ? B : name === 'T' ? T : 1), coefficient);
  return sum;
}

describe('imported ops against onnxruntime on the file itself', () => {
  it.each([...cases, ...oddOnes].map((c) => [c.name, c] as const))('%s', async (_name, c) => check(c));
});
