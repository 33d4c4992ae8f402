import { ELEMENT_CODES } from '../lower.js';
import { type DType, type ExternalLocation, formatShape, type TensorData } from '../types.js';
import { EXPORT_AGAIN, type ImportFault, modelFault } from './fault.js';

/** The bytes of weights that are kept outside the model file. */
export interface ExternalData {
  /**
   * Checks that `length` bytes from `offset` of the named file can be read, without reading them.
   * @throws ModelError when the file lies outside the model's folder, is missing, or is too short
   */
  check(location: string, offset: number, length: number): void;
  read(location: string, offset: number, length: number): Uint8Array;
}

/** A tensor of a model file; its values are read when asked for. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly count: number;
  /** Where its bytes lie when they are kept outside the model file. */
  readonly external?: ExternalLocation;
  read(): TensorData;
}

/** An integer as protobufjs gives it: 64-bit ones are `Long` objects. */
export type ProtoInteger = number | { toNumber(): number };

/** TensorProto as it is decoded. */
export interface TensorProto {
  name: string;
  dims: ProtoInteger[];
  dataType: number;
  floatData: number[];
  int32Data: number[];
  int64Data: ProtoInteger[];
  doubleData: number[];
  rawData: Uint8Array;
  externalData: { key: string; value: string }[];
  dataLocation: number;
}

/** An integer of the file; beyond 2^53 rounded, as only sentinels are. */
export function integer(value: ProtoInteger): number {
  return typeof value === 'number' ? value : value.toNumber();
}

const TYPES: Readonly<Record<number, DType | undefined>> = Object.fromEntries(
  Object.entries(ELEMENT_CODES)
    .filter(([dtype]) => dtype !== 'float16')
    .map(([dtype, code]) => [code, dtype as DType]),
);

const OTHER_TYPES: Readonly<Record<number, string>> = {
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  8: 'string',
  10: 'float16',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  16: 'bfloat16',
};

const BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  int64: 8,
  int32: 4,
  bool: 1,
};

/** The element type of an ONNX code (TensorProto.DataType), or null for one that is not computed with here. */
export function supportedType(code: number): DType | null {
  return TYPES[code] ?? null;
}

/** What an ONNX code of an element type is called. */
export function typeName(code: number): string {
  return TYPES[code] ?? OTHER_TYPES[code] ?? `type ${code}`;
}

/**
 * The element type of an ONNX code.
 * @throws ModelError when it is none that is computed with here
 */
export function elementType(code: number, what: string, file: string): DType {
  const dtype = supportedType(code);
  if (dtype) return dtype;
  throw modelFault(file, {
    what: `${what} has an element type that is not supported`,
    expected: 'float32, float64, int32, int64 or bool',
    got: typeName(code),
    fix: EXPORT_AGAIN,
  });
}

/**
 * A tensor of the file, checked: its values are neither too few nor too many for its shape.
 * @param name what it is called in the graph (the tensor itself may have no name)
 * @throws ModelError when its shape, element type, values or place do not fit
 */
export function storedTensor(
  proto: TensorProto,
  name: string,
  file: string,
  external: ExternalData,
): StoredTensor {
  const dtype = elementType(proto.dataType, `tensor ${name}`, file);
  const shape = proto.dims.map(integer);
  const count = shape.reduce((product, size) => product * size, 1);
  if (shape.some((size) => size < 0) || !Number.isSafeInteger(count * BYTES[dtype])) {
    throw modelFault(file, { what: `tensor ${name} has an impossible shape`, got: formatShape(shape) });
  }
  const misfit = (expected: string, got: string) =>
    modelFault(file, { what: `tensor ${name} does not fit its shape`, expected, got, fix: DAMAGED });
  const bytes = count * BYTES[dtype];
  if (proto.dataLocation === 1) {
    const place = externalPlace(proto, name, file);
    if (place.length !== null && place.length !== bytes)
      throw misfit(`${bytes} bytes for ${formatShape(shape)} of ${dtype}`, `${place.length}`);
    external.check(place.location, place.offset, bytes);
    const read = () => typed(external.read(place.location, place.offset, bytes), dtype);
    return { name, dtype, shape, count, external: { ...place, length: bytes }, read };
  }
  const listed = listedValues(proto, dtype);
  if (listed.length > 0) {
    if (listed.length !== count) throw misfit(`${count} values`, `${listed.length}`);
    return { name, dtype, shape, count, read: () => typedList(listed, dtype) };
  }
  if (proto.rawData.length !== bytes)
    throw misfit(`${bytes} bytes for ${formatShape(shape)} of ${dtype}`, `${proto.rawData.length}`);
  return { name, dtype, shape, count, read: () => typed(proto.rawData, dtype) };
}

const DAMAGED = 'The file is damaged: export or download it again.';

function externalPlace(proto: TensorProto, name: string, file: string) {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const bad = (fault: Omit<ImportFault, 'what'>) =>
    modelFault(file, { what: `place of tensor ${name} is not given`, ...fault });
  const location = entries.get('location');
  if (!location) throw bad({ expected: 'a location in its external data' });
  const number = (key: string): number | null => {
    const text = entries.get(key);
    if (text === undefined) return null;
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value)) throw bad({ expected: `a whole number of bytes as ${key}`, got: text });
    return value;
  };
  return { location, offset: number('offset') ?? 0, length: number('length') };
}

function listedValues(proto: TensorProto, dtype: DType): ProtoInteger[] {
  switch (dtype) {
    case 'float32':
      return proto.floatData;
    case 'float64':
      return proto.doubleData;
    case 'int64':
      return proto.int64Data;
    default:
      return proto.int32Data;
  }
}

/** Bytes as numbers: a view where their place in memory allows it. All platforms of Node that matter are little-endian. */
function typed(bytes: Uint8Array, dtype: DType): TensorData {
  if (bytes.length === 0) return typedList([], dtype);
  const size = BYTES[dtype];
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const count = bytes.length / size;
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float64':
      return new Float64Array(buffer, byteOffset, count);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, count);
    case 'int32':
      return new Int32Array(buffer, byteOffset, count);
    default:
      return Uint8Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
  }
}

/** Numbers as tensor data; integers of int64 are cut to its range (beyond 2^53 only sentinels occur). */
export function typedList(values: readonly ProtoInteger[], dtype: DType): TensorData {
  const numbers = values.map(integer);
  switch (dtype) {
    case 'float32':
      return Float32Array.from(numbers);
    case 'float64':
      return Float64Array.from(numbers);
    case 'int64':
      return BigInt64Array.from(numbers, clampedInteger);
    case 'int32':
      return Int32Array.from(numbers);
    default:
      return Uint8Array.from(numbers, (value) => (value === 0 ? 0 : 1));
  }
}

function clampedInteger(value: number): bigint {
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  if (value <= -(2 ** 63)) return -(2n ** 63n);
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}
