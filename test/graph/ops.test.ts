import { describe, expect, it } from 'vitest';
import { vjp } from '../../src/graph/autodiff.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { ops } from '../../src/graph/ops/index.js';
import { serialise } from '../../src/graph/serialise.js';
import type { Shape, Value } from '../../src/graph/types.js';
import { createRandom } from '../../src/core/random.js';
import { createSession } from '../../src/runtime/session.js';

interface Case {
  name: string;
  op: keyof typeof ops;
  /** Shapes of the differentiated inputs. */
  shapes: Shape[];
  build: (g: GraphBuilder, x: Value[]) => Value;
  /** Keeps inputs where the op is smooth. */
  domain?: 'positive' | 'away from zero';
  /** onnxruntime has no double kernel for some ops. */
  dtype?: 'float32';
}

const indices = (g: GraphBuilder, values: number[], shape: number[]) =>
  g.constant(Int32Array.from(values), shape);

const cases: Case[] = [
  { name: 'Add, broadcast', op: 'Add', shapes: [[2, 3], [3]], build: (g, [a, b]) => g.add(a, b) },
  {
    name: 'Sub, broadcast',
    op: 'Sub',
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
    build: (g, [a, b]) => g.sub(a, b),
  },
  {
    name: 'Mul, broadcast',
    op: 'Mul',
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (g, [a, b]) => g.mul(a, b),
  },
  { name: 'Div', op: 'Div', shapes: [[2, 3], [3]], domain: 'positive', build: (g, [a, b]) => g.div(a, b) },
  {
    name: 'Pow',
    op: 'Pow',
    shapes: [[5]],
    domain: 'positive',
    build: (g, [a]) => g.apply('Pow', [a, g.scalar(2.5, a)], {})[0],
  },
  { name: 'Neg', op: 'Neg', shapes: [[4]], build: (g, [a]) => g.neg(a) },
  ...(['Abs', 'Relu'] as const).map((op): Case => ({
    name: op,
    op,
    shapes: [[6]],
    domain: 'away from zero',
    build: (g, [a]) => g.unary(op, a),
  })),
  ...(['Sqrt', 'Reciprocal', 'Log'] as const).map((op): Case => ({
    name: op,
    op,
    shapes: [[5]],
    domain: 'positive',
    build: (g, [a]) => g.unary(op, a),
  })),
  ...(['Exp', 'Tanh', 'Sigmoid'] as const).map((op): Case => ({
    name: op,
    op,
    shapes: [[5]],
    build: (g, [a]) => g.unary(op, a),
  })),
  { name: 'Erf', op: 'Erf', shapes: [[5]], dtype: 'float32', build: (g, [a]) => g.unary('Erf', a) },
  { name: 'Gelu', op: 'Gelu', shapes: [[7]], dtype: 'float32', build: (g, [a]) => g.gelu(a) },
  { name: 'Gelu, tanh', op: 'Gelu', shapes: [[7]], dtype: 'float32', build: (g, [a]) => g.gelu(a, 'tanh') },
  {
    name: 'Where',
    op: 'Where',
    shapes: [[2, 3], [3]],
    build: (g, [a, b]) => g.where(g.constant(Uint8Array.from([1, 0, 1, 0, 0, 1]), [2, 3]), a, b),
  },
  {
    name: 'Cast',
    op: 'Cast',
    shapes: [[3]],
    dtype: 'float32',
    build: (g, [a]) => g.cast(g.mul(g.cast(a, 'float64'), g.cast(a, 'float64')), 'float32'),
  },
  {
    name: 'MatMul',
    op: 'MatMul',
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
    build: (g, [a, b]) => g.matMul(a, b),
  },
  {
    name: 'MatMul, batched both sides',
    op: 'MatMul',
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    build: (g, [a, b]) => g.matMul(a, b),
  },
  ...[
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ].map(([transA, transB]): Case => ({
    name: `FusedMatMul ${transA} ${transB}`,
    op: 'FusedMatMul',
    dtype: 'float32',
    shapes: [transA ? [2, 4, 3] : [2, 3, 4], transB ? [2, 5, 4] : [2, 4, 5]],
    build: (g, [a, b]) => g.fusedMatMul(a, b, { transA, transB, alpha: 0.7 }),
  })),
  ...[true, false].map((transB): Case => ({
    name: `FusedMatMul by a shared matrix ${transB}`,
    op: 'FusedMatMul',
    dtype: 'float32',
    shapes: [[2, 3, 4], transB ? [5, 4] : [4, 5]],
    build: (g, [a, b]) => g.fusedMatMul(a, b, { transB }),
  })),
  { name: 'ReduceSum', op: 'ReduceSum', shapes: [[2, 3, 4]], build: (g, [a]) => g.reduceSum(a, [0, 2]) },
  {
    name: 'ReduceSum, kept',
    op: 'ReduceSum',
    shapes: [[2, 3, 4]],
    build: (g, [a]) => g.reduceSum(a, [-2], true),
  },
  { name: 'ReduceMean', op: 'ReduceMean', shapes: [[2, 3, 4]], build: (g, [a]) => g.reduceMean(a, [1]) },
  { name: 'Softmax', op: 'Softmax', shapes: [[2, 5]], build: (g, [a]) => g.softmax(a) },
  { name: 'LogSoftmax', op: 'LogSoftmax', shapes: [[2, 5]], build: (g, [a]) => g.logSoftmax(a) },
  {
    name: 'LayerNormalization',
    op: 'LayerNormalization',
    dtype: 'float32',
    shapes: [[2, 3, 8], [8], [8]],
    build: (g, [x, scale, bias]) => g.layerNorm(x, scale, bias, 1e-5),
  },
  {
    name: 'LayerNormalization without bias',
    op: 'LayerNormalization',
    dtype: 'float32',
    shapes: [[4, 8], [8]],
    build: (g, [x, scale]) => g.layerNorm(x, scale, null, 1e-5),
  },
  {
    name: 'Attention',
    op: 'Attention',
    dtype: 'float32',
    shapes: [
      [2, 3, 8],
      [2, 3, 8],
      [2, 3, 8],
    ],
    build: (g, [q, k, v]) => {
      const mask = g.constant(Float32Array.of(1, 1, 1, 1, 1, 0), [2, 3]);
      const bias = g.constant(Float32Array.of(0, 0, 0, 0, 0, -1e9), [2, 1, 1, 3]);
      return g.apply('Attention', [q, k, v, mask, bias], { heads: 2, scale: 0.5, causal: false })[0];
    },
  },
  { name: 'Reshape', op: 'Reshape', shapes: [[2, 6]], build: (g, [a]) => g.reshape(a, [3, 4]) },
  {
    name: 'ReshapeLike',
    op: 'ReshapeLike',
    shapes: [[2, 6]],
    build: (g, [a]) => g.apply('ReshapeLike', [a, g.constant(new Float64Array(12), [3, 4])], {})[0],
  },
  {
    name: 'ExpandLike',
    op: 'ExpandLike',
    shapes: [[2, 1]],
    build: (g, [a]) => g.apply('ExpandLike', [a, g.constant(new Float64Array(24), [4, 2, 3])], {})[0],
  },
  { name: 'Transpose', op: 'Transpose', shapes: [[2, 3, 4]], build: (g, [a]) => g.transpose(a, [2, 0, 1]) },
  {
    name: 'Concat',
    op: 'Concat',
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (g, [a, b]) => g.concat([a, b], -1),
  },
  { name: 'Slice', op: 'Slice', shapes: [[2, 5]], build: (g, [a]) => g.slice(a, 1, 1, 4) },
  {
    name: 'Pad',
    op: 'Pad',
    shapes: [[2, 3]],
    build: (g, [a]) => g.apply('Pad', [a], { axis: 1, before: 2, after: 1 })[0],
  },
  {
    name: 'Gather',
    op: 'Gather',
    shapes: [[5, 3]],
    build: (g, [a]) => g.gather(a, indices(g, [4, 0, 4, 2], [2, 2])),
  },
  {
    name: 'ScatterRows',
    op: 'ScatterRows',
    shapes: [[2, 2, 3]],
    build: (g, [rows]) =>
      g.apply(
        'ScatterRows',
        [indices(g, [4, 0, 4, 2], [2, 2]), rows, g.constant(new Float64Array(15), [5, 3])],
        {},
      )[0],
  },
  ...(['Cos', 'Sin'] as const).map((op): Case => ({
    name: op,
    op,
    shapes: [[5]],
    dtype: 'float32',
    build: (g, [a]) => g.apply(op, [a], {})[0],
  })),
  ...(['Max', 'Min'] as const).map((op): Case => ({
    name: `${op}, broadcast`,
    op,
    shapes: [[2, 3], [3]],
    build: (g, [a, b]) => g.apply(op, [a, b], {})[0],
  })),
  ...(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'] as const).map((op): Case => ({
    name: `${op} chooses`,
    op,
    shapes: [[2, 3], [3]],
    build: (g, [a, b]) => g.where(g.apply(op, [a, b], {})[0], g.mul(a, a), b),
  })),
  ...(['And', 'Or'] as const).map((op): Case => ({
    name: `${op} chooses`,
    op,
    shapes: [[2, 2], [2]],
    build: (g, [a, b]) => {
      const left = g.constant(Uint8Array.from([0, 0, 1, 1]), [2, 2]);
      const right = g.constant(Uint8Array.from([0, 1]), [2]);
      return g.where(g.apply(op, [left, right], {})[0], g.mul(a, a), b);
    },
  })),
  {
    name: 'Not chooses',
    op: 'Not',
    shapes: [[3], [3]],
    build: (g, [a, b]) =>
      g.where(g.apply('Not', [g.constant(Uint8Array.from([0, 1, 0]), [3])], {})[0], g.mul(a, a), b),
  },
  {
    name: 'IsNaN chooses',
    op: 'IsNaN',
    shapes: [[3], [3]],
    build: (g, [a, b]) =>
      g.where(g.apply('IsNaN', [g.constant(Float64Array.from([0, NaN, 1]), [3])], {})[0], g.mul(a, a), b),
  },
  {
    name: 'Shape, as sizes to expand to',
    op: 'Shape',
    shapes: [
      [1, 3],
      [2, 3],
    ],
    build: (g, [a, b]) =>
      g.mul(
        g.apply('ExpandTo', [a, g.apply('Shape', [b], { start: 0, end: 2 })[0]], { shape: [2, 3] })[0],
        b,
      ),
  },
  {
    name: 'Range, as rows to look up',
    op: 'Range',
    shapes: [[5, 2]],
    build: (g, [a]) => {
      const bounds = [1n, 5n, 2n].map((value) => g.constant(BigInt64Array.of(value), []));
      return g.gather(a, g.apply('Range', bounds, { length: 2 })[0]);
    },
  },
  {
    name: 'ReshapeTo',
    op: 'ReshapeTo',
    shapes: [[2, 6]],
    build: (g, [a]) =>
      g.apply('ReshapeTo', [a, g.constant(BigInt64Array.of(3n, 4n), [2])], { shape: [3, 4] })[0],
  },
  {
    name: 'ExpandTo',
    op: 'ExpandTo',
    shapes: [[2, 1]],
    build: (g, [a]) =>
      g.apply('ExpandTo', [a, g.constant(BigInt64Array.of(3n, 1n, 4n), [3])], { shape: [3, 2, 4] })[0],
  },
  ...[
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ].map(([exclusive, reverse]): Case => ({
    name: `CumSum, exclusive ${exclusive}, reverse ${reverse}`,
    op: 'CumSum',
    shapes: [[2, 4]],
    build: (g, [a]) => g.apply('CumSum', [g.mul(a, a)], { axis: 1, exclusive, reverse })[0],
  })),
  ...[true, false].map((upper): Case => ({
    name: `Trilu, upper ${upper}`,
    op: 'Trilu',
    shapes: [[2, 3, 4]],
    build: (g, [a]) => g.apply('Trilu', [a], { upper, k: 1 })[0],
  })),
  {
    name: 'GatherND, with repeats',
    op: 'GatherND',
    shapes: [[3, 2, 2]],
    build: (g, [a]) => {
      const tuples = g.constant(BigInt64Array.from([2n, 1n, 0n, 0n, 2n, 1n]), [3, 2]);
      return g.apply('GatherND', [a, tuples], {})[0];
    },
  },
  {
    name: 'ScatterND',
    op: 'ScatterND',
    shapes: [
      [3, 2, 2],
      [3, 2],
    ],
    build: (g, [data, updates]) => {
      const tuples = g.constant(BigInt64Array.from([2n, 1n, 0n, 0n, 2n, 1n]), [3, 2]);
      return g.apply('ScatterND', [data, tuples, updates], {})[0];
    },
  },
  {
    name: 'GatherElements, with repeats',
    op: 'GatherElements',
    shapes: [[2, 3]],
    build: (g, [a]) => {
      const at = g.constant(BigInt64Array.from([2n, 2n, 0n, 1n]), [2, 2]);
      return g.apply('GatherElements', [a, at], { axis: 1 })[0];
    },
  },
  {
    name: 'ScatterElements',
    op: 'ScatterElements',
    shapes: [
      [2, 3],
      [2, 2],
    ],
    build: (g, [data, updates]) => {
      const at = g.constant(BigInt64Array.from([2n, 2n, 0n, 1n]), [2, 2]);
      return g.apply('ScatterElements', [data, at, updates], { axis: 1 })[0];
    },
  },
  {
    name: 'RotaryEmbedding',
    op: 'RotaryEmbedding',
    dtype: 'float32',
    shapes: [[2, 3, 8]],
    build: (g, [x]) => {
      const angles = Float32Array.from({ length: 6 }, (_, i) => i * 0.7);
      const positions = g.constant(BigInt64Array.from([0n]), [1]);
      return g.rotaryEmbedding(
        x,
        positions,
        g.constant(angles.map(Math.cos), [3, 2]),
        g.constant(angles.map(Math.sin), [3, 2]),
        2,
      );
    },
  },
];

const size = (shape: Shape) => (shape as number[]).reduce((a, b) => a * b, 1);

/** Value and gradients of sum(weights * op(x)), against central differences of the same forward graph. */
async function check(one: Case) {
  const dtype = one.dtype ?? 'float64';
  const make = (values: number[]) =>
    dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
  const random = createRandom(one.name);
  const draw = () => {
    const x = random.normal();
    if (one.domain === 'positive') return 0.5 + Math.abs(x);
    if (one.domain === 'away from zero') return x + Math.sign(x);
    return x;
  };
  const g = new GraphBuilder();
  const inputs = one.shapes.map((shape, i) => g.input(`x${i}`, dtype, shape));
  const y = one.build(g, inputs);
  const cotangent = g.input('cotangent', dtype, y.shape);
  const gradients = vjp(g, [{ output: y, cotangent }], inputs);
  const graph = g.build({ y, ...Object.fromEntries(gradients.map((gradient, i) => [`d${i}`, gradient])) });
  const session = await createSession(serialise(graph));
  const points = one.shapes.map((shape) => Array.from({ length: size(shape) }, draw));
  const weights = Array.from({ length: size(y.shape) }, () => random.normal());
  const run = (xs: number[][]) => {
    const feeds = Object.fromEntries(
      xs.map((x, i) => [`x${i}`, { data: make(x), shape: one.shapes[i] as number[] }]),
    );
    const used = new Set(graph.inputs.map((input) => input.name));
    const all = { ...feeds, cotangent: { data: make(weights), shape: y.shape as number[] } };
    return session.run(Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name))));
  };
  const value = async (xs: number[][]) => {
    const { data } = (await run(xs)).y;
    return weights.reduce((sum, weight, i) => sum + weight * Number(data[i]), 0);
  };
  const step = dtype === 'float64' ? 1e-5 : 1e-2;
  const tolerance = dtype === 'float64' ? 1e-8 : 5e-4;
  const result = await run(points);
  for (let i = 0; i < points.length; i++) {
    expect(result[`d${i}`].shape).toEqual(one.shapes[i]);
    for (let j = 0; j < points[i].length; j++) {
      const shifted = (delta: number) =>
        points.map((x, k) => (k === i ? x.map((v, l) => (l === j ? v + delta : v)) : x));
      const slope = ((await value(shifted(step))) - (await value(shifted(-step)))) / (2 * step);
      expect(Math.abs(Number(result[`d${i}`].data[j]) - slope)).toBeLessThan(
        tolerance * (1 + Math.abs(slope)),
      );
    }
  }
  await session.release();
}

describe('reverse rules against central differences', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => check(one));

  it('leaves no op out', () => {
    expect(new Set(cases.map((one) => one.op))).toEqual(new Set(Object.keys(ops)));
  });
});
