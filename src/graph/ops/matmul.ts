import { internal } from '../../core/errors.js';
import { broadcastShapes, sumToShape } from '../broadcast.js';
import type { GraphBuilder } from '../builder.js';
import type { OpRule } from '../rule.js';
import { type Dim, formatShape, type TensorType, type Value } from '../types.js';

interface Product {
  transA: boolean;
  transB: boolean;
  alpha: number;
}

function productType(a: Value, b: Value, { transA, transB }: Product): TensorType {
  if (a.shape.length < 2 || b.shape.length < 2)
    throw internal('matrix products take tensors of rank 2 or more');
  const [rowsA, colsA] = lastTwo(a, transA);
  const [rowsB, colsB] = lastTwo(b, transB);
  if (colsA !== rowsB && typeof colsA === 'number' && typeof rowsB === 'number') {
    throw internal(`matrix product of ${formatShape(a.shape)} and ${formatShape(b.shape)} does not fit`);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { dtype: a.dtype, shape: [...batch, rowsA, colsB] };
}

function lastTwo(x: Value, transposed: boolean): [Dim, Dim] {
  const [rows, cols] = x.shape.slice(-2);
  return transposed ? [cols, rows] : [rows, cols];
}

/** Flattens all but the last axis: [..., D] to [N x D]. */
function flatten(g: GraphBuilder, x: Value): Value {
  const lead = x.shape.slice(0, -1);
  const known = lead.every((dim) => typeof dim === 'number');
  const rows = known ? (lead as number[]).reduce((a, b) => a * b, 1) : lead.join('*');
  return g.reshape(x, [rows, x.shape[x.shape.length - 1]]);
}

/** Cotangents of alpha op(A) op(B); each is itself one product with transposes, so no copy is made. */
function productVjp(
  g: GraphBuilder,
  [a, b]: readonly Value[],
  { transA, transB, alpha }: Product,
  dy: Value,
  needs: readonly boolean[],
): (Value | null)[] {
  const product = (x: Value, tx: boolean, y: Value, ty: boolean) =>
    g.fusedMatMul(x, y, { transA: tx, transB: ty, alpha });
  const da = () => (transA ? product(b, transB, dy, true) : product(dy, false, b, !transB));
  const db = () => {
    // A shared right-hand matrix (a weight): one product over all rows instead of a sum of many.
    if (b.shape.length === 2 && a.shape.length > 2 && !transA) {
      const [rowsA, rowsY] = [flatten(g, a), flatten(g, dy)];
      return transB ? product(rowsY, true, rowsA, false) : product(rowsA, true, rowsY, false);
    }
    return transB ? product(dy, true, a, transA) : product(a, !transA, dy, false);
  };
  return [needs[0] ? sumToShape(g, da(), a.shape) : null, needs[1] ? sumToShape(g, db(), b.shape) : null];
}

const PLAIN: Product = { transA: false, transB: false, alpha: 1 };

export const MatMul: OpRule<'MatMul'> = {
  infer: ([a, b]) => [productType(a, b, PLAIN)],
  vjp: ({ g, inputs, cotangent, needs }) => productVjp(g, inputs, PLAIN, cotangent, needs),
};

export const FusedMatMul: OpRule<'FusedMatMul'> = {
  infer: ([a, b], attributes) => [productType(a, b, attributes)],
  vjp: ({ g, inputs, attributes, cotangent, needs }) => productVjp(g, inputs, attributes, cotangent, needs),
};
