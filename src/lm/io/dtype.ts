import { internal } from '../../core/errors.js';
import { decodeBfloat16, decodeFloat16 } from './float16.js';

/** Element types of safetensors, by size in bytes. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

/** Element type of a stored tensor, as safetensors names it. */
export type Dtype = keyof typeof DTYPE_BYTES;

/** Element types that can be converted to floating point (all but the 8-bit floats). */
export type NumericDtype = Exclude<Dtype, 'F8_E5M2' | 'F8_E4M3'>;

export function isDtype(text: string): text is Dtype {
  return Object.hasOwn(DTYPE_BYTES, text);
}

export function isNumericDtype(dtype: Dtype): dtype is NumericDtype {
  return dtype !== 'F8_E5M2' && dtype !== 'F8_E4M3';
}

type Numbers =
  Uint8Array | Int8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/**
 * Little-endian bytes as a float32 array: a view of the bytes where they are aligned float32, else a converted copy
 * (F64 rounded to nearest, integers above 2^24 rounded).
 */
export function toFloat32(dtype: NumericDtype, bytes: Uint8Array): Float32Array {
  if (dtype === 'F16') return decodeFloat16(view(Uint16Array, bytes));
  if (dtype === 'BF16') return decodeBfloat16(view(Uint16Array, bytes));
  if (dtype === 'F32') return view(Float32Array, bytes);
  return Float32Array.from(numbers(dtype, bytes));
}

/** Little-endian bytes as a float64 array: a view where they are aligned float64, else a converted copy. */
export function toFloat64(dtype: NumericDtype, bytes: Uint8Array): Float64Array {
  if (dtype === 'F64') return view(Float64Array, bytes);
  return Float64Array.from(
    dtype === 'F16' || dtype === 'BF16' ? toFloat32(dtype, bytes) : numbers(dtype, bytes),
  );
}

function numbers(dtype: Exclude<NumericDtype, 'F16' | 'BF16'>, bytes: Uint8Array): Numbers {
  switch (dtype) {
    case 'BOOL':
    case 'U8':
      return bytes;
    case 'I8':
      return view(Int8Array, bytes);
    case 'I16':
      return view(Int16Array, bytes);
    case 'U16':
      return view(Uint16Array, bytes);
    case 'I32':
      return view(Int32Array, bytes);
    case 'U32':
      return view(Uint32Array, bytes);
    case 'F32':
      return view(Float32Array, bytes);
    case 'F64':
      return view(Float64Array, bytes);
    case 'I64':
      return wideIntegers(view(Uint32Array, bytes), true);
    case 'U64':
      return wideIntegers(view(Uint32Array, bytes), false);
  }
}

/** 64-bit integers from their halves, low half first: several times faster than BigInt. */
function wideIntegers(halves: Uint32Array, signed: boolean): Float64Array {
  const out = new Float64Array(halves.length / 2);
  for (let i = 0; i < out.length; i++) {
    const high = halves[2 * i + 1];
    out[i] = (signed ? high | 0 : high) * 2 ** 32 + halves[2 * i];
  }
  return out;
}

interface ViewOf<T> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** The bytes as elements: without a copy where their offset is aligned. */
export function view<T>(type: ViewOf<T>, bytes: Uint8Array): T {
  if (bytes.length % type.BYTES_PER_ELEMENT) throw internal('bytes are not whole elements');
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new type(aligned.buffer, aligned.byteOffset, aligned.length / type.BYTES_PER_ELEMENT);
}
