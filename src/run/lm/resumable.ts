import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { InputError } from '../../core/errors.js';
import { atomicWrite } from '../../lm/io/atomic.js';
import { writeFault } from './write-fault.js';

/** Bytes that wait before they are written. */
const BUFFER = 2 ** 20;
/** Milliseconds between checkpoints. */
const INTERVAL = 5000;

const progressSchema = z.object({
  key: z.string(),
  done: z.int().nonnegative(),
  sizes: z.array(z.int().nonnegative()),
});

/** Files that are written bit by bit, and go on after an interruption. */
export interface ResumableOutput {
  /** Items that an earlier run finished. */
  readonly resumed: number;
  /** Names of the files while they are not finished. */
  readonly parts: readonly string[];
  /** Bytes of a file so far. */
  size(file: number): number;
  /** Appends to each file what one item gives, in the order of the files. */
  append(parts: readonly (string | Uint8Array)[]): void;
  /** Makes what was appended last: called after items, it acts every few seconds, or at once. */
  checkpoint(atOnce?: boolean): void;
  /**
   * Puts the files in place.
   * @param heads written over the beginning of each file before it gets its name
   */
  finish(heads?: readonly Uint8Array[]): void;
  /** Removes what there is: it was of use only on the way to something else. */
  remove(): void;
  /** Closes the files; what can be resumed stays. */
  close(): void;
}

/** Options of {@link openResumable}. */
export interface ResumableOptions {
  /** The files, the one that the user named first. */
  files: readonly string[];
  /** What each file begins with, e.g. room for a header that is filled in at the end. */
  initial: readonly (string | Uint8Array)[];
  /** Other files that must not exist either. */
  others?: readonly string[];
  /** Identifies the work; null: it cannot be resumed, and nothing is left of it when it fails. */
  key: string | null;
  /** Replace finished files, and what another run left unfinished. */
  force?: boolean;
}

const partial = (file: string) => `${file}.partial`;
const progressFile = (files: readonly string[]) => `${files[0]}.progress.json`;

/**
 * Opens files to append to. What was appended since the last checkpoint is lost with a crash; the work goes on from
 * there, to the same bytes. Until they are finished, the files are called `NAME.partial`.
 * @throws InputError where a file exists already, belongs to other work, or cannot be written
 */
export function openResumable(options: ResumableOptions): ResumableOutput {
  const { files, initial, others = [], key, force = false } = options;
  const guarded = <T>(work: () => T): T => writeFault(files[0], work);
  return guarded(() => {
    for (const file of [...others, ...files]) checkFree(file, force);
    const earlier = key === null ? null : earlierProgress(files, key, force);
    const descriptors = files.map((file) => openSync(partial(file), earlier ? 'r+' : 'w'));
    descriptors.forEach((descriptor, i) => {
      if (earlier) ftruncateSync(descriptor, earlier.sizes[i]);
      else if (initial[i].length > 0) writeSync(descriptor, Buffer.from(initial[i]), 0);
    });
    return createOutput({ files, descriptors, key, done: earlier?.done ?? 0, guarded });
  });
}

interface Parts {
  files: readonly string[];
  descriptors: readonly number[];
  key: string | null;
  done: number;
  guarded<T>(work: () => T): T;
}

function createOutput({ files, descriptors, key, done: earlier, guarded }: Parts): ResumableOutput {
  const ends = descriptors.map((descriptor) => fstatSync(descriptor).size);
  const waiting: Uint8Array[][] = files.map(() => []);
  let [done, bytes, saved, open] = [earlier, 0, performance.now(), true];
  let worthKeeping = earlier > 0;
  const flush = () => {
    waiting.forEach((parts, i) => {
      ends[i] = writeAt(descriptors[i], Buffer.concat(parts.splice(0)), ends[i]);
    });
    bytes = 0;
  };
  const save = () => {
    flush();
    if (key === null || done === 0) return;
    for (const descriptor of descriptors) fsyncSync(descriptor);
    atomicWrite(progressFile(files), [JSON.stringify({ key, done, sizes: ends })]);
    saved = performance.now();
    worthKeeping = true;
  };
  const shut = () => {
    if (open) descriptors.forEach((descriptor) => closeSync(descriptor));
    open = false;
  };
  const remove = () => {
    shut();
    for (const file of files) rmSync(partial(file), { force: true });
    rmSync(progressFile(files), { force: true });
  };
  return {
    resumed: earlier,
    parts: files.map(partial),
    size: (file) => ends[file] + waiting[file].reduce((sum, { length }) => sum + length, 0),
    append(parts) {
      parts.forEach((part, i) => {
        const block = typeof part === 'string' ? Buffer.from(part) : part;
        waiting[i].push(block);
        bytes += block.length;
      });
      done++;
      if (bytes >= BUFFER) guarded(flush);
    },
    checkpoint(atOnce = false) {
      if (atOnce || performance.now() - saved > INTERVAL) guarded(save);
    },
    finish(heads = []) {
      guarded(() => {
        flush();
        heads.forEach((head, i) => writeAt(descriptors[i], head, 0));
        for (const descriptor of descriptors) fsyncSync(descriptor);
        shut();
        // The user's own file last: when it is there, all are.
        for (const file of [...files].reverse()) renameSync(partial(file), file);
        rmSync(progressFile(files), { force: true });
      });
    },
    remove: () => guarded(remove),
    close() {
      if (open && !worthKeeping) guarded(remove);
      shut();
    },
  };
}

/** Writes all bytes at a place; returns the place after them. */
function writeAt(descriptor: number, bytes: Uint8Array, place: number): number {
  for (let done = 0; done < bytes.length;)
    done += writeSync(descriptor, bytes, done, bytes.length - done, place + done);
  return place + bytes.length;
}

/** @throws InputError where a file, or a folder, of that name is there and not to be replaced */
export function checkFree(file: string, force = false): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isDirectory()) throw folder(file);
  if (stats && !force) throw exists(file);
}

function earlierProgress(files: readonly string[], key: string, force: boolean) {
  const file = progressFile(files);
  if (!existsSync(file)) return null;
  const parsed = progressSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
  const whole =
    parsed.success &&
    parsed.data.sizes.length === files.length &&
    files.every(
      (name, i) => (statSync(partial(name), { throwIfNoEntry: false })?.size ?? -1) >= parsed.data.sizes[i],
    );
  if (whole && parsed.data.key === key) return parsed.data;
  if (force || !whole) return null;
  throw new InputError({
    what: 'an unfinished output of other input or other options is there',
    file: partial(files[0]),
    fix: 'Give the same input and options to go on with it, name another file by --out, or say --force to start again.',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function exists(file: string): InputError {
  return new InputError({
    what: 'the output file exists already',
    file,
    fix: 'Name another by --out, or say --force to replace it.',
  });
}

function folder(file: string): InputError {
  return new InputError({
    what: 'is a folder',
    file,
    expected: 'the name of a file',
    fix: `Name a file by --out, such as ${path.join(file, 'out.csv')}.`,
  });
}
