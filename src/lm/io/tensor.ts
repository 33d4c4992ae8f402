import { closest, distance } from 'fastest-levenshtein';
import { ModelError } from '../../core/errors.js';
import type { ByteSource } from './bytes.js';
import { type Dtype, isNumericDtype, type NumericDtype, toFloat32, toFloat64 } from './dtype.js';

/** Where a stored tensor lies. */
export interface TensorEntry {
  readonly dtype: Dtype;
  /** Row-major dimensions; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
  /**
   * Given only where the elements do not lie row-major without gaps (views of PyTorch): element `(i, j, ...)` is number
   * `i * strides[0] + j * strides[1] + ...` of the elements from `byteOffset`.
   */
  readonly strides?: readonly number[];
}

/** A tensor in memory, row-major. */
export interface Tensor<A = Float32Array> {
  readonly shape: readonly number[];
  readonly data: A;
}

/** A file of named tensors, whichever its format. */
export interface TensorFile {
  /** File path, or the name of the buffer. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /**
   * A tensor converted to float32 (see {@link toFloat32}); a view of the file's bytes where no conversion is needed.
   * @throws ModelError when there is no such tensor, or its element type is an 8-bit float.
   */
  readTensor(name: string): Tensor;
  /** The same in float64. */
  readTensorFloat64(name: string): Tensor<Float64Array>;
}

/** A {@link TensorFile} from entries into a source of bytes. */
export function tensorFile(source: ByteSource, tensors: ReadonlyMap<string, TensorEntry>): TensorFile {
  const read = <A extends Float32Array | Float64Array>(
    name: string,
    convert: (dtype: NumericDtype, bytes: Uint8Array) => A,
  ): Tensor<A> => {
    const entry = tensors.get(name);
    if (!entry) throw missingTensor(name, source.name, tensors.keys());
    if (!isNumericDtype(entry.dtype)) throw unsupportedDtype(name, entry.dtype, source.name);
    const data = convert(entry.dtype, source.read(entry.byteOffset, entry.byteLength));
    return { shape: entry.shape, data: entry.strides ? gather(data, entry.shape, entry.strides) : data };
  };
  return {
    file: source.name,
    tensors,
    readTensor: (name) => read(name, toFloat32),
    readTensorFloat64: (name) => read(name, toFloat64),
  };
}

/** Number of elements of a shape: 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Strides, in elements, of a row-major tensor. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** Strided elements in row-major order. */
function gather<A extends Float32Array | Float64Array>(
  data: A,
  shape: readonly number[],
  strides: readonly number[],
): A {
  const count = elementCount(shape);
  const out = (data instanceof Float32Array ? new Float32Array(count) : new Float64Array(count)) as A;
  const rowMajor = rowMajorStrides(shape);
  for (let i = 0; i < out.length; i++) {
    let from = 0;
    for (let axis = 0; axis < shape.length; axis++)
      from += (Math.floor(i / rowMajor[axis]) % shape[axis]) * strides[axis];
    out[i] = data[from];
  }
  return out;
}

/** The error of a tensor that a file does not hold, with the name that is most like it if one is. */
export function missingTensor(name: string, file: string, names: Iterable<string>): ModelError {
  const all = [...names];
  const nearest = all.length ? closest(name, all) : '';
  const alike = distance(name, nearest) <= name.length / 4;
  return new ModelError({
    what: `tensor ${name} is missing`,
    file,
    got: alike ? `${nearest}, which looks like it` : undefined,
    fix: 'Check that config.json belongs to these weights.',
  });
}

function unsupportedDtype(name: string, dtype: Dtype, file: string): ModelError {
  return new ModelError({
    what: `tensor ${name} is stored as ${dtype}`,
    file,
    expected: 'float16, bfloat16, float32, float64 or integers',
    got: dtype,
    fix: 'Convert the model to float16 or float32.',
  });
}

/**
 * Passes finite values.
 * @throws ModelError naming the tensor and the index of its first NaN or infinite value.
 */
export function checkFinite(name: string, data: Float32Array | Float64Array, file?: string): void {
  // x * 0 is NaN just for NaN and infinities, so one sum tells for the whole array without a branch a value.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] * 0;
  if (sum === 0) return;
  const index = data.findIndex((value) => !Number.isFinite(value));
  throw new ModelError({
    what: `tensor ${name} holds ${data[index]} at index ${index}`,
    file,
    expected: 'finite weights',
    got: `${data[index]}`,
    fix: 'The weights are damaged or their training diverged: get them again, or use an earlier checkpoint.',
  });
}
