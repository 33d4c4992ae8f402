import type { OpName } from './attributes.js';
import type { Graph, Node } from './builder.js';
import { ELEMENT_CODES, type LoweringTarget, lowerings, type OnnxNode } from './lower.js';
import { ModelProto } from './onnx-schema.js';
import type { DType, ExternalLocation, TensorData, TensorType, Value } from './types.js';

/** Versions written: readable by onnxruntime 1.20 and later. */
const IR_VERSION = 10;
const OPSET = 21;

enum AttributeType {
  Float = 1,
  Int = 2,
  String = 3,
  Ints = 7,
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function dtypeOfData(data: TensorData): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Int32Array) return 'int32';
  return 'bool';
}

function attributeProto(name: string, value: OnnxNode['attributes'][string]): object {
  if (typeof value === 'bigint') return { name, i: Number(value), type: AttributeType.Int };
  if (typeof value === 'number') return { name, f: value, type: AttributeType.Float };
  if (typeof value === 'string') return { name, s: Buffer.from(value), type: AttributeType.String };
  return { name, ints: [...value], type: AttributeType.Ints };
}

function valueInfo({ dtype, shape }: Value, name: string): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: ELEMENT_CODES[dtype], shape: { dim } } } };
}

function tensorProto(
  name: string,
  data: TensorData | ExternalLocation,
  { dtype, shape }: TensorType,
): object {
  const base = { name, dims: [...shape], dataType: ELEMENT_CODES[dtype] };
  if (!('location' in data)) return { ...base, rawData: bytesOf(data) };
  const externalData = Object.entries(data).map(([key, value]) => ({ key, value: String(value) }));
  return { ...base, dataLocation: 1, externalData };
}

function lower<K extends OpName>(node: Node<K>, target: LoweringTarget): void {
  lowerings[node.op](node, target);
}

/** The graph as the bytes of an ONNX model (IR 10, opset 21, com.microsoft 1). */
export function serialise(graph: Graph): Uint8Array {
  const used = new Set(graph.nodes.flatMap((node) => node.inputs.map((input) => input.name)));
  for (const { value } of graph.outputs) used.add(value.name);
  const initializer: object[] = [];
  const node: object[] = [];
  let counter = 0;
  const target: LoweringTarget = {
    isUsed: (name) => used.has(name),
    freshName: (stem) => `${stem}__${counter++}`,
    constant: (data, shape) => {
      const name = target.freshName('const');
      initializer.push(tensorProto(name, data, { dtype: dtypeOfData(data), shape }));
      return name;
    },
    node: ({ opType, domain, inputs, outputs, attributes }) =>
      node.push({
        opType,
        domain,
        input: inputs,
        output: outputs.map((name, i) => (i === 0 || used.has(name) || name.includes('__') ? name : '')),
        attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
      }),
  };
  for (const [name, { value, data }] of graph.constants) {
    initializer.push(tensorProto(name, data, value));
  }
  for (const one of graph.nodes) lower(one, target);
  for (const { name, value } of graph.outputs) {
    target.node({ opType: 'Identity', domain: '', inputs: [value.name], outputs: [name], attributes: {} });
  }
  return ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: 'biseq',
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'biseq',
      node,
      initializer,
      input: graph.inputs.map((value) => valueInfo(value, value.name)),
      output: graph.outputs.map(({ name, value }) => valueInfo(value, name)),
    },
  }).finish();
}
