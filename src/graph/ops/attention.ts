import { internal } from '../../core/errors.js';
import type { OpRule } from '../rule.js';
import type { TensorType, Value } from '../types.js';

function splitType({ dtype, shape: [B, T, D] }: Value, heads: number): TensorType {
  if (typeof D !== 'number' || D % heads !== 0)
    throw internal(`${D} features cannot be shared out among ${heads} heads`);
  return { dtype, shape: [B, heads, T, D / heads] };
}

/**
 * With P = softmax(S), S = scale Q K' + bias and Y = P V: the cotangent of S is P (dP - rowsum(dY Y)), dP = dY V', since
 * rowsum(dP P) = rowsum(dY Y), which is a sum over the width of a head instead of over T.
 */
export const Attention: OpRule<'Attention'> = {
  infer: ([q, k, v], { heads }) => {
    const [B, T] = q.shape;
    const weights: TensorType = { dtype: q.dtype, shape: [B, heads, T, k.shape[1]] };
    return [{ dtype: q.dtype, shape: q.shape }, weights, ...[q, k, v].map((part) => splitType(part, heads))];
  },
  vjp: ({ g, inputs, outputs: [y, weights, qh, kh, vh], attributes: { heads, scale }, cotangent, needs }) => {
    const [q, k, v] = inputs;
    const split = (x: Value) => g.transpose(g.reshape(x, splitShape(x, heads)), [0, 2, 1, 3]);
    const merge = (x: Value, like: Value) => g.reshape(g.transpose(x, [0, 2, 1, 3]), like.shape);
    const dy = split(cotangent);
    const inner = g.transpose(
      g.reduceSum(g.reshape(g.mul(cotangent, y), splitShape(y, heads)), [3], true),
      [0, 2, 1, 3],
    );
    const dWeights = g.fusedMatMul(dy, vh, { transB: true });
    const dScores = g.mul(weights, g.sub(dWeights, inner));
    return [
      needs[0] ? merge(g.fusedMatMul(dScores, kh, { alpha: scale }), q) : null,
      needs[1] ? merge(g.fusedMatMul(dScores, qh, { transA: true, alpha: scale }), k) : null,
      needs[2] ? merge(g.fusedMatMul(weights, dy, { transA: true }), v) : null,
      ...inputs.slice(3).map(() => null),
    ];
  },
};

function splitShape({ shape: [B, T, D] }: Value, heads: number) {
  return [B, T, heads, (D as number) / heads];
}
