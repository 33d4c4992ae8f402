/** Element types of tensors, named as in ONNX. */
export type DType = 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'bool';

/** A dimension: a number, or a name that stands for one unknown size (the same name is the same size). */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** Values of a constant, in row-major order. Integers of `int64` are held as `BigInt64Array`. */
export type TensorData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** One tensor in a graph: an input, a constant or the output of a node. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Bytes of a constant in a file beside the model, little-endian and row-major. */
export interface ExternalLocation {
  /** File name inside the session's folder of external data. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A constant tensor: held by the graph, or left in a file. */
export interface Constant {
  readonly value: Value;
  readonly data: TensorData | ExternalLocation;
}

/** Element type and shape, without a name. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Number of elements, or null when a dimension is symbolic. */
export function elementCount(shape: Shape): number | null {
  let count = 1;
  for (const dim of shape) {
    if (typeof dim === 'string') return null;
    count *= dim;
  }
  return count;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** Axis as a non-negative number. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(' x ')}]`;
}

/** A Reshape target in ONNX terms (0 copies the input's dimension, one -1 is inferred), or null if it takes run-time shapes. */
export function staticReshape(from: Shape, to: readonly Dim[]): number[] | null {
  const unknown = to.filter((dim, axis) => typeof dim === 'string' && from[axis] !== dim).length;
  if (unknown > 1) return null;
  return to.map((dim, axis) => (typeof dim === 'number' ? dim : from[axis] === dim ? 0 : -1));
}
