import { internal } from '../../core/errors.js';

/** Bytes that a `.npy` header takes here: room for any shape. */
export const NPY_HEADER = 128;

/**
 * Header of a `.npy` file (format 1.0) of little-endian float32 in C order.
 * @see numpy.lib.format
 */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const header = Buffer.alloc(NPY_HEADER, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(NPY_HEADER - 10, 8);
  if (10 + text.length >= NPY_HEADER) throw internal('the shape does not fit a .npy header');
  header.write(text, 10, 'latin1');
  header.write('\n', NPY_HEADER - 1, 'latin1');
  return header;
}

/** Room for the sizes of a tensor. */
const ENTRY = 256;

/** Bytes that a safetensors header with these metadata takes here: room for any shape, filled up with spaces. */
export function safetensorsHeaderBytes(metadata: Readonly<Record<string, string>>): number {
  return 8 + Math.ceil((Buffer.byteLength(JSON.stringify(metadata)) + ENTRY) / 8) * 8;
}

/** Header of a safetensors file with one float32 tensor, whose values follow it. */
export function safetensorsHeader(
  name: string,
  shape: readonly number[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const bytes = 4 * shape.reduce((product, size) => product * size, 1);
  const entry = { dtype: 'F32', shape, data_offsets: [0, bytes] };
  const text = Buffer.from(JSON.stringify({ __metadata__: metadata, [name]: entry }));
  const header = Buffer.alloc(safetensorsHeaderBytes(metadata), ' ');
  if (8 + text.length > header.length) throw internal('the shape does not fit a safetensors header');
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  text.copy(header, 8);
  return header;
}
