import type { GraphBuilder } from '../builder.js';
import { internal } from '../../core/errors.js';
import type { OpRule } from '../rule.js';
import type { Value } from '../types.js';

/** Zeros in the shape of `like`. */
function zerosLike(g: GraphBuilder, like: Value): Value {
  return g.apply('ExpandLike', [g.scalar(0, like), like], {})[0];
}

export const GatherND: OpRule<'GatherND'> = {
  infer: ([data, indices]) => {
    const depth = indices.shape.at(-1);
    if (typeof depth !== 'number' || depth > data.shape.length)
      throw internal(`GatherND by tuples of ${depth} into rank ${data.shape.length}`);
    return [{ dtype: data.dtype, shape: [...indices.shape.slice(0, -1), ...data.shape.slice(depth)] }];
  },
  vjp: ({ g, inputs: [data, indices], cotangent }) => [
    g.apply('ScatterND', [zerosLike(g, data), indices, cotangent], {})[0],
    null,
  ],
};

export const ScatterND: OpRule<'ScatterND'> = {
  infer: ([data]) => [{ dtype: data.dtype, shape: data.shape }],
  vjp: ({ g, inputs: [, indices], cotangent }) => [
    cotangent,
    null,
    g.apply('GatherND', [cotangent, indices], {})[0],
  ],
};

export const GatherElements: OpRule<'GatherElements'> = {
  infer: ([data, indices]) => [{ dtype: data.dtype, shape: indices.shape }],
  vjp: ({ g, inputs: [data, indices], attributes, cotangent }) => [
    g.apply('ScatterElements', [zerosLike(g, data), indices, cotangent], attributes)[0],
    null,
  ],
};

export const ScatterElements: OpRule<'ScatterElements'> = {
  infer: ([data]) => [{ dtype: data.dtype, shape: data.shape }],
  vjp: ({ g, inputs: [, indices], attributes, cotangent }) => [
    cotangent,
    null,
    g.apply('GatherElements', [cotangent, indices], attributes)[0],
  ],
};
