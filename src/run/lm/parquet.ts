import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { throwIfAborted } from '../../core/errors.js';

/** A vector's row: whose it is, and for single residues where. */
export interface ParquetRow {
  id: string;
  /** Letters of the sequence. */
  length: number;
  /** The user's number of the residue. */
  position?: number;
  /** Its letter. */
  residue?: string;
}

/** What to turn into Parquet. */
export interface ParquetSource {
  /** File of raw little-endian float32 vectors, one after the other. */
  values: string;
  /** File of JSON lines, one a sequence. */
  index: string;
  /** The rows of a line of the index, as many as it has vectors. */
  rowsOf(line: string): Iterable<ParquetRow>;
  /** D, length of a vector. */
  width: number;
  /** Whether rows are single residues. */
  byResidue: boolean;
  metadata: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

/** Values of a row group: 1 MiB, which the writer turns into many times as many bytes of lists while it writes. */
const VALUES_PER_GROUP = 2 ** 18;

/** `id`, `length` (`position`, `residue`), and `embedding` as a list of floats. */
function schemaOf(byResidue: boolean) {
  const required = { repetition_type: 'REQUIRED' } as const;
  const text = (name: string) => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', ...required }) as const;
  const number = (name: string) => ({ name, type: 'INT32', ...required }) as const;
  return [
    { name: 'root', num_children: byResidue ? 5 : 3 },
    text('id'),
    number('length'),
    ...(byResidue ? [number('position'), text('residue')] : []),
    { name: 'embedding', num_children: 1, converted_type: 'LIST', ...required } as const,
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' } as const,
    { name: 'element', type: 'FLOAT', ...required } as const,
  ];
}

/** Writes a Parquet file from raw vectors, a row group in memory at a time. */
export async function writeParquet(file: string, source: ParquetSource): Promise<void> {
  const { ParquetWriter, fileWriter } = await import('hyparquet-writer');
  const { width, byResidue, metadata, rowsOf, signal } = source;
  const rowsAtOnce = Math.max(1, Math.floor(VALUES_PER_GROUP / width));
  const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  const writer = new ParquetWriter({ writer: fileWriter(file), schema: schemaOf(byResidue), kvMetadata });
  const values = openSync(source.values, 'r');
  const write = (rows: readonly ParquetRow[]) => {
    throwIfAborted(signal);
    const columns = byResidue
      ? (['id', 'length', 'position', 'residue'] as const)
      : (['id', 'length'] as const);
    const columnData = [
      ...columns.map((name) => ({ name, data: rows.map((row) => row[name]) })),
      { name: 'embedding', data: readVectors(values, rows.length, width) },
    ];
    return writer.write({ columnData, rowGroupSize: rowsAtOnce });
  };
  try {
    let rows: ParquetRow[] = [];
    for await (const line of createInterface({
      input: createReadStream(source.index),
      crlfDelay: Infinity,
    })) {
      for (const row of rowsOf(line)) {
        rows.push(row);
        if (rows.length < rowsAtOnce) continue;
        await write(rows);
        rows = [];
      }
    }
    if (rows.length > 0) await write(rows);
    await writer.finish();
  } finally {
    closeSync(values);
  }
}

/** The next vectors of a file, as the lists that the writer takes. */
function readVectors(descriptor: number, count: number, width: number): number[][] {
  const bytes = new Uint8Array(4 * width * count);
  for (let at = 0; at < bytes.length;) at += readSync(descriptor, bytes, at, bytes.length - at, null);
  const floats = new Float32Array(bytes.buffer);
  return Array.from({ length: count }, (_, i) => Array.from(floats.subarray(i * width, (i + 1) * width)));
}
