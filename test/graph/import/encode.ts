import { ModelProto } from '../../../src/graph/onnx-schema.js';

/** A tensor of a model: whole numbers or real numbers. */
export interface TestTensor {
  shape: number[];
  ints?: readonly number[];
  floats?: readonly number[];
  bools?: readonly number[];
}

export type TestAttribute = number | { real: number } | { text: string } | readonly number[] | TestTensor;

/** A node written short: op, inputs, outputs, attributes. */
export interface TestNode {
  op: string;
  in: readonly string[];
  out: readonly string[];
  attributes?: Record<string, TestAttribute>;
  domain?: string;
  name?: string;
}

export interface TestModel {
  opset?: number;
  nodes: readonly TestNode[];
  tensors?: Record<string, TestTensor>;
  /** Inputs [B x T]; their element types (7: int64). */
  inputs?: Record<string, number>;
  outputs: readonly string[];
}

export function tensorProto({ shape, ints, floats, bools }: TestTensor, name = ''): object {
  const [dataType, data] = ints
    ? [7, BigInt64Array.from(ints, BigInt)]
    : bools
      ? [9, Uint8Array.from(bools)]
      : [1, Float32Array.from(floats ?? [])];
  return { name, dims: shape, dataType, rawData: new Uint8Array(data.buffer) };
}

function attribute(name: string, value: TestAttribute): object {
  if (typeof value === 'number') return { name, i: value, type: 2 };
  if ('real' in value) return { name, f: value.real, type: 1 };
  if ('text' in value) return { name, s: Buffer.from(value.text), type: 3 };
  if ('shape' in value) return { name, t: tensorProto(value), type: 4 };
  return { name, ints: [...value], type: 7 };
}

/** The model message that {@link encodeModel} writes, to be damaged before it is written. */
export function modelMessage({ opset = 17, nodes, tensors = {}, inputs = { ids: 7 }, outputs }: TestModel) {
  const value = (name: string, elemType: number) => ({
    name,
    type: { tensorType: { elemType, shape: { dim: [{ dimParam: 'B' }, { dimParam: 'T' }] } } },
  });
  return {
    irVersion: 10,
    opsetImport: [{ domain: '', version: opset }],
    functions: [] as object[],
    graph: {
      name: 'test',
      node: nodes.map(({ op, domain = '', name = '', attributes = {}, ...node }) => ({
        opType: op,
        domain,
        name,
        input: [...node.in],
        output: [...node.out],
        attribute: Object.entries(attributes).map(([key, one]) => attribute(key, one)),
      })),
      initializer: Object.entries(tensors).map(([name, tensor]) => tensorProto(tensor, name)),
      input: Object.entries(inputs).map(([name, type]) => value(name, type)),
      output: outputs.map((name) => ({ name, type: { tensorType: { elemType: 1 } } })),
    },
  };
}

/** The bytes of a model file. */
export function encodeModel(model: TestModel): Uint8Array {
  return ModelProto.encode(ModelProto.fromObject(modelMessage(model))).finish();
}
