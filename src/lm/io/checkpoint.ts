import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ModelError } from '../../core/errors.js';
import { type FileHash, sha256File, verifyChecksums } from './checksums.js';
import { isPlainName } from './folder.js';
import { readJsonObject } from './json-file.js';
import { normalise } from './normalise.js';
import { openPytorch } from './pytorch.js';
import { openSafetensors } from './safetensors.js';
import { checkFinite, missingTensor, type Tensor, type TensorEntry, type TensorFile } from './tensor.js';

/** A model folder in Hugging Face's layout, opened: its config and its tensors under canonical names. */
export interface Checkpoint {
  /** Absolute path. */
  readonly folder: string;
  /** `model_type` of config.json, e.g. `esm`. */
  readonly modelType: string;
  /** config.json as it stands. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Absolute paths of config.json and of the files that hold the weights. */
  readonly files: readonly string[];
  /** Canonical names (see `canonicalName`), in stored order. */
  names(): string[];
  has(name: string): boolean;
  /**
   * A tensor in float32, checked to be finite.
   * @param name canonical
   * @throws ModelError when it is missing, is damaged, or holds a NaN or infinite value
   */
  tensor(name: string): Tensor;
  /** Where a tensor lies, for those who map the file themselves (`byteOffset` counts from the file's start). */
  location(name: string): TensorEntry & { file: string };
  /** SHA-256 of {@link files}, in their order; computed once, when first asked for. */
  hashes(): Promise<FileHash[]>;
}

/** Options of {@link openCheckpoint}. */
export interface OpenCheckpointOptions {
  /** Check `checksums.json`, if the folder has one (default true; reads every file it names once). */
  verify?: boolean;
  signal?: AbortSignal;
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Opens a Hugging Face folder: `config.json` with `model.safetensors`, or shards with `model.safetensors.index.json`; only
 * where there is neither, `pytorch_model.bin` or its shards (see `openPytorch`). Tensors are read when asked for.
 * @throws ModelError when a file is missing or inconsistent, when a shard's name leaves the folder, or when
 *   `checksums.json` says other hashes
 */
export async function openCheckpoint(
  folder: string,
  options: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  checkFolder(folder);
  const configFile = path.resolve(folder, 'config.json');
  const config = readJsonObject(configFile);
  const modelType = config.model_type;
  if (typeof modelType !== 'string') {
    throw new ModelError({
      what: 'model_type is not given',
      file: configFile,
      expected: 'a name such as "esm"',
      got: JSON.stringify(modelType) ?? 'nothing',
      fix: 'Use the config.json that belongs to the model.',
    });
  }
  const verified = options.verify === false ? [] : await verifyChecksums(folder, options.signal);
  const weights = await openWeights(folder);
  return checkpoint({ folder: path.resolve(folder), config, modelType, configFile, weights, verified });
}

/** Which file holds which stored name. */
type Weights = Map<string, TensorFile>;

interface Parts {
  folder: string;
  config: Record<string, unknown>;
  modelType: string;
  configFile: string;
  weights: Weights;
  verified: FileHash[];
}

function checkpoint({ folder, config, modelType, configFile, weights, verified }: Parts): Checkpoint {
  const stored = normalise(weights.keys(), modelType, folder);
  const files = [configFile, ...new Set([...weights.values()].map((file) => path.resolve(file.file)))];
  const find = (name: string): { file: TensorFile; storedName: string } => {
    const storedName = stored.get(name);
    const file = storedName === undefined ? undefined : weights.get(storedName);
    if (storedName === undefined || !file) throw missingTensor(name, folder, stored.keys());
    return { file, storedName };
  };
  let hashes: Promise<FileHash[]> | undefined;
  return {
    folder,
    modelType,
    config,
    files,
    names: () => [...stored.keys()],
    has: (name) => stored.has(name),
    tensor(name) {
      const { file, storedName } = find(name);
      const tensor = file.readTensor(storedName);
      checkFinite(storedName, tensor.data, file.file);
      return tensor;
    },
    location(name) {
      const { file, storedName } = find(name);
      const entry = file.tensors.get(storedName);
      if (!entry) throw missingTensor(storedName, file.file, file.tensors.keys());
      return { ...entry, file: file.file };
    },
    hashes: () => (hashes ??= hashFiles(files, verified)),
  };
}

async function hashFiles(files: readonly string[], verified: readonly FileHash[]): Promise<FileHash[]> {
  const known = new Map(verified.map((hash) => [hash.path, hash.sha256]));
  const hashes: FileHash[] = [];
  for (const file of files) hashes.push({ path: file, sha256: known.get(file) ?? (await sha256File(file)) });
  return hashes;
}

function checkFolder(folder: string): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return;
  throw new ModelError({
    what: stats ? 'model is not a folder' : 'model folder not found',
    file: folder,
    expected: 'a folder with config.json and model.safetensors',
    fix: 'Check the path, or name a model of the registry.',
  });
}

/** The layouts of a folder's weights, in the order in which they are looked for. */
const LAYOUTS: readonly { name: string; open: (file: string) => TensorFile | Promise<TensorFile> }[] = [
  { name: 'model.safetensors', open: openSafetensors },
  { name: 'pytorch_model.bin', open: openPytorch },
];

/** Whether a folder holds weights in one of the layouts that {@link openCheckpoint} reads. */
export function holdsWeights(folder: string): boolean {
  const there = (name: string) => existsSync(path.join(folder, name));
  return LAYOUTS.some(({ name }) => there(name) || there(`${name}.index.json`));
}

async function openWeights(folder: string): Promise<Weights> {
  for (const { name, open } of LAYOUTS) {
    const whole = path.join(folder, name);
    if (existsSync(whole)) {
      const file = await open(whole);
      return new Map([...file.tensors.keys()].map((tensor) => [tensor, file]));
    }
    if (existsSync(`${whole}.index.json`)) return openShards(folder, `${whole}.index.json`, open);
  }
  throw new ModelError({
    what: 'folder holds no weights',
    file: folder,
    expected: `${LAYOUTS.map(({ name }) => name).join(' or ')}, or shards with an index`,
    fix: 'Download the model again, or convert its weights to safetensors.',
  });
}

async function openShards(
  folder: string,
  index: string,
  open: (file: string) => TensorFile | Promise<TensorFile>,
): Promise<Weights> {
  const parsed = indexSchema.safeParse(readJsonObject(index));
  if (!parsed.success) {
    const got = z.prettifyError(parsed.error).replaceAll('\n', ' ');
    throw new ModelError({
      what: 'index of shards is malformed',
      file: index,
      expected: '{"weight_map": {tensor: file}}',
      got,
    });
  }
  const shards = new Map<string, TensorFile>();
  const weights: Weights = new Map();
  for (const [name, shard] of Object.entries(parsed.data.weight_map)) {
    if (!isPlainName(shard)) {
      throw new ModelError({
        what: `shard of tensor ${name} is outside the folder`,
        file: index,
        expected: 'a plain file name',
        got: shard,
      });
    }
    const file = shards.get(shard) ?? (await open(path.join(folder, shard)));
    shards.set(shard, file);
    if (!file.tensors.has(name)) throw missingTensor(name, file.file, file.tensors.keys());
    weights.set(name, file);
  }
  return weights;
}

/**
 * A tensor whose shape config.json fixes.
 * @param name canonical
 * @returns its values, row-major, float32
 * @throws ModelError when it is missing or has another shape
 */
export function requireTensor(checkpoint: Checkpoint, name: string, shape: readonly number[]): Float32Array {
  const found = checkpoint.location(name);
  if (found.shape.length !== shape.length || found.shape.some((size, axis) => size !== shape[axis])) {
    throw new ModelError({
      what: `tensor ${name} does not fit config.json`,
      file: found.file,
      expected: `shape [${shape.join(', ')}] from config.json`,
      got: `[${found.shape.join(', ')}]`,
      fix: 'Check that config.json belongs to these weights.',
    });
  }
  return checkpoint.tensor(name).data;
}
