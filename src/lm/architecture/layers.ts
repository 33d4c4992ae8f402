import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/types.js';
import type { BatchInputs } from './architecture.js';
import type { Parameters } from './parameters.js';

/** x W^T + b with W [out x in], as checkpoints store it. */
export function linear(
  g: GraphBuilder,
  p: Parameters,
  x: Value,
  name: string,
  inputs: number,
  outputs: number,
): Value {
  return g.add(project(g, p, x, name, inputs, outputs), p.tensor(`${name}.bias`, [outputs]));
}

/** x W^T, without a bias. */
export function project(
  g: GraphBuilder,
  p: Parameters,
  x: Value,
  name: string,
  inputs: number,
  outputs: number,
): Value {
  return g.fusedMatMul(x, p.tensor(`${name}.weight`, [outputs, inputs]), { transB: true });
}

/** Layer normalisation with weights `name.weight` and `name.bias`. */
export function layerNorm(
  g: GraphBuilder,
  p: Parameters,
  x: Value,
  name: string,
  size: number,
  epsilon: number,
): Value {
  return g.layerNorm(x, p.tensor(`${name}.weight`, [size]), p.tensor(`${name}.bias`, [size]), epsilon);
}

/** 0 for tokens and a large negative number for padding, [B x 1 x 1 x T], from a mask [B x T]. */
export function attentionBias(g: GraphBuilder, mask: Value): Value {
  const [B, T] = mask.shape;
  const bias = g.scale(g.sub(mask, g.scalar(1, mask)), 1e9);
  return g.reshape(bias, [B, 1, 1, T]);
}

/** 0 where a token may look (itself and what precedes it), a large negative number elsewhere, [B x 1 x T x T]. */
export function causalBias(g: GraphBuilder, positions: Value): Value {
  const [B, T] = positions.shape;
  const p = g.cast(positions, 'float32');
  const ahead = g.sub(g.reshape(p, [B, 1, 1, T]), g.reshape(p, [B, 1, T, 1]));
  return g.scale(g.unary('Relu', ahead), -1e9);
}

/** What attention may look at: padding, and what follows where the model is causal. */
export interface Visibility {
  /** Mask [B x T] and the bias that stands for it and for causality; empty where all may look at all. */
  masks: readonly Value[];
  causal: boolean;
}

/** Every token of the sequence may be looked at. */
export function everywhere(g: GraphBuilder, { mask, padded }: BatchInputs): Visibility {
  return { masks: padded ? [mask, attentionBias(g, mask)] : [], causal: false };
}

/** Only the token itself and what precedes it. */
export function backwards(g: GraphBuilder, { mask, positions }: BatchInputs): Visibility {
  return { masks: [mask, g.add(attentionBias(g, mask), causalBias(g, positions))], causal: true };
}

/** softmax(q k^T / sqrt(width of a head) + bias) v per head. q, k, v [B x T x D]. */
export function attention(
  g: GraphBuilder,
  q: Value,
  k: Value,
  v: Value,
  visible: Visibility,
  heads: number,
): Value {
  const scale = ((q.shape[2] as number) / heads) ** -0.5;
  return g.apply('Attention', [q, k, v, ...visible.masks], { heads, scale, causal: visible.causal })[0];
}

/** Tables of cosines and sines for rotary positions, [positions x width/2]; `inverseFrequency` [width/2]. */
export function rotaryTables(
  positions: number,
  inverseFrequency: ArrayLike<number>,
): { cos: Float32Array; sin: Float32Array } {
  const half = inverseFrequency.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let t = 0; t < positions; t++) {
    for (let i = 0; i < half; i++) {
      cos[t * half + i] = Math.cos(t * inverseFrequency[i]);
      sin[t * half + i] = Math.sin(t * inverseFrequency[i]);
    }
  }
  return { cos, sin };
}

/** Frequencies of rotary positions, theta^(-2i/width), width/2 of them. */
export function inverseFrequencies(width: number, theta: number): Float64Array {
  return Float64Array.from({ length: width / 2 }, (_, i) => theta ** ((-2 * i) / width));
}

/** Turns queries and keys [B x T x D] by their positions. */
export type Rotate = (x: Value) => Value;

/** Rotary positions, half-split pairs; positions count from the first token. */
export function rotation(
  g: GraphBuilder,
  positions: number,
  heads: number,
  frequencies: ArrayLike<number>,
): Rotate {
  const { cos, sin } = rotaryTables(positions, frequencies);
  const shape = [positions, frequencies.length];
  const [cosTable, sinTable] = [g.constant(cos, shape), g.constant(sin, shape)];
  const start = g.constant(BigInt64Array.of(0n), [1]);
  return (x) => g.rotaryEmbedding(x, start, cosTable, sinTable, heads);
}
