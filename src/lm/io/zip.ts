import type yauzl from 'yauzl';
import { ModelError } from '../../core/errors.js';
import type { ByteSource } from './bytes.js';

/** A stored (not compressed) entry of a zip file. */
export interface ZipEntry {
  /** First byte of its data, counted from the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** The most entries that are taken: 100 times the tensors of the largest models. */
const MOST_ENTRIES = 1_000_000;

/** Whether a file starts as a zip file does. */
export function isZip(source: ByteSource): boolean {
  return source.size >= 4 && Buffer.from(source.read(0, 4)).equals(Buffer.from([0x50, 0x4b, 3, 4]));
}

/**
 * The entries of a zip file by name, without reading their data. Only stored entries are taken, as PyTorch writes them.
 * @throws ModelError when the file is damaged, or an entry is compressed, encrypted, repeated or outside the file
 */
export async function zipEntries(source: ByteSource): Promise<Map<string, ZipEntry>> {
  // Loaded here because few models need it and the command line should start fast.
  const { default: yauzl } = await import('yauzl');
  const { name: file, size } = source;
  const entries = new Map<string, ZipEntry>();
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(checkedReader(yauzl, source), size, {
      autoClose: false,
      strictFileNames: true,
    });
    try {
      if (zip.entryCount > MOST_ENTRIES) throw damaged(file, `${zip.entryCount} entries`);
      for await (const entry of zip.eachEntry()) {
        if (entry.compressionMethod !== 0 || entry.isEncrypted()) throw notStored(file, entry.fileName);
        const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
        if (fileDataStart + entry.uncompressedSize > size)
          throw damaged(file, `${entry.fileName} ends outside the file`);
        if (entries.has(entry.fileName)) throw damaged(file, `${entry.fileName} twice`);
        entries.set(entry.fileName, { byteOffset: fileDataStart, byteLength: entry.uncompressedSize });
      }
    } finally {
      zip.close();
    }
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw damaged(file, (cause as Error).message, cause);
  }
  return entries;
}

/**
 * Reads for yauzl. Its own file reader throws from within a callback, which ends the process, when a damaged directory
 * sends it beyond 2^53.
 */
function checkedReader({ RandomAccessReader }: typeof yauzl, source: ByteSource): yauzl.RandomAccessReader {
  class Reader extends RandomAccessReader {
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: Error | null) => void,
    ): void {
      let error: Error | null = null;
      if (position >= 0 && position + length <= source.size)
        buffer.set(source.read(position, length), offset);
      else error = new Error(`bytes ${position} to ${position + length} of ${source.size}`);
      // Never before the call returns: yauzl reads entry after entry, and would go one level deeper for each.
      setImmediate(callback, error);
    }
  }
  return new Reader();
}

function damaged(file: string, got: string, cause?: unknown): ModelError {
  const fix = 'The file is damaged: download it again.';
  return new ModelError(
    { what: 'zip file is damaged', file, expected: 'whole entries within the file', got, fix },
    { cause },
  );
}

function notStored(file: string, name: string): ModelError {
  return new ModelError({
    what: `entry ${name} is compressed or encrypted`,
    file,
    expected: 'stored entries, as torch.save writes them',
    fix: 'Save the state dict again with torch.save.',
  });
}
