import { ModelError } from '../../core/errors.js';
import { type ByteSource, fileSource } from './bytes.js';
import { DTYPE_BYTES } from './dtype.js';
import { readPickle } from './pickle.js';
import { isKind, type PickleValue, type StridedTensor } from './pickle-values.js';
import { elementCount, rowMajorStrides, type TensorEntry, type TensorFile, tensorFile } from './tensor.js';
import { isZip, zipEntries, type ZipEntry } from './zip.js';

/** The pickle names tensors only, so its size goes with their number: 64 MiB is several hundred thousand. */
const LARGEST_PICKLE = 64 * 2 ** 20;

/**
 * Opens a PyTorch `.bin` (or `.pt`) file that holds a state dict of plain tensors, in the zip layout that `torch.save`
 * writes since version 1.6. No code of the file is ever run (see {@link readPickle}). Tensors are read when asked for;
 * views that are not row-major are made so.
 * @throws ModelError when the file is of the old layout, is damaged, or holds anything but plain tensors
 */
export async function openPytorch(path: string): Promise<TensorFile> {
  const source = fileSource(path);
  if (!isZip(source)) throw notZip(source);
  const entries = await zipEntries(source);
  const pickleName = findPickle(entries, path);
  const prefix = pickleName.slice(0, -'data.pkl'.length);
  checkByteOrder(entries.get(`${prefix}byteorder`), source);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of stateDict(readPickle(readEntry(entries, pickleName, source), path), path)) {
    tensors.set(name, locate(name, value, entries.get(`${prefix}data/${value.storage.key}`), path));
  }
  return tensorFile(source, tensors);
}

function findPickle(entries: ReadonlyMap<string, ZipEntry>, file: string): string {
  const found = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (found.length === 1) return found[0];
  throw new ModelError({
    what: 'zip file was not written by torch.save',
    file,
    expected: 'one NAME/data.pkl',
    got: found.length ? found.join(', ') : 'none',
    fix: 'Use the pytorch_model.bin of the model.',
  });
}

function readEntry(entries: ReadonlyMap<string, ZipEntry>, name: string, source: ByteSource): Uint8Array {
  const { byteOffset, byteLength } = entries.get(name) ?? { byteOffset: 0, byteLength: 0 };
  if (byteLength > LARGEST_PICKLE) {
    throw new ModelError({
      what: `${name} is too large for a state dict`,
      file: source.name,
      expected: `at most ${LARGEST_PICKLE} bytes`,
      got: `${byteLength}`,
    });
  }
  return source.read(byteOffset, byteLength);
}

function checkByteOrder(entry: ZipEntry | undefined, source: ByteSource): void {
  if (!entry) return;
  const order = Buffer.from(source.read(entry.byteOffset, Math.min(entry.byteLength, 16))).toString('latin1');
  if (order === 'little') return;
  const fix = 'Save the state dict again on a little-endian machine.';
  throw new ModelError({
    what: 'tensors are not little-endian',
    file: source.name,
    expected: 'little',
    got: order,
    fix,
  });
}

function stateDict(value: PickleValue, file: string): [string, StridedTensor][] {
  const wrong = (what: string, got: string) =>
    new ModelError({
      what,
      file,
      expected: 'a dict of tensors by name',
      got,
      fix: 'Save model.state_dict() alone with torch.save.',
    });
  if (!isKind(value, 'dict')) throw wrong('file does not hold a state dict', kindOf(value));
  return [...value.entries].map(([name, tensor]) => {
    if (!isKind(tensor, 'tensor')) throw wrong(`entry ${name} is not a tensor`, kindOf(tensor));
    return [name, tensor];
  });
}

function kindOf(value: PickleValue): string {
  return typeof value === 'object' && value !== null ? `a ${value.kind}` : String(value);
}

/** Where a tensor's elements lie in the file, checked against its storage. */
function locate(name: string, tensor: StridedTensor, entry: ZipEntry | undefined, file: string): TensorEntry {
  const { storage, offset, shape, strides } = tensor;
  const wrong = (what: string, expected: string, got: string) =>
    new ModelError({
      what: `tensor ${name} ${what}`,
      file,
      expected,
      got,
      fix: 'The file is damaged: download it again.',
    });
  if (!entry) throw wrong('has no data', `an entry data/${storage.key}`, 'none');
  const size = DTYPE_BYTES[storage.dtype];
  if (entry.byteLength !== storage.count * size) {
    throw wrong(
      'does not fit its data',
      `${storage.count} elements of ${storage.dtype}`,
      `${entry.byteLength} bytes`,
    );
  }
  const count = elementCount(shape);
  const span =
    count === 0 ? 0 : 1 + shape.reduce((last, length, axis) => last + (length - 1) * strides[axis], 0);
  // A view may repeat elements by a stride of 0; without this bound a few bytes could claim all memory.
  if (!(offset + span <= storage.count) || !(count <= storage.count)) {
    throw wrong(
      'reaches outside its data',
      `at most ${storage.count} elements`,
      `[${shape.join(', ')}] from ${offset}`,
    );
  }
  const rowMajor = rowMajorStrides(shape);
  const isRowMajor =
    count === 0 || shape.every((length, axis) => length === 1 || strides[axis] === rowMajor[axis]);
  return {
    dtype: storage.dtype,
    shape,
    byteOffset: entry.byteOffset + offset * size,
    byteLength: span * size,
    ...(isRowMajor ? {} : { strides }),
  };
}

function notZip(source: ByteSource): ModelError {
  const start = source.read(0, Math.min(2, source.size));
  const isPickle = start[0] === 0x80;
  return new ModelError({
    what: isPickle
      ? "file is in PyTorch's old layout (before 1.6) or is a plain pickle"
      : 'file is not a PyTorch file',
    file: source.name,
    expected: 'a zip file as torch.save writes since PyTorch 1.6',
    fix: isPickle
      ? 'Convert it once: torch.save(torch.load(file, weights_only=True), file).'
      : 'Download the model again.',
  });
}
