/**
 * IEEE 754 half precision (1 sign, 5 exponent, 10 fraction bits) and bfloat16 (the upper half of a float32).
 * Node 20 has no Float16Array.
 */

const float32 = new Float32Array(1);
const bits32 = new Uint32Array(float32.buffer);

/** The largest finite float16. */
export const FLOAT16_MAX = 65504;

let table: Float32Array | undefined;

/** All 65,536 float16 values by their bits: one look-up a value decodes faster than any bit arithmetic. */
function float16Table(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else if (exponent === 31) table[bits] = fraction ? NaN : sign * Infinity;
    else table[bits] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  return table;
}

/** float16 bits to float32, exact. */
export function decodeFloat16(bits: Uint16Array): Float32Array {
  const values = float16Table();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = values[bits[i]];
  return out;
}

/** bfloat16 bits to float32, exact. */
export function decodeBfloat16(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i] << 16;
  return new Float32Array(out.buffer);
}

/**
 * float32 to float16 bits, rounded to nearest, ties to even; too small becomes subnormal or zero (sign kept),
 * too large becomes infinite, NaN stays NaN.
 */
export function encodeFloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = halfBits(values[i]);
  return out;
}

function halfBits(value: number): number {
  float32[0] = value;
  const bits = bits32[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 is half way from the largest float16 to the next power of two, and ties go up to it.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 float16 values are multiples of 2^-24.
  if (magnitude < 0x38800000) return sign | roundHalfEven(Math.abs(float32[0]) * 2 ** 24);
  const rebased = magnitude - 0x38000000;
  const lost = rebased & 0x1fff;
  const kept = rebased >>> 13;
  // A carry out of the fraction runs into the exponent, which is what rounding up to a power of two means.
  return sign | (lost > 0x1000 || (lost === 0x1000 && kept & 1) ? kept + 1 : kept);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor & 1) ? floor + 1 : floor;
}
