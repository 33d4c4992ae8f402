import type { DType, Dim } from './types.js';

type None = Record<never, never>;

/**
 * Attributes of every op that the graph can hold; op names exactly as in ONNX. Inputs that ONNX takes as tensors but
 * that are always known when the graph is built (axes, target shapes, slice bounds) are attributes here and become
 * constants when the graph is written.
 */
export interface OpAttributes {
  // elementwise
  Add: None;
  Sub: None;
  Mul: None;
  Div: None;
  Pow: None;
  Neg: None;
  Abs: None;
  Sqrt: None;
  Reciprocal: None;
  Exp: None;
  Log: None;
  Tanh: None;
  Sigmoid: None;
  Erf: None;
  Relu: None;
  Gelu: { approximate: 'none' | 'tanh' };
  Where: None;
  Cast: { to: DType };
  // matrix products
  MatMul: None;
  /** com.microsoft: alpha * op(A) op(B), transposing the last two axes. */
  FusedMatMul: { transA: boolean; transB: boolean; alpha: number };
  // reductions and normalisations
  ReduceSum: { axes: readonly number[]; keepdims: boolean };
  ReduceMean: { axes: readonly number[]; keepdims: boolean };
  Softmax: { axis: number };
  LogSoftmax: { axis: number };
  /** Over the last axis. Outputs: y, mean, 1/std. */
  LayerNormalization: { epsilon: number };
  // shapes
  Reshape: { shape: readonly Dim[] };
  /** Reshape of input 0 to the shape that input 1 has at run time. */
  ReshapeLike: None;
  Transpose: { perm: readonly number[] };
  Concat: { axis: number };
  Slice: { axis: number; start: number; end: number };
  /** Zeros around a slice: the reverse of Slice. */
  Pad: { axis: number; before: number; after: number };
  /** Broadcasts input 0 to the shape that input 1 has at run time. */
  ExpandLike: None;
  // look-ups
  /** Rows of input 0 (axis 0) at the indices of input 1. */
  Gather: None;
  /** Adds the rows of input 1 into zeros shaped as input 2, at the indices of input 0: the reverse of Gather. */
  ScatterRows: None;
  /** com.microsoft RotaryEmbedding on [B x T x heads*width], half-split pairs. Inputs: x, positions, cos, sin. */
  RotaryEmbedding: { heads: number };
}

export type OpName = keyof OpAttributes;
