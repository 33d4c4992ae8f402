import type { Value } from '../../types.js';
import type { Call } from '../call.js';
import type { Handlers } from '../handler.js';
import { computed, type Operand } from '../operand.js';
import { reshaped } from '../reshaped.js';
import { fromDim } from '../sizes.js';

/** The tensor of which a value is the transpose of the last two axes, if it is. */
function untransposed(call: Call, value: Value): Value | null {
  const node = call.g.producer(value);
  if (node?.op !== 'Transpose' || !('perm' in node.attributes)) return null;
  const { perm } = node.attributes;
  const rank = perm.length;
  const swapped = perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
  return swapped && rank >= 2 ? node.inputs[0] : null;
}

/** A B, without a copy where B is a transpose. */
function product(call: Call, a: Value, b: Value): Value {
  const turned = untransposed(call, b);
  return turned ? call.g.fusedMatMul(a, turned, { transB: true }) : call.g.matMul(a, b);
}

function matMul(call: Call): Operand {
  const [a, b] = [call.float(0), call.float(1)];
  const [rankA, rankB] = [a.shape.length, b.shape.length];
  if (rankA === 0 || rankB === 0) throw call.refuse('an input has no axes');
  if (rankA > 1 && rankB > 1) return computed(product(call, a, b));
  // A vector is a matrix of one row or column, which the result then lacks.
  const rows = rankA === 1 ? call.g.reshape(a, [1, a.shape[0]]) : a;
  const columns = rankB === 1 ? call.g.reshape(b, [b.shape[0], 1]) : b;
  const y = call.g.matMul(rows, columns);
  const kept = y.shape.filter((_, axis) => {
    const fromEnd = y.shape.length - axis;
    return !(rankA === 1 && fromEnd === 2) && !(rankB === 1 && fromEnd === 1);
  });
  return reshaped(call, computed(y), kept.map(fromDim));
}

/**
 * alpha A B + beta C. PyTorch flattens A to a matrix for it; here the axes stay, so that rows of the batch keep their
 * own.
 */
function gemm(call: Call): Operand {
  const { g } = call;
  const [a, b] = [call.float(0), call.float(1)];
  if (a.shape.length !== 2 || b.shape.length !== 2) throw call.refuse('its inputs are not matrices');
  const [transA, transB] = [call.int('transA', 0) !== 0, call.int('transB', 0) !== 0];
  const alpha = call.real('alpha', 1);
  const flattened = transA ? null : g.producer(a);
  const source = flattened?.op === 'Reshape' || flattened?.op === 'ReshapeTo' ? flattened.inputs[0] : a;
  const x = source.shape.length >= 2 && source.shape.at(-1) === a.shape[1] ? source : a;
  let y =
    transA || transB || alpha !== 1 ? g.fusedMatMul(x, b, { transA, transB, alpha }) : product(call, x, b);
  const rows = transA ? a.shape[1] : a.shape[0];
  if (call.optional(2)) {
    const c = call.float(2);
    const scaled = call.real('beta', 1) === 1 ? c : g.scale(c, call.real('beta', 1));
    const shared = c.shape.length < 2 || c.shape[0] === 1;
    if (!shared && x !== a) y = reshaped(call, computed(y), [rows, y.shape.at(-1)!].map(fromDim)).value();
    y = g.add(y, scaled);
  }
  return reshaped(call, computed(y), [rows, y.shape.at(-1)!].map(fromDim));
}

export const products: Handlers = {
  MatMul: { inputs: [2, 2], convert: matMul },
  Gemm: { inputs: [2, 3], convert: gemm },
};
