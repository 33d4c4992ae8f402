import { internal } from '../../core/errors.js';
import type { DType, Shape, Value } from '../types.js';
import type { Scope } from './scope.js';
import type { Element } from './sizes.js';
import { type StoredTensor, typedList } from './tensors.js';

/** A tensor of the model while it is read: known entry by entry, or a value of the graph that is being built. */
export interface Operand {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Its entries in row-major order, or null when they are only known at run time (or too many to look at). */
  elements(): readonly Element[] | null;
  /** It as a value of the graph; known entries become a constant. */
  value(): Value;
  /** The weight that it is, untouched. */
  readonly weight?: StoredTensor;
  /** The tensors of which it is a list: such an operand is only picked from. */
  readonly parts?: readonly Operand[];
}

/** Entries that are known, and their shape. */
export interface Known {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly elements: readonly Element[];
}

/** Tensors of more entries are left to the run: shape arithmetic has few. */
export const MOST_KNOWN = 4096;

/** An operand that the run computes. */
export function computed(value: Value): Operand {
  return { dtype: value.dtype, shape: value.shape, elements: () => null, value: () => value };
}

/** A list of tensors. */
export function sequence(parts: readonly Operand[]): Operand {
  const value = () => {
    throw internal('a list of tensors stands where a tensor is wanted');
  };
  return { dtype: parts[0].dtype, shape: [], elements: () => null, value, parts };
}

/** An operand whose entries are known. */
export function known(scope: Scope, { dtype, shape, elements }: Known): Operand {
  let value: Value | undefined;
  return {
    dtype,
    shape,
    elements: () => elements,
    value: () => (value ??= scope.materialise({ dtype, shape, elements })),
  };
}

/**
 * A weight of the file. Float32 tensors with axes are parameters of the model, asked for by name; everything else
 * becomes a constant.
 */
export function stored(
  scope: Scope,
  weight: StoredTensor,
  parameter: (name: string, shape: readonly number[]) => Value,
): Operand {
  let elements: readonly Element[] | undefined;
  let value: Value | undefined;
  const { name, dtype, shape, count } = weight;
  const make = () =>
    dtype === 'float32' && shape.length > 0 ? parameter(name, shape) : scope.g.constant(weight.read(), shape);
  return {
    dtype,
    shape,
    weight,
    elements: () =>
      count > MOST_KNOWN ? null : (elements ??= Array.from(weight.read() as Float32Array, Number)),
    value: () => (value ??= make()),
  };
}

/** Known numbers as tensor data. */
export function dataOf(elements: readonly number[], dtype: DType) {
  return typedList(elements, dtype);
}

/** An operand's entries with their shape, or null when they are not known. */
export function knownOf(operand: Operand): Known | null {
  const elements = operand.elements();
  return elements && { dtype: operand.dtype, shape: operand.shape as readonly number[], elements };
}

/** The number that a tensor of one entry is, or null. */
export function scalarOf(operand: Operand): number | null {
  const elements = operand.elements();
  return elements?.length === 1 && typeof elements[0] === 'number' ? elements[0] : null;
}
