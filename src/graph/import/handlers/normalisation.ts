import type { Call } from '../call.js';
import type { Handler, Handlers } from '../handler.js';
import type { Operand } from '../operand.js';

const softmax = (op: 'Softmax' | 'LogSoftmax'): Handler => ({
  inputs: [1, 1],
  convert: (call) => {
    const x = call.float(0);
    const axis = call.axis(call.int('axis', -1), x.shape.length);
    return call.computed(call.g.apply(op, [x], { axis })[0]);
  },
});

/** The axes that a reduction runs over; null where it leaves its input as it is. */
function reducedAxes(call: Call, rank: number): number[] | null {
  const given = call.integers(1, 'axes');
  if (given && given.length > 0) {
    const axes = given.map((axis) => call.axis(axis, rank));
    if (new Set(axes).size === axes.length) return axes;
    throw call.refuse('an axis is named twice');
  }
  return call.int('noop_with_empty_axes', 0) === 1 ? null : Array.from({ length: rank }, (_, axis) => axis);
}

const reduction = (op: 'ReduceSum' | 'ReduceMean'): Handler => ({
  inputs: [1, 2],
  convert: (call) => {
    const x = op === 'ReduceMean' ? call.float(0) : call.input(0).value();
    if (x.dtype === 'bool') throw call.refuse('its input is bool');
    const axes = reducedAxes(call, x.shape.length);
    if (!axes || axes.length === 0) return call.input(0);
    const keepdims = call.int('keepdims', 1) === 1;
    return call.computed(call.g.apply(op, [x], { axes, keepdims })[0]);
  },
});

/** The last axis's size, if the op normalises over that axis alone. */
function normalisedWidth(call: Call): number {
  const { shape } = call.input(0);
  if (call.axis(call.int('axis', -1), shape.length) !== shape.length - 1)
    throw call.refuse('it normalises over more than the last axis');
  const width = shape[shape.length - 1];
  if (typeof width !== 'number') throw call.refuse('it normalises over an axis of unknown size');
  return width;
}

function checkWidth(call: Call, index: number, width: number): void {
  const { shape } = call.input(index);
  if (shape.length !== 1 || shape[0] !== width)
    throw call.refuse(`input ${index + 1} is not a vector of ${width}`);
}

function layerNormalization(call: Call): Operand {
  const width = normalisedWidth(call);
  const [x, scale] = [call.float(0), call.float(1)];
  checkWidth(call, 1, width);
  if (call.optional(2)) checkWidth(call, 2, width);
  const bias = call.optional(2) ? call.float(2) : null;
  return call.computed(call.g.layerNorm(x, scale, bias, call.real('epsilon', 1e-5)));
}

/** x / sqrt(mean(x^2) + epsilon) * scale. */
function rmsNormalization(call: Call): Operand {
  const { g } = call;
  checkWidth(call, 1, normalisedWidth(call));
  const [x, scale] = [call.float(0), call.float(1)];
  const square = g.reduceMean(g.mul(x, x), [-1], true);
  const root = g.unary('Sqrt', g.add(square, g.scalar(call.real('epsilon', 1e-5), x)));
  return call.computed(g.mul(g.div(x, root), scale));
}

export const normalisation: Handlers = {
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
  ReduceSum: reduction('ReduceSum'),
  ReduceMean: reduction('ReduceMean'),
  LayerNormalization: { inputs: [2, 3], convert: layerNormalization },
  RMSNormalization: { inputs: [2, 2], convert: rmsNormalization },
};
