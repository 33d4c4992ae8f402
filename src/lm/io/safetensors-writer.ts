import { internal, ModelError } from '../../core/errors.js';
import { atomicWrite } from './atomic.js';
import { DTYPE_BYTES } from './dtype.js';
import { encodeFloat16 } from './float16.js';
import { elementCount } from './tensor.js';

/** A tensor to write: float32 or float64 as they are, float32 rounded to float16, or 64-bit integers. */
export interface TensorToWrite {
  readonly name: string;
  /** Row-major dimensions; `[]` is a scalar. */
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array;
  /** Stored element type; default: the data's own. F16 takes float32 data. */
  readonly dtype?: 'F16' | 'F32' | 'F64' | 'I64';
}

/** Options of the writers. */
export interface WriteSafetensorsOptions {
  /** Free-form text of the header (default `{format: 'pt'}`, which transformers asks for). */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a safetensors file, whole or not at all. The same tensors give the same bytes: they are ordered by size of
 * element (largest first, so that all are aligned) and name, as the official writer does.
 * @throws ModelError when a finite value is too large for float16
 */
export function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  options: WriteSafetensorsOptions = {},
): void {
  atomicWrite(file, chunks(tensors, options));
}

/** The bytes that {@link writeSafetensors} writes. */
export function encodeSafetensors(
  tensors: readonly TensorToWrite[],
  options: WriteSafetensorsOptions = {},
): Uint8Array {
  return Buffer.concat([...chunks(tensors, options)]);
}

/** Header, then one chunk a tensor, so that only one converted tensor is in memory at once. */
function* chunks(tensors: readonly TensorToWrite[], options: WriteSafetensorsOptions): Generator<Uint8Array> {
  const inOrder = [...tensors].sort(
    (a, b) => elementBytes(b) - elementBytes(a) || compareText(a.name, b.name),
  );
  yield header(inOrder, options.metadata ?? { format: 'pt' });
  for (const tensor of inOrder) yield tensorBytes(tensor);
}

function header(tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = [];
  const sorted = Object.entries(metadata).sort(([a], [b]) => compareText(a, b));
  if (sorted.length) entries.push(['__metadata__', Object.fromEntries(sorted)]);
  let offset = 0;
  const names = new Set<string>();
  for (const tensor of tensors) {
    const { name, shape } = tensor;
    if (names.has(name) || name === '__metadata__') throw internal(`tensor ${name} is written twice`);
    if (elementCount(shape) !== tensor.data.length) throw internal(`tensor ${name} does not fit its shape`);
    names.add(name);
    const end = offset + tensor.data.length * elementBytes(tensor);
    entries.push([name, { dtype: dtypeOf(tensor), shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = Buffer.from(jsonObject(entries));
  // Spaces after the JSON start the tensors at a multiple of 8.
  const bytes = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8), 0);
  text.copy(bytes, 8);
  return bytes;
}

/** Entries in their order, which an object would not keep for names that are numbers. */
function jsonObject(entries: readonly [string, unknown][]): string {
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

function tensorBytes(tensor: TensorToWrite): Uint8Array {
  const stored = dtypeOf(tensor) === 'F16' ? toFloat16(tensor) : tensor.data;
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function toFloat16({ name, data }: TensorToWrite): Uint16Array {
  if (!(data instanceof Float32Array)) throw internal(`tensor ${name} to float16 is not float32`);
  const halves = encodeFloat16(data);
  const index = halves.findIndex((bits, i) => (bits & 0x7fff) === 0x7c00 && Number.isFinite(data[i]));
  if (index < 0) return halves;
  throw new ModelError({
    what: `tensor ${name} does not fit float16 at index ${index}`,
    expected: 'values below 65520',
    got: `${data[index]}`,
    fix: 'Store it as float32.',
  });
}

function dtypeOf({ name, data, dtype }: TensorToWrite): 'F16' | 'F32' | 'F64' | 'I64' {
  const own = data instanceof Float32Array ? 'F32' : data instanceof Float64Array ? 'F64' : 'I64';
  if (dtype && dtype !== own && !(dtype === 'F16' && own === 'F32')) {
    throw internal(`tensor ${name} is ${own}, not ${dtype}`);
  }
  return dtype ?? own;
}

function elementBytes(tensor: TensorToWrite): number {
  return DTYPE_BYTES[dtypeOf(tensor)];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
