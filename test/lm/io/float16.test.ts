import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/random.js';
import { decodeBfloat16, decodeFloat16, encodeFloat16, FLOAT16_MAX } from '../../../src/lm/io/float16.js';

const allBits = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

/** IEEE 754 read off the definition, as text digits, independent of the code under test. */
function valueOf(bits: number): number {
  const text = bits.toString(2).padStart(16, '0');
  const sign = text[0] === '1' ? -1 : 1;
  const exponent = parseInt(text.slice(1, 6), 2);
  const fraction = [...text.slice(6)].reduce((sum, bit, i) => sum + Number(bit) / 2 ** (i + 1), 0);
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * (1 + fraction) * 2 ** (exponent - 15) : sign * fraction * 2 ** -14;
}

const positive = Array.from({ length: 0x7c00 }, (_, bits) => valueOf(bits));

/** Nearest float16 by bisection over all of them, ties to the even fraction. */
function nearestBits(value: number): number {
  const size = Math.abs(value);
  const sign = Object.is(value, -0) || value < 0 ? 0x8000 : 0;
  let low = 0;
  let high = positive.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (positive[middle] <= size) low = middle;
    else high = middle;
  }
  const next = low + 1 < positive.length ? positive[low + 1] : 65536;
  const below = size - positive[low];
  const above = next - size;
  return sign | (below < above || (below === above && low % 2 === 0) ? low : low + 1);
}

describe('float16', () => {
  it('decodes all 65,536 values', () => {
    const decoded = decodeFloat16(allBits);
    expect(allBits.every((bits) => Object.is(decoded[bits], valueOf(bits)))).toBe(true);
    expect(FLOAT16_MAX).toBe(Math.max(...positive));
  });

  it('encodes what it decodes back to the same bits', () => {
    const finite = allBits.filter((bits) => !Number.isNaN(valueOf(bits)));
    expect(encodeFloat16(decodeFloat16(finite))).toEqual(finite);
  });

  it('rounds to nearest, ties to even, from subnormals to infinity', () => {
    const random = createRandom(1);
    const values: number[] = [
      0,
      -0,
      2 ** -24,
      2 ** -25,
      2 ** -26,
      65519.99,
      65520,
      -65520,
      1e30,
      2 ** -14,
      6.1e-5,
    ];
    for (let i = 0; i < 50_000; i++) {
      values.push((random.uniform() < 0.5 ? -1 : 1) * 2 ** (random.uniform() * 44 - 27));
      const middle = random.integer(positive.length - 1);
      // Half way between neighbours, and just beside it.
      const half = (positive[middle] + positive[middle + 1]) / 2;
      values.push(half, half * (1 + 2 ** -20), -half * (1 - 2 ** -20));
    }
    const floats = Float32Array.from(values);
    const encoded = encodeFloat16(floats);
    const wrong = Array.from(floats.keys()).filter((i) => encoded[i] !== nearestBits(floats[i]));
    expect(wrong.map((i) => floats[i])).toEqual([]);
  });

  it('keeps infinities and NaN', () => {
    expect(Array.from(encodeFloat16(Float32Array.of(Infinity, -Infinity)))).toEqual([0x7c00, 0xfc00]);
    expect(decodeFloat16(encodeFloat16(Float32Array.of(NaN)))[0]).toBeNaN();
  });

  it('decodes bfloat16 as the upper half of float32', () => {
    const view = new DataView(new ArrayBuffer(4));
    const decoded = decodeBfloat16(allBits);
    for (const bits of allBits) {
      view.setUint32(0, bits * 65536);
      if (!Object.is(decoded[bits], view.getFloat32(0))) expect(decoded[bits]).toBe(view.getFloat32(0));
    }
  });
});
