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
  /** Outputs: y and, where not approximate, its slope for the reverse rule. Written as one node where only y is used. */
  Gelu: { approximate: 'none' | 'tanh' };
  Where: None;
  Cast: { to: DType };
  Cos: None;
  Sin: None;
  /** Of two values. */
  Max: None;
  /** Of two values. */
  Min: None;
  // comparisons and logic: bool results, no gradient
  Equal: None;
  Greater: None;
  GreaterOrEqual: None;
  Less: None;
  LessOrEqual: None;
  And: None;
  Or: None;
  Not: None;
  IsNaN: None;
  // matrix products
  MatMul: None;
  /** com.microsoft: alpha * op(A) op(B), transposing the last two axes. */
  FusedMatMul: { transA: boolean; transB: boolean; alpha: number };
  /**
   * softmax(scale q k' + bias) v per head on [B x T x heads*width]. Inputs: q, k, v, mask (1 for a token that may be
   * looked at, [B x T]), bias (the same and what precedes only where `causal`, added to the scores, [B x 1 x 1 or T x T]);
   * neither where every token may look at every other.
   * Outputs: y, then for the reverse rule the softmax and q, k, v split by heads. Written as com.microsoft
   * MultiHeadAttention where only y is used.
   */
  Attention: { heads: number; scale: number; causal: boolean };
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
  /** Sizes of axes `start` to `end` (exclusive), int64, known at run time. */
  Shape: { start: number; end: number };
  /** Integers from input 0 to input 1 (exclusive) in steps of input 2; `length` names how many. */
  Range: { length: Dim };
  /** Reshape of input 0 to the sizes in input 1 (int64), which are those that `shape` names. */
  ReshapeTo: { shape: readonly Dim[] };
  /** Broadcasts input 0 to the sizes in input 1 (int64); `shape` names the result. */
  ExpandTo: { shape: readonly Dim[] };
  CumSum: { axis: number; exclusive: boolean; reverse: boolean };
  /** Keeps the upper or lower triangle of the last two axes, from diagonal `k`; zeros elsewhere. */
  Trilu: { upper: boolean; k: number };
  // look-ups
  /** Rows of input 0 (axis 0) at the indices of input 1. */
  Gather: None;
  /** Adds the rows of input 1 into zeros shaped as input 2, at the indices of input 0: the reverse of Gather. */
  ScatterRows: None;
  /** Entries or slices of input 0 at the index tuples along the last axis of input 1. */
  GatherND: None;
  /** Input 0 with the entries or slices of input 2 added at the index tuples of input 1: the reverse of GatherND. */
  ScatterND: None;
  /** Entries of input 0 whose index along `axis` is given by input 1, the others being those of the output. */
  GatherElements: { axis: number };
  /** Input 0 with the entries of input 2 added at the indices of input 1 along `axis`: the reverse of GatherElements. */
  ScatterElements: { axis: number };
  /** com.microsoft RotaryEmbedding on [B x T x heads*width], half-split pairs. Inputs: x, positions, cos, sin. */
  RotaryEmbedding: { heads: number };
}

export type OpName = keyof OpAttributes;
