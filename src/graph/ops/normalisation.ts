import type { OpRule } from '../rule.js';
import { type Dim, positiveAxis, type Shape, type Value } from '../types.js';
import type { GraphBuilder } from '../builder.js';

function reducedShape(shape: Shape, axes: readonly number[], keepdims: boolean): Shape {
  const reduced = new Set(axes.map((axis) => positiveAxis(axis, shape.length)));
  const kept: Dim[] = [];
  shape.forEach((dim, axis) => {
    if (!reduced.has(axis)) kept.push(dim);
    else if (keepdims) kept.push(1);
  });
  return kept;
}

/** A reduction's cotangent with its axes put back as 1 and broadcast to the input. */
function spread(
  g: GraphBuilder,
  cotangent: Value,
  x: Value,
  axes: readonly number[],
  keepdims: boolean,
): Value {
  const withOnes = keepdims ? cotangent : g.reshape(cotangent, reducedShape(x.shape, axes, true));
  return g.apply('ExpandLike', [withOnes, x], {})[0];
}

export const ReduceSum: OpRule<'ReduceSum'> = {
  infer: ([x], { axes, keepdims }) => [{ dtype: x.dtype, shape: reducedShape(x.shape, axes, keepdims) }],
  vjp: ({ g, inputs: [x], attributes: { axes, keepdims }, cotangent }) => [
    spread(g, cotangent, x, axes, keepdims),
  ],
};

export const ReduceMean: OpRule<'ReduceMean'> = {
  infer: ReduceSum.infer,
  vjp: ({ g, inputs: [x], attributes: { axes, keepdims }, cotangent }) => {
    const ones = g.apply('ExpandLike', [g.scalar(1, x), x], {})[0];
    const count = g.reduceSum(ones, axes, keepdims);
    return [spread(g, g.div(cotangent, count), x, axes, keepdims)];
  },
};

export const Softmax: OpRule<'Softmax'> = {
  infer: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  vjp: ({ g, outputs: [p], attributes: { axis }, cotangent }) => {
    const inner = g.reduceSum(g.mul(cotangent, p), [axis], true);
    return [g.mul(p, g.sub(cotangent, inner))];
  },
};

export const LogSoftmax: OpRule<'LogSoftmax'> = {
  infer: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  vjp: ({ g, outputs: [logp], attributes: { axis }, cotangent }) => {
    const total = g.reduceSum(cotangent, [axis], true);
    return [g.sub(cotangent, g.mul(g.unary('Exp', logp), total))];
  },
};

/** With xhat = (x - mean)/std and h = dy * scale: dx = (h - mean(h) - xhat mean(h xhat)) / std. */
export const LayerNormalization: OpRule<'LayerNormalization'> = {
  infer: ([x]) => {
    const statistics = { dtype: 'float32' as const, shape: [...x.shape.slice(0, -1), 1] };
    return [{ dtype: x.dtype, shape: x.shape }, statistics, statistics];
  },
  vjp: ({ g, inputs: [x, scale, bias], outputs: [, mean, inverse], cotangent, needs }) => {
    const inv = g.cast(inverse, x.dtype);
    const xhat = g.mul(g.sub(x, g.cast(mean, x.dtype)), inv);
    const lead = x.shape.slice(0, -1).map((_, axis) => axis);
    const dScale = needs[1] ? g.reduceSum(g.mul(cotangent, xhat), lead) : null;
    const dBias = bias && needs[2] ? g.reduceSum(cotangent, lead) : null;
    if (!needs[0]) return [null, dScale, dBias];
    const h = g.mul(cotangent, scale);
    const meanH = g.reduceMean(h, [-1], true);
    const meanHx = g.reduceMean(g.mul(h, xhat), [-1], true);
    const dx = g.mul(g.sub(g.sub(h, meanH), g.mul(xhat, meanHx)), inv);
    return [dx, dScale, dBias];
  },
};
