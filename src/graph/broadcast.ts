import { internal } from '../core/errors.js';
import type { GraphBuilder } from './builder.js';
import { type Dim, formatShape, sameShape, type Shape, type TensorType, type Value } from './types.js';

function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  // A name against a number above 1: at run time they must be equal.
  if (typeof a === 'string' && typeof b === 'number') return b;
  if (typeof a === 'number' && typeof b === 'string') return a;
  throw internal(`cannot broadcast dimension ${a} with ${b}`);
}

/** The shape of an elementwise op on two shapes (ONNX multidirectional broadcasting). */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const shape: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const dimA = a[axis - rank + a.length] ?? 1;
    const dimB = b[axis - rank + b.length] ?? 1;
    shape.push(broadcastDim(dimA, dimB));
  }
  return shape;
}

/** Type of an elementwise op of two values. */
export function broadcastType(a: Value, b: Value): TensorType {
  if (a.dtype !== b.dtype) throw internal(`element types differ: ${a.name} ${a.dtype}, ${b.name} ${b.dtype}`);
  return { dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) };
}

/** Sums a cotangent over the axes along which `shape` was broadcast. */
export function sumToShape(g: GraphBuilder, cotangent: Value, shape: Shape): Value {
  if (sameShape(cotangent.shape, shape)) return cotangent;
  const extra = cotangent.shape.length - shape.length;
  if (extra < 0) throw internal(`cannot sum ${formatShape(cotangent.shape)} to ${formatShape(shape)}`);
  const leading = Array.from({ length: extra }, (_, axis) => axis);
  const summed = g.reduceSum(cotangent, leading);
  const ones: number[] = [];
  shape.forEach((dim, axis) => {
    if (dim === 1 && summed.shape[axis] !== 1) ones.push(axis);
  });
  return g.reduceSum(summed, ones, true);
}
