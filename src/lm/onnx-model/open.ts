import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DNA, PROTEIN } from '../../core/alphabet.js';
import { ModelError } from '../../core/errors.js';
import { type OnnxFile, readOnnxFile } from '../../graph/import/model-file.js';
import type { StoredTensor } from '../../graph/import/tensors.js';
import { formatShape, sameShape, type Shape } from '../../graph/types.js';
import type { WeightSource } from '../architecture/parameters.js';
import { fileSource } from '../io/bytes.js';
import { sha256File } from '../io/checksums.js';
import type { LanguageModel } from '../language-model.js';
import { onnxArchitecture, storedName } from './architecture.js';
import { descriptionPath, readDescription, undescribed } from './description.js';
import { externalFiles } from './external.js';
import { describedTokenizer } from './tokenizer.js';

/** Protobuf holds no larger message; larger models keep their weights in a file beside them. */
const LARGEST_FILE = 2 ** 31 - 1;

/** Options of {@link openOnnxModel}. */
export interface OpenOnnxModelOptions {
  /** The JSON that describes the model; default: beside it, named alike. */
  description?: string;
  /** Models of this many weights and more leave those that lie in a file beside them there, mapped; default 50 million. */
  mapFrom?: number;
  signal?: AbortSignal;
}

/**
 * Opens an ONNX model that others exported, with the JSON beside it that describes its tokenizer, inputs and outputs
 * (see {@link OnnxDescription}). It is turned into our own graph, so that it has exact gradients to letters like any
 * model of a known family.
 * @param file `model.onnx`
 * @throws ModelError when a file is missing or damaged, the description does not fit the model, or an op of the model has
 *   no rule (named, with where it sits)
 */
export async function openOnnxModel(
  file: string,
  options: OpenOnnxModelOptions = {},
): Promise<LanguageModel> {
  const source = fileSource(file);
  if (source.size > LARGEST_FILE) {
    throw new ModelError({
      what: 'file is too large for an ONNX model',
      file,
      expected: `at most ${LARGEST_FILE} bytes`,
      got: `${source.size}`,
      fix: 'Save it with its weights in a file of their own (external data).',
    });
  }
  const described = options.description ?? descriptionPath(file);
  if (options.description === undefined && !existsSync(described)) throw undescribed(file);
  const description = readDescription(described);
  const folder = path.dirname(path.resolve(file));
  const external = externalFiles(file);
  const model = readOnnxFile(source.read(0, source.size), file, external);
  const tokenizer = describedTokenizer(description.tokenizer, folder, described);
  const { architecture, weights } = onnxArchitecture(model, description);
  if (tokenizer.vocabulary.length > architecture.vocabularySize) {
    throw new ModelError({
      what: 'the vocabulary is larger than the embedding',
      file: described,
      expected: `at most ${architecture.vocabularySize} tokens, the rows of ${storedName(architecture.embeddingName)}`,
      got: `${tokenizer.vocabulary.length}`,
    });
  }
  let parameters = 0;
  for (const shape of weights.values()) parameters += (shape as number[]).reduce((a, b) => a * b, 1);
  const files = [file, described, ...[...external.files].sort()];
  return {
    name: description.name ?? path.basename(file, '.onnx'),
    folder,
    importedFrom: path.resolve(file),
    architecture,
    tokenizer,
    alphabet: tokenizer.letters.supports(PROTEIN) ? PROTEIN : DNA,
    parameters,
    sha256: await identity(files, options.signal),
    ...weightsOf(model, folder, parameters >= (options.mapFrom ?? 50e6)),
  };
}

async function identity(files: readonly string[], signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await sha256File(file, signal));
  return hash.digest('hex');
}

function weightsOf(
  model: OnnxFile,
  folder: string,
  mapped: boolean,
): Pick<LanguageModel, 'weights' | 'externalFolder'> {
  const read = (name: string, shape: readonly number[]) => readWeight(model, name, shape);
  if (!mapped) return { weights: { read } };
  const locate: WeightSource['locate'] = (name, shape) => find(model, name, shape).external ?? null;
  return { weights: { read, locate }, externalFolder: folder };
}

function find(model: OnnxFile, name: string, shape: Shape): StoredTensor {
  const tensor = model.weight(storedName(name));
  if (tensor?.dtype === 'float32' && sameShape(tensor.shape, shape)) return tensor;
  throw new ModelError({
    what: `weight ${storedName(name)} does not fit`,
    file: model.file,
    expected: `float32 ${formatShape(shape)}`,
    got: tensor ? `${tensor.dtype} ${formatShape(tensor.shape)}` : 'none',
  });
}

function readWeight(model: OnnxFile, name: string, shape: readonly number[]): Float32Array {
  const values = find(model, name, shape).read() as Float32Array;
  // Infinities are no fault: masks are stored with them.
  const at = values.findIndex(Number.isNaN);
  if (at < 0) return values;
  throw new ModelError({
    what: `weight ${storedName(name)} holds NaN`,
    file: model.file,
    got: `NaN at entry ${at + 1} of ${values.length}`,
    fix: 'The model is damaged or was not trained to its end: get it again.',
  });
}
