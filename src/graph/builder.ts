import { internal } from '../core/errors.js';
import type { OpAttributes, OpName } from './attributes.js';
import { ops } from './ops/index.js';
import {
  type Constant,
  type DType,
  type Dim,
  type ExternalLocation,
  type Shape,
  staticReshape,
  type TensorData,
  type Value,
} from './types.js';

/** One application of an op. */
export interface Node<K extends OpName = OpName> {
  readonly op: K;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: OpAttributes[K];
}

/** A finished graph: what goes in, what comes out, and the nodes between, in order of evaluation. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly nodes: readonly Node[];
}

/**
 * Builds a graph op by op. Types and shapes are inferred as nodes are added, so a graph that does not fit throws where
 * it is written. Knows no biology and no runtime.
 */
export class GraphBuilder {
  readonly inputs: Value[] = [];
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Constant>();
  private readonly producers = new Map<string, Node>();
  private readonly scalars = new Map<string, Value>();
  private counter = 0;

  /** A graph input. */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value: Value = { name, dtype, shape };
    this.inputs.push(value);
    return value;
  }

  /** A named weight or a constant tensor. */
  constant(data: TensorData, shape: Shape, name = this.freshName('const')): Value {
    const value: Value = { name, dtype: dtypeOf(data), shape };
    if (this.constants.has(name)) throw internal(`constant ${name} is defined twice`);
    this.constants.set(name, { value, data });
    return value;
  }

  /** A float32 weight that stays in its file. */
  externalConstant(location: ExternalLocation, shape: Shape, name: string): Value {
    const value: Value = { name, dtype: 'float32', shape };
    this.constants.set(name, { value, data: location });
    return value;
  }

  /** A scalar of the same element type as `like`. */
  scalar(number: number, like: Value): Value {
    const key = `${like.dtype}:${number}`;
    let value = this.scalars.get(key);
    if (!value) {
      const data = like.dtype === 'float64' ? new Float64Array([number]) : new Float32Array([number]);
      value = this.constant(data, []);
      this.scalars.set(key, value);
    }
    return value;
  }

  /** Adds a node and returns all its outputs. */
  apply<K extends OpName>(op: K, inputs: readonly Value[], attributes: OpAttributes[K]): Value[] {
    const types = ops[op].infer(inputs, attributes);
    const outputs = types.map((type) => ({ name: this.freshName(op), ...type }));
    const node = { op, inputs, outputs, attributes } as Node<K>;
    this.nodes.push(node as unknown as Node);
    for (const output of outputs) this.producers.set(output.name, node as unknown as Node);
    return outputs;
  }

  /** The node that made a value, or null for inputs and constants. */
  producer(value: Value): Node | null {
    return this.producers.get(value.name) ?? null;
  }

  /** Closes the graph over named outputs; nodes and constants that do not reach them are left out. */
  build(outputs: Record<string, Value>): Graph {
    const live = new Set(Object.values(outputs).map((value) => value.name));
    const nodes: Node[] = [];
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i];
      if (!node.outputs.some((output) => live.has(output.name))) continue;
      nodes.push(node);
      for (const input of node.inputs) live.add(input.name);
    }
    return {
      inputs: this.inputs.filter((input) => live.has(input.name)),
      outputs: Object.entries(outputs).map(([name, value]) => ({ name, value })),
      constants: new Map([...this.constants].filter(([name]) => live.has(name))),
      nodes: nodes.reverse(),
    };
  }

  private freshName(stem: string): string {
    return `${stem}_${this.counter++}`;
  }

  // One method per op that graphs are written with; each is the ONNX op of that name.
  add(a: Value, b: Value): Value {
    return this.apply('Add', [a, b], {})[0];
  }
  sub(a: Value, b: Value): Value {
    return this.apply('Sub', [a, b], {})[0];
  }
  mul(a: Value, b: Value): Value {
    return this.apply('Mul', [a, b], {})[0];
  }
  div(a: Value, b: Value): Value {
    return this.apply('Div', [a, b], {})[0];
  }
  /** x * number. */
  scale(x: Value, number: number): Value {
    return this.mul(x, this.scalar(number, x));
  }
  unary(
    op: 'Neg' | 'Abs' | 'Sqrt' | 'Reciprocal' | 'Exp' | 'Log' | 'Tanh' | 'Sigmoid' | 'Erf' | 'Relu',
    x: Value,
  ): Value {
    return this.apply(op, [x], {})[0];
  }
  neg(x: Value): Value {
    return this.unary('Neg', x);
  }
  gelu(x: Value, approximate: 'none' | 'tanh' = 'none'): Value {
    return this.apply('Gelu', [x], { approximate })[0];
  }
  cast(x: Value, to: DType): Value {
    return x.dtype === to ? x : this.apply('Cast', [x], { to })[0];
  }
  matMul(a: Value, b: Value): Value {
    return this.apply('MatMul', [a, b], {})[0];
  }
  fusedMatMul(a: Value, b: Value, options: Partial<OpAttributes['FusedMatMul']> = {}): Value {
    return this.apply('FusedMatMul', [a, b], { transA: false, transB: false, alpha: 1, ...options })[0];
  }
  reduceSum(x: Value, axes: readonly number[], keepdims = false): Value {
    return axes.length === 0 ? x : this.apply('ReduceSum', [x], { axes, keepdims })[0];
  }
  reduceMean(x: Value, axes: readonly number[], keepdims = false): Value {
    return this.apply('ReduceMean', [x], { axes, keepdims })[0];
  }
  softmax(x: Value, axis = -1): Value {
    return this.apply('Softmax', [x], { axis })[0];
  }
  logSoftmax(x: Value, axis = -1): Value {
    return this.apply('LogSoftmax', [x], { axis })[0];
  }
  /** (x - mean) / sqrt(var + epsilon) * scale + bias over the last axis; bias may be absent. */
  layerNorm(x: Value, scale: Value, bias: Value | null, epsilon: number): Value {
    return this.apply('LayerNormalization', bias ? [x, scale, bias] : [x, scale], { epsilon })[0];
  }
  reshape(x: Value, shape: readonly Dim[]): Value {
    return this.apply('Reshape', [x], { shape })[0];
  }
  /** Reshape to the shape of another value; the sizes are taken at run time only where they have to be. */
  reshapeLike(x: Value, like: Value): Value {
    return staticReshape(x.shape, like.shape)
      ? this.reshape(x, like.shape)
      : this.apply('ReshapeLike', [x, like], {})[0];
  }
  transpose(x: Value, perm: readonly number[]): Value {
    return this.apply('Transpose', [x], { perm })[0];
  }
  concat(parts: readonly Value[], axis: number): Value {
    return this.apply('Concat', parts, { axis })[0];
  }
  slice(x: Value, axis: number, start: number, end: number): Value {
    return this.apply('Slice', [x], { axis, start, end })[0];
  }
  gather(table: Value, indices: Value): Value {
    return this.apply('Gather', [table, indices], {})[0];
  }
  where(condition: Value, a: Value, b: Value): Value {
    return this.apply('Where', [condition, a, b], {})[0];
  }
  rotaryEmbedding(x: Value, positions: Value, cos: Value, sin: Value, heads: number): Value {
    return this.apply('RotaryEmbedding', [x, positions, cos, sin], { heads })[0];
  }
}

function dtypeOf(data: TensorData): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Int32Array) return 'int32';
  return 'bool';
}
