import { internal } from '../../core/errors.js';
import { sumToShape } from '../broadcast.js';
import type { OpRule } from '../rule.js';
import { elementCount, formatShape, positiveAxis } from '../types.js';

export const Reshape: OpRule<'Reshape'> = {
  infer: ([x], { shape }) => {
    const [before, after] = [elementCount(x.shape), elementCount(shape)];
    if (before !== null && after !== null && before !== after) {
      throw internal(`cannot reshape ${formatShape(x.shape)} to ${formatShape(shape)}`);
    }
    return [{ dtype: x.dtype, shape }];
  },
  vjp: ({ g, inputs: [x], cotangent }) => [g.reshapeLike(cotangent, x)],
};

export const ReshapeLike: OpRule<'ReshapeLike'> = {
  infer: ([x, like]) => [{ dtype: x.dtype, shape: like.shape }],
  vjp: ({ g, inputs: [x], cotangent }) => [g.reshapeLike(cotangent, x), null],
};

export const ExpandLike: OpRule<'ExpandLike'> = {
  infer: ([x, like]) => [{ dtype: x.dtype, shape: like.shape }],
  vjp: ({ g, inputs: [x], cotangent }) => [sumToShape(g, cotangent, x.shape), null],
};

export const Transpose: OpRule<'Transpose'> = {
  infer: ([x], { perm }) => [{ dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]) }],
  vjp: ({ g, attributes: { perm }, cotangent }) => {
    const inverse = new Array<number>(perm.length);
    perm.forEach((from, to) => (inverse[from] = to));
    return [g.transpose(cotangent, inverse)];
  },
};

export const Concat: OpRule<'Concat'> = {
  infer: (parts, { axis }) => {
    const along = positiveAxis(axis, parts[0].shape.length);
    const sizes = parts.map((part) => part.shape[along]);
    const known = sizes.every((size) => typeof size === 'number');
    const total = known ? (sizes as number[]).reduce((a, b) => a + b, 0) : sizes.join('+');
    return [{ dtype: parts[0].dtype, shape: parts[0].shape.map((dim, i) => (i === along ? total : dim)) }];
  },
  vjp: ({ g, inputs, attributes: { axis }, cotangent }) => {
    let start = 0;
    return inputs.map((part) => {
      const size = part.shape[positiveAxis(axis, part.shape.length)];
      if (typeof size !== 'number') throw internal('the reverse of Concat needs known sizes along its axis');
      const piece = g.slice(cotangent, axis, start, start + size);
      start += size;
      return piece;
    });
  },
};

export const Slice: OpRule<'Slice'> = {
  infer: ([x], { axis, start, end }) => {
    const along = positiveAxis(axis, x.shape.length);
    return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === along ? end - start : dim)) }];
  },
  vjp: ({ g, inputs: [x], attributes: { axis, start, end }, cotangent }) => {
    const size = x.shape[positiveAxis(axis, x.shape.length)];
    if (typeof size !== 'number') throw internal('the reverse of Slice needs a known size along its axis');
    return [g.apply('Pad', [cotangent], { axis, before: start, after: size - end })[0]];
  },
};

export const Pad: OpRule<'Pad'> = {
  infer: ([x], { axis, before, after }) => {
    const along = positiveAxis(axis, x.shape.length);
    const shape = x.shape.map((dim, i) => (i === along ? (dim as number) + before + after : dim));
    return [{ dtype: x.dtype, shape }];
  },
  vjp: ({ g, inputs: [x], attributes: { axis, before }, cotangent }) => {
    const size = x.shape[positiveAxis(axis, x.shape.length)] as number;
    return [g.slice(cotangent, axis, before, before + size)];
  },
};
