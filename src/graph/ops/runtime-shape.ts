import { sumToShape } from '../broadcast.js';
import type { OpRule } from '../rule.js';

/** Nothing flows back through a shape. */
export const Shape: OpRule<'Shape'> = {
  infer: (_inputs, { start, end }) => [{ dtype: 'int64', shape: [end - start] }],
  vjp: () => [null],
};

/** Nothing flows back through integers. */
export const Range: OpRule<'Range'> = {
  infer: ([start], { length }) => [{ dtype: start.dtype, shape: [length] }],
  vjp: () => [null, null, null],
};

export const ReshapeTo: OpRule<'ReshapeTo'> = {
  infer: ([x], { shape }) => [{ dtype: x.dtype, shape }],
  vjp: ({ g, inputs: [x], cotangent }) => [g.reshapeLike(cotangent, x), null],
};

export const ExpandTo: OpRule<'ExpandTo'> = {
  infer: ([x], { shape }) => [{ dtype: x.dtype, shape }],
  vjp: ({ g, inputs: [x], cotangent }) => [sumToShape(g, cotangent, x.shape), null],
};
