import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { InputError } from '../core/errors.js';
import { lockFile } from './file-lock.js';
import type { CellRecord } from './record.js';
import { formatLine, parseLine } from './store-line.js';

/** A line that is complete and yet no record: someone or something changed the file. */
export interface DamagedLine {
  /** 1-based. */
  line: number;
  why: string;
}

/**
 * Results of cells: one file, one checksummed line a record, only ever appended to. Every record is on the disk when
 * `append` returns. A process that is killed leaves at most a line without its line feed, which readers do not see and
 * the next writer cuts off. Any number of processes may read and append at once.
 */
export interface Store {
  /** Absolute path. */
  readonly file: string;
  /** Complete lines that were not understood. They count as missing. */
  readonly damaged: readonly DamagedLine[];
  /** Reads what was appended since, by whomever. */
  refresh(): void;
  /** The record of a key: the last one that is done, else the last. */
  get(key: string): CellRecord | undefined;
  /** One record a key, as `get`, in the order in which keys came first. */
  records(): CellRecord[];
  /**
   * Adds a record, unless there is one of that key that is done.
   * @returns whether it was added
   * @throws InputError where the file cannot be written; it then holds what it held before
   */
  append(record: CellRecord): Promise<boolean>;
}

/**
 * Opens a store for reading and appending; the file is made by the first `append`.
 * @throws InputError where the file cannot be read
 */
export function openStore(file: string): Store {
  const store = new FileStore(path.resolve(file));
  store.refresh();
  return store;
}

const LINE_FEED = 0x0a;
/** Bytes that are read at once. */
const CHUNK = 2 ** 22;

class FileStore implements Store {
  readonly damaged: DamagedLine[] = [];
  private readonly byKey = new Map<string, CellRecord>();
  /** Bytes up to the end of the last complete line. */
  private read = 0;
  private lines = 0;
  /** Tells this file from another that took its place. */
  private inode: number | null = null;

  constructor(readonly file: string) {}

  get(key: string): CellRecord | undefined {
    return this.byKey.get(key);
  }

  records(): CellRecord[] {
    return [...this.byKey.values()];
  }

  refresh(): void {
    guarded(this.file, 'read', () => {
      if (!existsSync(this.file)) return;
      const descriptor = openSync(this.file, 'r');
      try {
        this.readOn(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  async append(record: CellRecord): Promise<boolean> {
    guarded(this.file, 'written', () => mkdirSync(path.dirname(this.file), { recursive: true }));
    const lock = await lockFile(`${this.file}.lock`);
    try {
      return guarded(this.file, 'written', () => this.appendLocked(record));
    } finally {
      lock.release();
    }
  }

  private appendLocked(record: CellRecord): boolean {
    const isNew = !existsSync(this.file);
    // not 'a': a torn line is cut off, and the new one must begin exactly there
    const descriptor = openSync(this.file, isNew ? 'wx+' : 'r+');
    try {
      this.readOn(descriptor);
      if (this.byKey.get(record.key)?.outcome.status === 'done') return false;
      if (fstatSync(descriptor).size > this.read) ftruncateSync(descriptor, this.read);
      this.writeLine(descriptor, Buffer.from(formatLine(record)));
      this.readOn(descriptor);
      if (isNew) syncFolder(path.dirname(this.file));
      return true;
    } finally {
      closeSync(descriptor);
    }
  }

  private writeLine(descriptor: number, line: Buffer): void {
    try {
      for (let done = 0; done < line.length;)
        done += writeSync(descriptor, line, done, line.length - done, this.read + done);
      fsyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, this.read);
      throw error;
    }
  }

  /** Takes in the complete lines after what was read before. */
  private readOn(descriptor: number): void {
    const { size, ino } = fstatSync(descriptor);
    if (size < this.read || (this.inode !== null && ino !== this.inode)) {
      throw new InputError({
        what: 'the store was cut or replaced while it was in use',
        file: this.file,
        fix: 'Run again.',
      });
    }
    this.inode = ino;
    let rest = Buffer.alloc(0);
    for (let at = this.read; at < size;) {
      const chunk = Buffer.alloc(Math.min(CHUNK, size - at));
      const got = readSync(descriptor, chunk, 0, chunk.length, at);
      if (got === 0) break;
      at += got;
      rest = this.takeLines(Buffer.concat([rest, chunk.subarray(0, got)]));
    }
  }

  /** @returns the bytes after the last line feed */
  private takeLines(bytes: Buffer): Buffer<ArrayBuffer> {
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.takeLine(bytes.toString('utf8', start, end));
      this.read += end + 1 - start;
      start = end + 1;
    }
    return Buffer.from(bytes.subarray(start));
  }

  private takeLine(line: string): void {
    this.lines++;
    const parsed = parseLine(line);
    if ('damage' in parsed) {
      this.damaged.push({ line: this.lines, why: parsed.damage });
      return;
    }
    const { record } = parsed;
    const known = this.byKey.get(record.key);
    if (known?.outcome.status === 'done' && record.outcome.status !== 'done') return;
    this.byKey.set(record.key, record);
  }
}

function guarded<T>(file: string, verb: 'read' | 'written', work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof InputError || code === undefined) throw error;
    throw new InputError(
      {
        what: `the store cannot be ${verb}`,
        file,
        got: message,
        fix: code === 'ENOSPC' ? 'Free some space, then run again.' : 'Name another by --store.',
      },
      { cause: error },
    );
  }
}

/** Makes a new file's name durable; Windows cannot open folders and does not need it. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
