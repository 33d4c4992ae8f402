import { z } from 'zod';
import { ModelError } from '../../core/errors.js';
import { bufferSource, type ByteSource, fileSource } from './bytes.js';
import { DTYPE_BYTES, isDtype } from './dtype.js';
import { firstRepeatedKey } from './json-keys.js';
import { elementCount, type TensorEntry, type TensorFile, tensorFile } from './tensor.js';

/** A safetensors file: its tensors, where they lie, and the free-form metadata of its header. */
export interface SafetensorsFile extends TensorFile {
  readonly metadata: Readonly<Record<string, string>>;
}

/** The official reader's limit. A header of 100 MB names about a million tensors. */
const LARGEST_HEADER = 100_000_000;

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * Opens a safetensors file; only its header is read, tensors are read when asked for.
 * @throws ModelError when it is missing, truncated, or its header is not consistent (see {@link parseSafetensors}).
 */
export function openSafetensors(path: string): SafetensorsFile {
  return readHeader(fileSource(path));
}

/**
 * Reads safetensors from memory; float32 tensors are views of `bytes` where their offset is a multiple of 4.
 *
 * Layout (huggingface/safetensors): 8 bytes header length N (little-endian), N bytes of JSON
 * `{name: {dtype, shape, data_offsets: [begin, end]}, __metadata__: {...}}`, then the tensors. Offsets count from the
 * end of the header.
 * @param name stands for the buffer in messages
 * @throws ModelError when the header is longer than the file, is not JSON, repeats a name, or has a tensor whose
 *   offsets overlap, leave a gap, lie outside the file or do not fit its shape and type; or when bytes are left over.
 */
export function parseSafetensors(bytes: Uint8Array, name = 'buffer'): SafetensorsFile {
  return readHeader(bufferSource(bytes, name));
}

function readHeader(source: ByteSource): SafetensorsFile {
  const headerLength = readHeaderLength(source);
  const start = 8 + headerLength;
  const header = parseHeader(source, headerLength);
  const tensors = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = parseMetadata(value, source.name);
    else tensors.set(name, parseEntry(name, value, start, source));
  }
  checkLayout(tensors, start, source);
  return { ...tensorFile(source, tensors), metadata };
}

function readHeaderLength(source: ByteSource): number {
  if (source.size < 8) {
    throw corrupt(source, 'file is too short for safetensors', 'at least 8 bytes', `${source.size}`);
  }
  const bytes = source.read(0, 8);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  const room = Math.min(source.size - 8, LARGEST_HEADER);
  if (length > BigInt(room)) {
    throw corrupt(
      source,
      'header length does not fit the file',
      `at most ${room} bytes of header`,
      `${length}`,
    );
  }
  return Number(length);
}

function parseHeader(source: ByteSource, length: number): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(source.read(8, length));
    header = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw corrupt(source, 'header is not JSON', 'a JSON object', (cause as Error).message, cause);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw corrupt(source, 'header is not a JSON object', 'an object of tensors', describe(header));
  }
  const repeated = firstRepeatedKey(text);
  if (repeated !== undefined) {
    throw corrupt(source, `header names tensor ${repeated} twice`, 'each name once', repeated);
  }
  return header as Record<string, unknown>;
}

function parseMetadata(value: unknown, file: string): Record<string, string> {
  const parsed = metadataSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ModelError({
    what: '__metadata__ of the header is not a map of strings',
    file,
    expected: 'an object of strings',
    got: describe(value),
    fix: 'Save the file again.',
  });
}

function parseEntry(name: string, value: unknown, start: number, source: ByteSource): TensorEntry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    throw corrupt(source, `tensor ${name} is not described`, '{dtype, shape, data_offsets}', describe(value));
  }
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  if (!isDtype(dtype)) {
    const known = Object.keys(DTYPE_BYTES).join(', ');
    throw corrupt(source, `tensor ${name} has an unknown element type`, `one of ${known}`, dtype);
  }
  const [begin, end] = offsets;
  if (begin > end || start + end > source.size) {
    const room = `offsets within 0 to ${source.size - start}`;
    throw corrupt(source, `tensor ${name} lies outside the file`, room, `${begin} to ${end}`);
  }
  const bytes = elementCount(shape) * DTYPE_BYTES[dtype];
  if (bytes !== end - begin) {
    const needed = `${bytes} bytes for [${shape.join(', ')}] of ${dtype}`;
    throw corrupt(source, `tensor ${name} does not fit its shape`, needed, `${end - begin}`);
  }
  return { dtype, shape, byteOffset: start + begin, byteLength: end - begin };
}

/** The format wants every byte after the header to belong to exactly one tensor. */
function checkLayout(tensors: ReadonlyMap<string, TensorEntry>, start: number, source: ByteSource): void {
  const inOrder = [...tensors].sort(
    ([, a], [, b]) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength,
  );
  let end = start;
  for (const [name, entry] of inOrder) {
    if (entry.byteOffset !== end) {
      const fault = entry.byteOffset < end ? 'overlaps the tensor before it' : 'leaves a gap before it';
      throw corrupt(
        source,
        `tensor ${name} ${fault}`,
        `offset ${end - start}`,
        `${entry.byteOffset - start}`,
      );
    }
    end += entry.byteLength;
  }
  if (end !== source.size)
    throw corrupt(source, 'bytes are left over after the last tensor', `${end} bytes`, `${source.size}`);
}

function corrupt(
  source: ByteSource,
  what: string,
  expected: string,
  got: string,
  cause?: unknown,
): ModelError {
  const fix = 'The file is damaged or is not safetensors: download or save it again.';
  return new ModelError({ what, file: source.name, expected, got, fix }, { cause });
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
