import { type Alphabet, DNA, PROTEIN } from '../core/alphabet.js';
import path from 'node:path';
import { ModelError } from '../core/errors.js';
import { sameShape } from '../graph/types.js';
import type { Architecture } from './architecture/architecture.js';
import { architectureOf } from './architecture/families.js';
import type { WeightSource } from './architecture/parameters.js';
import { checkPins } from './hub/pulled.js';
import { type Checkpoint, openCheckpoint, requireTensor } from './io/checkpoint.js';
import { loadTokenizer } from './tokenizers/load.js';
import type { Tokenizer } from './tokenizers/tokenizer.js';

/** A pre-trained language model, opened: what it is, how it reads sequences, and where its weights are. */
export interface LanguageModel {
  /** Folder name, for people. */
  readonly name: string;
  readonly folder: string;
  /** The ONNX file that it was imported from; undefined for a model of a known family. */
  readonly importedFrom?: string;
  readonly architecture: Architecture;
  readonly tokenizer: Tokenizer;
  /** What it reads: proteins if it knows the 20 amino acids, else DNA. */
  readonly alphabet: Alphabet;
  /** Weight count. */
  readonly parameters: number;
  /** SHA-256 over its files' hashes: identifies the model. */
  readonly sha256: string;
  readonly weights: WeightSource;
  /** Folder of weights that graphs leave in their files; undefined where they hold copies. */
  readonly externalFolder?: string;
}

/** Weights of this many and more stay in their files, mapped, if they are stored as float32. */
const MAPPED_PARAMETERS = 50e6;

function weightsOf(
  checkpoint: Checkpoint,
  parameters: number,
): Pick<LanguageModel, 'weights' | 'externalFolder'> {
  const read = (name: string, shape: readonly number[]) => requireTensor(checkpoint, name, shape);
  if (parameters < MAPPED_PARAMETERS) return { weights: { read } };
  const locate: WeightSource['locate'] = (name, shape) => {
    if (!checkpoint.has(name)) read(name, shape); // says what is missing
    const { dtype, file, shape: stored, strides, byteOffset, byteLength } = checkpoint.location(name);
    const plain = dtype === 'F32' && strides === undefined && sameShape(stored, shape);
    return plain ? { location: path.basename(file), offset: byteOffset, length: byteLength } : null;
  };
  return { weights: { read, locate }, externalFolder: checkpoint.folder };
}

async function identity(checkpoint: Checkpoint): Promise<string> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  for (const { sha256 } of await checkpoint.hashes()) hash.update(sha256);
  return hash.digest('hex');
}

/**
 * Opens a model in a Hugging Face folder. Weights are read when a graph is built.
 * @throws ModelError when a file is missing, damaged or does not fit, the architecture is not supported, or a pulled model
 *   was changed since (see `checkPins`)
 */
export async function openLanguageModel(
  folder: string,
  options: { signal?: AbortSignal } = {},
): Promise<LanguageModel> {
  const checkpoint = await openCheckpoint(folder, options);
  const tokenizer = loadTokenizer(folder);
  const architecture = architectureOf(checkpoint);
  if (tokenizer.vocabulary.length > architecture.vocabularySize) {
    throw new ModelError({
      what: 'the vocabulary is larger than the embedding',
      file: checkpoint.folder,
      expected: `at most ${architecture.vocabularySize} tokens, vocab_size of config.json`,
      got: `${tokenizer.vocabulary.length}`,
    });
  }
  await checkPins(checkpoint.folder, await checkpoint.hashes(), { signal: options.signal });
  let parameters = 0;
  for (const name of checkpoint.names())
    parameters += checkpoint.location(name).shape.reduce((a, b) => a * b, 1);
  return {
    name:
      folder
        .replace(/[/\\]+$/, '')
        .split(/[/\\]/)
        .pop() ?? folder,
    folder: checkpoint.folder,
    architecture,
    tokenizer,
    alphabet: tokenizer.letters.supports(PROTEIN) ? PROTEIN : DNA,
    parameters,
    sha256: await identity(checkpoint),
    ...weightsOf(checkpoint, parameters),
  };
}
