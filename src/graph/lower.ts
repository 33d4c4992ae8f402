import { internal } from '../core/errors.js';
import type { OpAttributes, OpName } from './attributes.js';
import type { Node } from './builder.js';
import { type DType, positiveAxis, staticReshape, type TensorData, type Value } from './types.js';

/** An ONNX node as it stands in the file. */
export interface OnnxNode {
  opType: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, number | bigint | string | readonly number[]>;
}

/** What lowering needs from the writer: fresh constants and intermediate names. */
export interface LoweringTarget {
  node(node: OnnxNode): void;
  constant(data: TensorData, shape: readonly number[]): string;
  freshName(stem: string): string;
  /** Whether anything reads this value. */
  isUsed(name: string): boolean;
}

/** ONNX codes of element types (TensorProto.DataType). */
export const ELEMENT_CODES: Readonly<Record<DType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

const MICROSOFT = 'com.microsoft';

type Lowering<K extends OpName> = (node: Node<K>, target: LoweringTarget) => void;

/** An op whose inputs and attributes are already those of ONNX. */
function direct<K extends OpName>(
  attributes: (a: OpAttributes[K]) => OnnxNode['attributes'] = () => ({}),
  domain = '',
): Lowering<K> {
  return (node, target) =>
    target.node({
      opType: node.op,
      domain,
      inputs: node.inputs.map((input) => input.name),
      outputs: node.outputs.map((output) => output.name),
      attributes: attributes(node.attributes),
    });
}

/** An op under another name, without attributes. */
function renamed<K extends OpName>(opType: string): Lowering<K> {
  return (node, target) =>
    target.node({
      opType,
      domain: '',
      inputs: node.inputs.map((input) => input.name),
      outputs: node.outputs.map((output) => output.name),
      attributes: {},
    });
}

const int64 = (values: readonly number[]) => BigInt64Array.from(values, BigInt);

function vector(target: LoweringTarget, values: readonly number[]): string {
  return target.constant(int64(values), [values.length]);
}

/** One node with the first graph input and extra constant inputs. */
function withConstants(
  node: Node,
  target: LoweringTarget,
  constants: string[],
  attributes: OnnxNode['attributes'] = {},
  opType: string = node.op,
) {
  target.node({
    opType,
    domain: '',
    inputs: [node.inputs[0].name, ...constants],
    outputs: [node.outputs[0].name],
    attributes,
  });
}

function shapeOf(value: Value, target: LoweringTarget): string {
  if (value.shape.every((dim) => typeof dim === 'number')) return vector(target, value.shape as number[]);
  const name = target.freshName('shape');
  target.node({ opType: 'Shape', domain: '', inputs: [value.name], outputs: [name], attributes: {} });
  return name;
}

const reduction: Lowering<'ReduceSum' | 'ReduceMean'> = (node, target) =>
  withConstants(node as Node, target, [vector(target, node.attributes.axes)], {
    keepdims: BigInt(node.attributes.keepdims ? 1 : 0),
  });

const axisOnly = direct<'Softmax' | 'LogSoftmax' | 'Concat'>(({ axis }) => ({ axis: BigInt(axis) }));

/**
 * One node where only y is used. Else y = x Phi(x) and its slope Phi(x) + x phi(x) share what they can, Phi and phi being
 * the standard normal distribution and density.
 */
const gelu: Lowering<'Gelu'> = (node, target) => {
  const [x] = node.inputs;
  const [y, slope] = node.outputs.map((output) => output.name);
  const add = (opType: string, inputs: string[], output: string, attributes: OnnxNode['attributes'] = {}) => {
    target.node({ opType, domain: '', inputs, outputs: [output], attributes });
    return output;
  };
  if (slope === undefined || !target.isUsed(slope)) {
    add('Gelu', [x.name], y, { approximate: node.attributes.approximate });
    return;
  }
  const step = (opType: string, inputs: string[], attributes: OnnxNode['attributes'] = {}) =>
    add(opType, inputs, target.freshName(opType), attributes);
  const scalar = (value: number) =>
    target.constant(x.dtype === 'float64' ? Float64Array.of(value) : Float32Array.of(value), []);
  const u = step('Mul', [x.name, scalar(Math.SQRT1_2)]);
  // 0.5 erf + 0.5 in one pass: its clipping to [0, 1] never acts.
  const distribution = step('HardSigmoid', [step('Erf', [u])], { alpha: 0.5, beta: 0.5 });
  add('Mul', [x.name, distribution], y);
  // The density's factor 1 / sqrt(2 pi) goes into the exponent.
  const exponent = step('Sub', [scalar(-0.5 * Math.log(2 * Math.PI)), step('Mul', [u, u])]);
  add('Add', [distribution, step('Mul', [x.name, step('Exp', [exponent])])], slope);
};

/** One fused node where only the result is used; else the products and the softmax one by one. */
const attention: Lowering<'Attention'> = (node, target) => {
  const [q, k, v, mask, bias] = node.inputs.map((input) => input.name);
  const [y, weights, qh, kh, vh] = node.outputs.map((output) => output.name);
  const { heads, scale, causal } = node.attributes;
  const add = (
    opType: string,
    inputs: string[],
    output: string,
    attributes: OnnxNode['attributes'] = {},
    domain = '',
  ) => target.node({ opType, domain, inputs, outputs: [output], attributes });
  if (![weights, qh, kh, vh].some((name) => target.isUsed(name))) {
    // Without a mask onnxruntime computes in blocks that stay in the cache.
    const masks = mask === undefined ? [] : ['', target.freshName('padding')];
    if (mask !== undefined) add('Cast', [mask], masks[1], { to: BigInt(ELEMENT_CODES.int32) });
    const attributes = {
      num_heads: BigInt(heads),
      scale,
      unidirectional: BigInt(causal),
      mask_filter_value: -1e9,
    };
    add('MultiHeadAttention', [q, k, v, ...masks], y, attributes, MICROSOFT);
    return;
  }
  const [scores, biased, mixed, back] = ['scores', 'biased', 'mixed', 'back'].map((stem) =>
    target.freshName(stem),
  );
  const perm = [0, 2, 1, 3];
  [
    [q, qh],
    [k, kh],
    [v, vh],
  ].forEach(([whole, split], i) => {
    const parts = target.freshName('parts');
    const width = (node.inputs[i].shape[2] as number) / heads;
    add('Reshape', [whole, vector(target, [0, 0, heads, width])], parts);
    add('Transpose', [parts], split, { perm });
  });
  add('FusedMatMul', [qh, kh], scores, { transA: 0n, transB: 1n, alpha: scale }, MICROSOFT);
  if (bias !== undefined) add('Add', [scores, bias], biased);
  add('Softmax', [bias === undefined ? scores : biased], weights, { axis: -1n });
  add('MatMul', [weights, vh], mixed);
  add('Transpose', [mixed], back, { perm });
  add('Reshape', [back, vector(target, [0, 0, -1])], y);
};

/** How each op is written in ONNX (opset 21 and com.microsoft). */
export const lowerings: { readonly [K in OpName]: Lowering<K> } = {
  Add: direct(),
  Sub: direct(),
  Mul: direct(),
  Div: direct(),
  Pow: direct(),
  Neg: direct(),
  Abs: direct(),
  Sqrt: direct(),
  Reciprocal: direct(),
  Exp: direct(),
  Log: direct(),
  Tanh: direct(),
  Sigmoid: direct(),
  Erf: direct(),
  Relu: direct(),
  Where: direct(),
  MatMul: direct(),
  Attention: attention,
  Cos: direct(),
  Sin: direct(),
  Max: direct(),
  Min: direct(),
  Equal: direct(),
  Greater: direct(),
  GreaterOrEqual: direct(),
  Less: direct(),
  LessOrEqual: direct(),
  And: direct(),
  Or: direct(),
  Not: direct(),
  IsNaN: direct(),
  Gelu: gelu,
  Cast: direct(({ to }) => ({ to: BigInt(ELEMENT_CODES[to]) })),
  FusedMatMul: direct(
    ({ transA, transB, alpha }) => ({ transA: BigInt(transA), transB: BigInt(transB), alpha }),
    MICROSOFT,
  ),
  ReduceSum: reduction,
  ReduceMean: reduction,
  Softmax: axisOnly,
  LogSoftmax: axisOnly,
  Concat: axisOnly,
  LayerNormalization: direct(({ epsilon }) => ({ axis: -1n, epsilon })),
  Transpose: direct(({ perm }) => ({ perm })),
  Reshape: (node, target) => {
    const shape = staticReshape(node.inputs[0].shape, node.attributes.shape);
    if (!shape)
      throw internal(
        `Reshape to [${node.attributes.shape.join(', ')}] has two unknown sizes: use ReshapeLike`,
      );
    withConstants(node as Node, target, [vector(target, shape)]);
  },
  ReshapeLike: (node, target) => {
    const shape = staticReshape(node.inputs[0].shape, node.inputs[1].shape);
    const name = shape ? vector(target, shape) : shapeOf(node.inputs[1], target);
    withConstants(node as Node, target, [name], {}, 'Reshape');
  },
  ExpandLike: (node, target) =>
    withConstants(node as Node, target, [shapeOf(node.inputs[1], target)], {}, 'Expand'),
  Shape: direct(({ start, end }) => ({ start: BigInt(start), end: BigInt(end) })),
  Range: direct(),
  ReshapeTo: renamed('Reshape'),
  ExpandTo: renamed('Expand'),
  CumSum: (node, target) => {
    const { axis, exclusive, reverse } = node.attributes;
    withConstants(node as Node, target, [target.constant(int64([axis]), [])], {
      exclusive: BigInt(exclusive),
      reverse: BigInt(reverse),
    });
  },
  Trilu: (node, target) =>
    withConstants(node as Node, target, [target.constant(int64([node.attributes.k]), [])], {
      upper: BigInt(node.attributes.upper),
    }),
  GatherND: direct(),
  ScatterND: direct(() => ({ reduction: 'add' })),
  GatherElements: direct(({ axis }) => ({ axis: BigInt(axis) })),
  ScatterElements: direct(({ axis }) => ({ axis: BigInt(axis), reduction: 'add' })),
  Slice: (node, target) => {
    const { axis, start, end } = node.attributes;
    withConstants(node as Node, target, [
      vector(target, [start]),
      vector(target, [end]),
      vector(target, [axis]),
    ]);
  },
  Pad: (node, target) => {
    const rank = node.inputs[0].shape.length;
    const pads = new Array<number>(2 * rank).fill(0);
    pads[positiveAxis(node.attributes.axis, rank)] = node.attributes.before;
    pads[rank + positiveAxis(node.attributes.axis, rank)] = node.attributes.after;
    withConstants(node as Node, target, [vector(target, pads)], { mode: 'constant' });
  },
  Gather: direct(() => ({ axis: 0n })),
  ScatterRows: (node, target) => {
    const [indices, rows, like] = node.inputs;
    const [wide, column, zeros] = ['indices', 'column', 'zeros'].map((stem) => target.freshName(stem));
    const zero = rows.dtype === 'float64' ? new Float64Array(1) : new Float32Array(1);
    const add = (opType: string, inputs: string[], output: string, attributes: OnnxNode['attributes'] = {}) =>
      target.node({ opType, domain: '', inputs, outputs: [output], attributes });
    add('Cast', [indices.name], wide, { to: BigInt(ELEMENT_CODES.int64) });
    add('Unsqueeze', [wide, vector(target, [-1])], column);
    add('Expand', [target.constant(zero, []), shapeOf(like, target)], zeros);
    add('ScatterND', [zeros, column, rows.name], node.outputs[0].name, { reduction: 'add' });
  },
  RotaryEmbedding: direct(({ heads }) => ({ interleaved: 0n, num_heads: BigInt(heads) }), MICROSOFT),
};
