import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';

/**
 * Writes a file whole or not at all: to a temporary file beside it, flushed to disk, then renamed over it. What was
 * there before stays until the new file is complete.
 * @param chunks are taken one at a time, so a large file need not be in memory at once
 */
export function atomicWrite(file: string, chunks: Iterable<string | Uint8Array>): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.tmp`);
  const descriptor = openSync(temporary, 'wx');
  try {
    try {
      for (const chunk of chunks)
        writeFully(descriptor, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done);
}

/** Makes the rename itself durable; Windows cannot open folders and does not need it. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
