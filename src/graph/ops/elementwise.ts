import { broadcastShapes, broadcastType, sumToShape } from '../broadcast.js';
import type { GraphBuilder } from '../builder.js';
import type { OpRule } from '../rule.js';
import type { TensorType, Value } from '../types.js';

const sameType = (inputs: readonly Value[]): TensorType[] => [
  { dtype: inputs[0].dtype, shape: inputs[0].shape },
];
const binary = ([a, b]: readonly Value[]): TensorType[] => [broadcastType(a, b)];

export const Add: OpRule<'Add'> = {
  infer: binary,
  vjp: ({ g, inputs: [a, b], cotangent }) => [
    sumToShape(g, cotangent, a.shape),
    sumToShape(g, cotangent, b.shape),
  ],
};

export const Sub: OpRule<'Sub'> = {
  infer: binary,
  vjp: ({ g, inputs: [a, b], cotangent, needs }) => [
    sumToShape(g, cotangent, a.shape),
    needs[1] ? sumToShape(g, g.neg(cotangent), b.shape) : null,
  ],
};

export const Mul: OpRule<'Mul'> = {
  infer: binary,
  vjp: ({ g, inputs: [a, b], cotangent, needs }) => [
    needs[0] ? sumToShape(g, g.mul(cotangent, b), a.shape) : null,
    needs[1] ? sumToShape(g, g.mul(cotangent, a), b.shape) : null,
  ],
};

export const Div: OpRule<'Div'> = {
  infer: binary,
  vjp: ({ g, inputs: [a, b], outputs: [y], cotangent, needs }) => [
    needs[0] ? sumToShape(g, g.div(cotangent, b), a.shape) : null,
    needs[1] ? sumToShape(g, g.neg(g.div(g.mul(cotangent, y), b)), b.shape) : null,
  ],
};

/** The exponent is taken as constant: no cotangent flows into it. */
export const Pow: OpRule<'Pow'> = {
  infer: ([a, b]) => [{ dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) }],
  vjp: ({ g, inputs: [a, b], cotangent }) => {
    const slope = g.mul(b, g.apply('Pow', [a, g.sub(b, g.scalar(1, b))], {})[0]);
    return [sumToShape(g, g.mul(cotangent, slope), a.shape), null];
  },
};

export const Neg: OpRule<'Neg'> = { infer: sameType, vjp: ({ g, cotangent }) => [g.neg(cotangent)] };

/** At 0 the derivative is taken as 0. */
export const Abs: OpRule<'Abs'> = {
  infer: sameType,
  vjp: ({ g, inputs: [x], outputs: [y], cotangent }) => {
    const tiny = g.scalar(1e-30, x);
    return [g.mul(cotangent, g.div(x, g.add(y, tiny)))];
  },
};

export const Sqrt: OpRule<'Sqrt'> = {
  infer: sameType,
  vjp: ({ g, outputs: [y], cotangent }) => [g.div(g.scale(cotangent, 0.5), y)],
};

export const Reciprocal: OpRule<'Reciprocal'> = {
  infer: sameType,
  vjp: ({ g, outputs: [y], cotangent }) => [g.neg(g.mul(cotangent, g.mul(y, y)))],
};

export const Exp: OpRule<'Exp'> = {
  infer: sameType,
  vjp: ({ g, outputs: [y], cotangent }) => [g.mul(cotangent, y)],
};

export const Log: OpRule<'Log'> = {
  infer: sameType,
  vjp: ({ g, inputs: [x], cotangent }) => [g.div(cotangent, x)],
};

export const Tanh: OpRule<'Tanh'> = {
  infer: sameType,
  vjp: ({ g, outputs: [y], cotangent }) => [g.sub(cotangent, g.mul(cotangent, g.mul(y, y)))],
};

export const Sigmoid: OpRule<'Sigmoid'> = {
  infer: sameType,
  vjp: ({ g, outputs: [y], cotangent }) => [g.mul(cotangent, g.sub(y, g.mul(y, y)))],
};

/** exp(-x^2). */
function gaussian(g: GraphBuilder, x: Value): Value {
  return g.unary('Exp', g.neg(g.mul(x, x)));
}

export const Erf: OpRule<'Erf'> = {
  infer: sameType,
  vjp: ({ g, inputs: [x], cotangent }) => [g.mul(cotangent, g.scale(gaussian(g, x), 2 / Math.sqrt(Math.PI)))],
};

export const Relu: OpRule<'Relu'> = {
  infer: sameType,
  vjp: ({ g, inputs: [x], outputs: [y], cotangent }) => {
    // y / x is 1 where x > 0 and 0 elsewhere; the shift keeps 0 / 0 out.
    const step = g.div(y, g.add(g.unary('Abs', x), g.scalar(1e-30, x)));
    return [g.mul(cotangent, step)];
  },
};

/** Slope of 0.5 x (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3). */
function geluTanhSlope(g: GraphBuilder, x: Value): Value {
  const c = Math.sqrt(2 / Math.PI);
  const square = g.mul(x, x);
  const u = g.scale(g.mul(x, g.add(g.scale(square, 0.044715), g.scalar(1, x))), c);
  const t = g.unary('Tanh', u);
  const du = g.add(g.scale(square, 3 * 0.044715 * c), g.scalar(c, x));
  const sech2 = g.sub(g.scalar(1, x), g.mul(t, t));
  const tail = g.mul(g.scale(x, 0.5), g.mul(sech2, du));
  return g.add(g.add(g.scale(t, 0.5), g.scalar(0.5, x)), tail);
}

export const Gelu: OpRule<'Gelu'> = {
  infer: (inputs, { approximate }) => {
    const [type] = sameType(inputs);
    return approximate === 'none' ? [type, type] : [type];
  },
  vjp: ({ g, inputs: [x], outputs: [, slope], attributes: { approximate }, cotangent }) => [
    g.mul(cotangent, approximate === 'tanh' ? geluTanhSlope(g, x) : slope),
  ],
};

export const Where: OpRule<'Where'> = {
  infer: ([condition, a, b]) => [
    { dtype: a.dtype, shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)) },
  ],
  vjp: ({ g, inputs: [condition, a, b], cotangent, needs }) => {
    const zero = g.scalar(0, cotangent);
    return [
      null,
      needs[1] ? sumToShape(g, g.where(condition, cotangent, zero), a.shape) : null,
      needs[2] ? sumToShape(g, g.where(condition, zero, cotangent), b.shape) : null,
    ];
  },
};

export const Cast: OpRule<'Cast'> = {
  infer: ([x], { to }) => [{ dtype: to, shape: x.shape }],
  vjp: ({ g, inputs: [x], cotangent }) => [g.cast(cotangent, x.dtype)],
};

export const Cos: OpRule<'Cos'> = {
  infer: sameType,
  vjp: ({ g, inputs: [x], cotangent }) => [g.neg(g.mul(cotangent, g.apply('Sin', [x], {})[0]))],
};

export const Sin: OpRule<'Sin'> = {
  infer: sameType,
  vjp: ({ g, inputs: [x], cotangent }) => [g.mul(cotangent, g.apply('Cos', [x], {})[0])],
};
