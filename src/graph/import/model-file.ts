import type { Dim, DType } from '../types.js';
import { ModelProto } from '../onnx-schema.js';
import { EXPORT_AGAIN, modelFault } from './fault.js';
import {
  elementType,
  type ExternalData,
  integer,
  type ProtoInteger,
  type StoredTensor,
  storedTensor,
  type TensorProto,
} from './tensors.js';

/** An attribute of a node. */
export type Attribute =
  | { kind: 'float' | 'int'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'floats' | 'ints'; value: readonly number[] }
  | { kind: 'tensor'; value: TensorProto }
  | { kind: 'graph' | 'other' };

/** A node as it stands in the file. */
export interface FileNode {
  /** May be empty. */
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  /** Names of tensors; empty where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** An input of the model. */
export interface FileInput {
  readonly name: string;
  readonly dtype: DType;
  /** Sizes; a text where the size is free. */
  readonly shape: readonly Dim[];
}

/** An ONNX model file, read and checked; weights are read when asked for. */
export interface OnnxFile {
  readonly file: string;
  /** Version of the ONNX operators. */
  readonly opset: number;
  readonly nodes: readonly FileNode[];
  /** Which node makes a tensor. */
  readonly producers: ReadonlyMap<string, FileNode>;
  readonly inputs: readonly FileInput[];
  readonly outputs: readonly string[];
  /** Names of functions that the file defines itself. */
  readonly functions: ReadonlySet<string>;
  /** A weight, or undefined when the file holds none of that name. */
  weight(name: string): StoredTensor | undefined;
  /** A tensor that stands in a node's attribute. */
  constant(proto: TensorProto, name: string): StoredTensor;
}

interface AttributeProto {
  name: string;
  type: number;
  f: number;
  i: ProtoInteger;
  s: Uint8Array;
  t: TensorProto | null;
  floats: number[];
  ints: ProtoInteger[];
}

interface NodeProto {
  name: string;
  opType: string;
  domain: string;
  input: string[];
  output: string[];
  attribute: AttributeProto[];
}

interface ValueInfoProto {
  name: string;
  type: {
    tensorType: {
      elemType: number;
      shape: { dim: { dimValue: ProtoInteger; dimParam: string }[] } | null;
    } | null;
  } | null;
}

interface ModelMessage {
  graph: {
    node: NodeProto[];
    initializer: TensorProto[];
    input: ValueInfoProto[];
    output: ValueInfoProto[];
  } | null;
  opsetImport: { domain: string; version: ProtoInteger }[];
  functions: { name: string }[];
}

/** Versions of the ONNX operators whose meaning is known here. */
const OPSETS = { first: 13, last: 26 };
/** No model has tensors of more axes. */
const MOST_AXES = 16;

/**
 * Reads an ONNX model.
 * @param bytes the file
 * @param file its path, for messages
 * @throws ModelError when it is not an ONNX model, is damaged, or is of a version that is not known
 */
export function readOnnxFile(bytes: Uint8Array, file: string, external: ExternalData): OnnxFile {
  const { graph, opsetImport, functions } = decode(bytes, file);
  const opset = opsetOf(opsetImport, file);
  if (!graph || graph.node.length === 0)
    throw modelFault(file, { what: 'not an ONNX model', expected: 'a graph with nodes', fix: EXPORT_AGAIN });
  const nodes = graph.node.map(fileNode);
  const stored = new Map(graph.initializer.map((proto) => [proto.name, proto]));
  const weights = new Map<string, StoredTensor>();
  const constant = (proto: TensorProto, name: string) => storedTensor(proto, name, file, external);
  return {
    file,
    opset,
    nodes,
    producers: producersOf(nodes, stored, file),
    inputs: graph.input.filter(({ name }) => !stored.has(name)).map((info) => fileInput(info, file)),
    outputs: graph.output.map(({ name }) => name),
    functions: new Set(functions.map(({ name }) => name)),
    weight(name) {
      const proto = stored.get(name);
      const known = weights.get(name) ?? (proto && constant(proto, name));
      if (known) weights.set(name, known);
      return known;
    },
    constant,
  };
}

function decode(bytes: Uint8Array, file: string): ModelMessage {
  try {
    return ModelProto.decode(bytes) as unknown as ModelMessage;
  } catch (cause) {
    const got = (cause as Error).message;
    throw modelFault(file, { what: 'not an ONNX model', expected: 'an ONNX protobuf', got }, cause);
  }
}

function opsetOf(imports: ModelMessage['opsetImport'], file: string): number {
  const standard = imports.find(({ domain }) => isStandard(domain));
  const opset = standard ? integer(standard.version) : 0;
  if (opset >= OPSETS.first && opset <= OPSETS.last) return opset;
  throw modelFault(file, {
    what: 'version of the ONNX operators is not supported',
    expected: `opset ${OPSETS.first} to ${OPSETS.last}`,
    got: standard ? `${opset}` : 'none',
    fix: EXPORT_AGAIN,
  });
}

/** Whether a domain is that of ONNX's own operators. */
export function isStandard(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

function fileNode({ name, opType, domain, input, output, attribute }: NodeProto): FileNode {
  return {
    name,
    op: opType,
    domain,
    inputs: input,
    outputs: output,
    attributes: new Map(attribute.map((one) => [one.name, attributeOf(one)])),
  };
}

function attributeOf({ type, f, i, s, t, floats, ints }: AttributeProto): Attribute {
  switch (type) {
    case 1:
      return { kind: 'float', value: f };
    case 2:
      return { kind: 'int', value: integer(i) };
    case 3:
      return { kind: 'string', value: new TextDecoder().decode(Uint8Array.from(s)) };
    case 4:
      return t ? { kind: 'tensor', value: t } : { kind: 'other' };
    case 5:
    case 10:
      return { kind: 'graph' };
    case 6:
      return { kind: 'floats', value: floats };
    case 7:
      return { kind: 'ints', value: ints.map(integer) };
    default:
      return { kind: 'other' };
  }
}

function producersOf(
  nodes: readonly FileNode[],
  stored: ReadonlyMap<string, TensorProto>,
  file: string,
): Map<string, FileNode> {
  const producers = new Map<string, FileNode>();
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (producers.has(name) || stored.has(name))
        throw modelFault(file, {
          what: `tensor ${name} is made twice`,
          expected: 'one node for each tensor',
        });
      producers.set(name, node);
    }
  }
  return producers;
}

function fileInput({ name, type }: ValueInfoProto, file: string): FileInput {
  const tensor = type?.tensorType;
  const dims = tensor?.shape?.dim;
  if (!tensor || !dims || dims.length > MOST_AXES)
    throw modelFault(file, { what: `input ${name} has no shape`, expected: 'a tensor', fix: EXPORT_AGAIN });
  return {
    name,
    dtype: elementType(tensor.elemType, `input ${name}`, file),
    shape: dims.map(({ dimValue, dimParam }) => integer(dimValue) || dimParam || '?'),
  };
}
