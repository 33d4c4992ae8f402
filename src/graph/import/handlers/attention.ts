import type { Value } from '../../types.js';
import type { Call } from '../call.js';
import type { Handlers } from '../handler.js';
import { computed, type Operand } from '../operand.js';
import { reshaped } from '../reshaped.js';
import { fromDim, toDim } from '../sizes.js';

/** Added to scores that may not be attended to: the least float32, which leaves a wholly masked row finite. */
const MASKED = -3.4028234663852886e38;

/** [B x T x heads*width] to [B x heads x T x width]; a tensor with heads of its own stays. */
function withHeads(call: Call, x: Value, heads: number): Value {
  if (x.shape.length === 4) return x;
  const width = x.shape.at(-1);
  if (x.shape.length !== 3 || typeof width !== 'number' || !(heads > 0) || width % heads !== 0)
    throw call.refuse(`an input of [${x.shape.join(' x ')}] with ${heads} heads`);
  const [B, T] = x.shape.map(fromDim);
  const split = reshaped(call, computed(x), [B, T, heads, width / heads]).value();
  return call.g.transpose(split, [0, 2, 1, 3]);
}

/** [B x heads x T x width] back to [B x T x heads*width]. */
function withoutHeads(call: Call, x: Value): Operand {
  const turned = call.g.transpose(x, [0, 2, 1, 3]);
  const [B, T, heads, width] = turned.shape;
  return reshaped(call, computed(turned), [fromDim(B), fromDim(T), (heads as number) * (width as number)]);
}

/** What is added to the scores: 0 or a large negative number for a mask of truth values. */
function scoreBias(call: Call, mask: Value): Value {
  if (mask.dtype !== 'bool') return mask;
  const scalar = (value: number) => call.g.constant(Float32Array.of(value), []);
  return call.g.where(mask, scalar(0), scalar(MASKED));
}

/** 0 where a query may see a key, at its own place or before, else a large negative number; [T x S]. */
function causalBias(call: Call, queries: number | string, keys: number | string): Value {
  const count = (size: number | string, axis: number) => {
    const length = toDim(fromDim(size));
    const bounds = [0, fromDim(size), 1].map((element) =>
      call.known({ dtype: 'int64', shape: [], elements: [element] }).value(),
    );
    const [places] = call.g.apply('Range', bounds, { length });
    return reshaped(call, computed(places), axis === 0 ? [fromDim(length), 1] : [1, fromDim(length)]).value();
  };
  return scoreBias(call, call.g.apply('LessOrEqual', [count(keys, 1), count(queries, 0)], {})[0]);
}

/** ONNX Attention (opset 23): softmax(scale Q K^T + mask) V for each head. */
function attention(call: Call): Operand {
  const { g } = call;
  for (const [i, name] of [...call.node.outputs.entries()].slice(1))
    if (name !== '') throw call.refuse(`output ${i + 1} is asked for`);
  if (call.optional(4) || call.optional(5)) throw call.refuse('it takes keys and values of earlier tokens');
  if (call.real('softcap', 0) !== 0) throw call.refuse('softcap is not 0');
  const heads = call.int('q_num_heads', 0);
  const q = withHeads(call, call.float(0), heads);
  const [k, v] = [1, 2].map((i) => withHeads(call, call.float(i), call.int('kv_num_heads', heads)));
  if (q.shape[1] !== k.shape[1]) throw call.refuse('heads share keys');
  const width = q.shape[3];
  if (typeof width !== 'number') throw call.refuse('the width of a head is unknown');
  const alpha = call.real('scale', 1 / Math.sqrt(width));
  let scores = g.fusedMatMul(q, k, { transB: true, alpha });
  if (call.optional(3)) scores = g.add(scores, scoreBias(call, call.input(3).value()));
  if (call.int('is_causal', 0) === 1) scores = g.add(scores, causalBias(call, q.shape[2], k.shape[2]));
  const mixed = g.matMul(g.softmax(scores), v);
  return call.input(0).shape.length === 3 ? withoutHeads(call, mixed) : computed(mixed);
}

/** ONNX RotaryEmbedding (opset 23), the first half of each head paired with the second. */
function rotaryEmbedding(call: Call): Operand {
  const { g } = call;
  if (call.int('interleaved', 0) !== 0) throw call.refuse('it pairs neighbours (interleaved)');
  const x = withHeads(call, call.float(0), call.int('num_heads', 0));
  const width = x.shape[3];
  if (typeof width !== 'number') throw call.refuse('the width of a head is unknown');
  const turned = call.int('rotary_embedding_dim', 0) || width;
  if (!(turned > 0 && turned <= width && turned % 2 === 0))
    throw call.refuse(`it turns ${turned} of ${width}`);
  const table = (index: number): Value => {
    const given = call.float(index);
    const rows = call.optional(3) ? g.gather(given, call.input(3).value()) : given;
    const [B, T, half] = rows.shape;
    if (rows.shape.length !== 3 || half !== turned / 2)
      throw call.refuse(`angles of [${rows.shape.join(' x ')}]`);
    return reshaped(call, computed(rows), [fromDim(B), 1, fromDim(T), turned / 2]).value();
  };
  const [cos, sin] = [table(1), table(2)];
  const [first, second] = [g.slice(x, 3, 0, turned / 2), g.slice(x, 3, turned / 2, turned)];
  const parts = [g.sub(g.mul(cos, first), g.mul(sin, second)), g.add(g.mul(sin, first), g.mul(cos, second))];
  if (turned < width) parts.push(g.slice(x, 3, turned, width));
  const y = g.concat(parts, 3);
  return call.input(0).shape.length === 3 ? withoutHeads(call, y) : computed(y);
}

export const attentions: Handlers = {
  Attention: { inputs: [3, 6], convert: attention },
  RotaryEmbedding: { inputs: [3, 4], convert: rotaryEmbedding },
};
