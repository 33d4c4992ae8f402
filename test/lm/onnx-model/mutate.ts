import type { Random } from '../../../src/core/random.js';
import { ModelProto } from '../../../src/graph/onnx-schema.js';

/** Stretches of bytes of an ONNX file that are not the numbers of large weights, [from, to). */
export function structure(bytes: Uint8Array): [number, number][] {
  const { graph } = ModelProto.decode(bytes) as unknown as {
    graph: { initializer: { rawData: Uint8Array }[] };
  };
  const weights = graph.initializer
    .map(({ rawData }) => rawData)
    .filter((raw) => raw.length > 64)
    .map((raw): [number, number] => [raw.byteOffset - bytes.byteOffset, raw.length])
    .sort(([a], [b]) => a - b);
  const stretches: [number, number][] = [];
  let at = 0;
  for (const [start, length] of weights) {
    if (start > at) stretches.push([at, start]);
    at = start + length;
  }
  if (at < bytes.length) stretches.push([at, bytes.length]);
  return stretches;
}

/** Numbers that protobuf's lengths, sizes and types stumble over. */
const EVIL = [0, 1, 2, 7, 8, 127, 128, 255];

/** A copy of the bytes with one to four places damaged: changed, cut out, repeated, or filled with noise. */
export function mutate(
  bytes: Uint8Array,
  stretches: readonly [number, number][],
  random: Random,
): Uint8Array {
  const total = stretches.reduce((sum, [from, to]) => sum + to - from, 0);
  const place = () => {
    let left = random.integer(total);
    for (const [from, to] of stretches) {
      if (left < to - from) return from + left;
      left -= to - from;
    }
    return bytes.length - 1;
  };
  let result: Uint8Array = bytes.slice();
  for (let i = 0; i <= random.integer(4); i++) {
    const at = Math.min(place(), result.length - 1);
    const length = Math.min(1 + random.integer(12), result.length - at);
    const [before, piece, after] = [
      result.slice(0, at),
      result.slice(at, at + length),
      result.slice(at + length),
    ];
    switch (random.integer(5)) {
      case 0:
        result[at] = EVIL[random.integer(EVIL.length)];
        break;
      case 1:
        result[at] ^= 1 << random.integer(8);
        break;
      case 2:
        result = Buffer.concat([before, after]);
        break;
      case 3:
        result = Buffer.concat([before, piece, piece, after]);
        break;
      default:
        result = Buffer.concat([before, Uint8Array.from(piece, () => random.integer(256)), after]);
    }
  }
  return result;
}

interface MutableTensor {
  dims: number[];
  dataType: number;
  rawData: Uint8Array;
}

interface MutableAttribute {
  name: string;
  type: number;
  i: number;
  f: number;
  ints: number[];
  t: MutableTensor | null;
}

interface MutableNode {
  opType: string;
  input: string[];
  output: string[];
  attribute: MutableAttribute[];
}

interface MutableModel {
  opsetImport: { version: number }[];
  graph: {
    node: MutableNode[];
    initializer: MutableTensor[];
    input: { type: { tensorType: { elemType: number } } }[];
  };
}

const NUMBERS = [-1, 0, 1, 2, 3, 5, 64, 1000, -7, 2 ** 31, 2 ** 40, -(2 ** 62), 2 ** 62];

/** Whole numbers of a small tensor, or of its raw bytes, replaced. */
function disturbTensor(tensor: MutableTensor, random: Random): void {
  const number = () => NUMBERS[random.integer(NUMBERS.length)];
  switch (random.integer(3)) {
    case 0:
      tensor.dims[random.integer(tensor.dims.length + 1)] = number();
      break;
    case 1:
      tensor.dataType = random.integer(20);
      break;
    default: {
      const raw = Uint8Array.from(tensor.rawData);
      if (raw.length >= 8)
        new DataView(raw.buffer).setBigInt64(8 * random.integer(raw.length >> 3), BigInt(number()), true);
      tensor.rawData = raw;
    }
  }
}

/** The bytes of a model that protobuf can read, one to three of whose nodes or tensors do not mean what they did. */
export function disturb(bytes: Uint8Array, random: Random): Uint8Array {
  const model = ModelProto.toObject(ModelProto.decode(bytes), {
    longs: Number,
    defaults: true,
    arrays: true,
  }) as MutableModel;
  const { node: nodes, initializer, input } = model.graph;
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)];
  const small = initializer.filter(({ rawData }) => rawData.length <= 64);
  for (let i = 0; i <= random.integer(3); i++) {
    const [node, other] = [pick(nodes), pick(nodes)];
    const attribute = node.attribute.length > 0 ? pick(node.attribute) : null;
    switch (random.integer(11)) {
      case 0:
        node.opType = other.opType;
        break;
      case 1:
        node.input[random.integer(node.input.length + 1)] = pick(other.input) ?? '';
        break;
      case 2:
        node.input.splice(random.integer(node.input.length + 1), 1);
        break;
      case 3:
        node.output[random.integer(2)] = pick(other.output);
        break;
      case 4:
        nodes.splice(random.integer(nodes.length), 1);
        break;
      case 5:
        if (attribute) attribute.type = random.integer(12);
        break;
      case 6:
        if (attribute)
          Object.assign(attribute, {
            i: pick(NUMBERS),
            f: pick([0, -1, NaN, Infinity]),
            ints: attribute.ints.map(() => pick(NUMBERS)),
          });
        break;
      case 7:
        if (attribute?.t) disturbTensor(attribute.t, random);
        break;
      case 8:
        if (small.length > 0) disturbTensor(pick(small), random);
        break;
      case 9:
        node.attribute = other.attribute;
        break;
      default:
        if (random.integer(4) === 0) model.opsetImport[0].version = random.integer(30);
        else if (random.integer(2) === 0) pick(input).type.tensorType.elemType = random.integer(17);
        else disturbTensor(pick(initializer), random);
    }
  }
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}
