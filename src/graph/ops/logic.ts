import { broadcastType, sumToShape } from '../broadcast.js';
import type { GraphBuilder } from '../builder.js';
import type { OpRule } from '../rule.js';
import type { TensorType, Value } from '../types.js';

/** A truth value of two broadcast inputs; nothing flows back through it. */
const comparison = {
  infer: ([a, b]: readonly Value[]): TensorType[] => [{ dtype: 'bool', shape: broadcastType(a, b).shape }],
  vjp: () => [null, null],
};

export const Equal: OpRule<'Equal'> = comparison;
export const Greater: OpRule<'Greater'> = comparison;
export const GreaterOrEqual: OpRule<'GreaterOrEqual'> = comparison;
export const Less: OpRule<'Less'> = comparison;
export const LessOrEqual: OpRule<'LessOrEqual'> = comparison;
export const And: OpRule<'And'> = comparison;
export const Or: OpRule<'Or'> = comparison;

const property = {
  infer: ([x]: readonly Value[]): TensorType[] => [{ dtype: 'bool', shape: x.shape }],
  vjp: () => [null],
};

export const Not: OpRule<'Not'> = property;
export const IsNaN: OpRule<'IsNaN'> = property;

/** The cotangent flows to the chosen input; on a tie to the first. */
function flowToChosen(
  g: GraphBuilder,
  [a, b]: readonly Value[],
  choosesFirst: 'GreaterOrEqual' | 'LessOrEqual',
  cotangent: Value,
): Value[] {
  const [first] = g.apply(choosesFirst, [a, b], {});
  const zero = g.scalar(0, cotangent);
  return [
    sumToShape(g, g.where(first, cotangent, zero), a.shape),
    sumToShape(g, g.where(first, zero, cotangent), b.shape),
  ];
}

const choice = ([a, b]: readonly Value[]): TensorType[] => [broadcastType(a, b)];

export const Max: OpRule<'Max'> = {
  infer: choice,
  vjp: ({ g, inputs, cotangent }) => flowToChosen(g, inputs, 'GreaterOrEqual', cotangent),
};

export const Min: OpRule<'Min'> = {
  infer: choice,
  vjp: ({ g, inputs, cotangent }) => flowToChosen(g, inputs, 'LessOrEqual', cotangent),
};
