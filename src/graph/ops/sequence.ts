import type { OpRule } from '../rule.js';

/** y_i sums x_j over j <= i, so dx_j sums dy_i over i >= j: the same sum from the other end. */
export const CumSum: OpRule<'CumSum'> = {
  infer: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  vjp: ({ g, attributes, cotangent }) =>
    g.apply('CumSum', [cotangent], { ...attributes, reverse: !attributes.reverse }),
};

export const Trilu: OpRule<'Trilu'> = {
  infer: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  vjp: ({ g, attributes, cotangent }) => g.apply('Trilu', [cotangent], attributes),
};
