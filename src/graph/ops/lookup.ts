import type { OpRule } from '../rule.js';

export const Gather: OpRule<'Gather'> = {
  infer: ([table, indices]) => [{ dtype: table.dtype, shape: [...indices.shape, ...table.shape.slice(1)] }],
  vjp: ({ g, inputs: [table, indices], cotangent }) => [
    g.apply('ScatterRows', [indices, cotangent, table], {})[0],
    null,
  ],
};

export const ScatterRows: OpRule<'ScatterRows'> = {
  infer: ([, rows, like]) => [{ dtype: rows.dtype, shape: like.shape }],
  vjp: ({ g, inputs: [indices], cotangent }) => [null, g.gather(cotangent, indices), null],
};

/** A rotation by an angle per position; its reverse is the rotation by the opposite angle. */
export const RotaryEmbedding: OpRule<'RotaryEmbedding'> = {
  infer: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  vjp: ({ g, inputs: [, positions, cos, sin], attributes: { heads }, cotangent }) => [
    g.rotaryEmbedding(cotangent, positions, cos, g.neg(sin), heads),
    null,
    null,
    null,
  ],
};
