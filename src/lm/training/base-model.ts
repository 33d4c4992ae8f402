import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ModelError } from '../../core/errors.js';
import { type Checkpoint, openCheckpoint } from '../io/checkpoint.js';
import type { TensorToWrite } from '../io/safetensors-writer.js';
import { type LanguageModel, openLanguageModel } from '../language-model.js';
import { onnxFileOf } from '../onnx-model/open-model.js';
import { orderField, type ReadingOrder, readingOrder } from '../reading-order.js';
import { readsOverlappingKmers } from '../token-text.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { lossGraph } from './loss-graph.js';
import type { TrainableModel } from './new-model.js';

/** Files of a model folder that say how text becomes tokens. */
const TOKENIZER_FILES = ['vocab.txt', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];

/** A pre-trained model to go on from. */
export interface BaseModel extends TrainableModel {
  readonly model: LanguageModel;
  readonly order: ReadingOrder;
}

/** How {@link openBaseModel} opens. */
export interface BaseModelOptions {
  /** In which it is to read; default: that of its own training. */
  order?: ReadingOrder;
  /** Read its weights; default true. Without them it can be asked, and is nothing to go on from. */
  weights?: boolean;
  signal?: AbortSignal;
}

/**
 * Opens a model to tune it.
 * @throws ModelError for a model that cannot be opened, has no head, or reads overlapping k-mers
 */
export async function openBaseModel(
  folder: string,
  { order, weights = true, signal }: BaseModelOptions = {},
): Promise<BaseModel> {
  refuseImported(folder);
  const model = await openLanguageModel(folder, { signal });
  const { tokenizer, architecture, alphabet } = model;
  refuseOverlap(model);
  const checkpoint = await openCheckpoint(folder, { verify: false });
  const { parameters } = lossGraph(architecture);
  const trained = new Set(parameters.map(({ name }) => name));
  const read = () => new Map(parameters.map(({ name, shape }) => [name, model.weights.read(name, shape)]));
  const chosen = order ?? readingOrder(model);
  const { cls, eos, mask, pad } = tokenizer.special;
  return {
    model,
    order: chosen,
    alphabet,
    objective: architecture.causal ? 'causal' : 'masked',
    architecture,
    special: { cls, eos, mask, letters: letterIds(tokenizer, alphabet.letters) },
    padId: pad ?? 0,
    files: {
      config: configFor(checkpoint, chosen),
      texts: tokenizerTexts(folder),
      fixed: fixedTensors(checkpoint, trained),
    },
    encode: (text) => withoutEnds(tokenizer, tokenizer.encodeResidues(text)),
    start: weights ? read() : undefined,
  };
}

/** Weights of an imported model have the exporter's names and forms, which no checkpoint holds. */
function refuseImported(place: string): void {
  const file = onnxFileOf(place);
  if (file === null) return;
  throw new ModelError({
    what: 'an imported ONNX model cannot be tuned',
    file,
    expected: 'a folder with config.json and model.safetensors',
    fix: 'Tune the model that it was exported from.',
  });
}

/** A masked k-mer is spelled out by its overlapping neighbours, which teaches a model to copy. */
function refuseOverlap(model: LanguageModel): void {
  if (!readsOverlappingKmers(model)) return;
  throw new ModelError({
    what: `model ${model.name} reads overlapping k-mers and cannot be tuned`,
    file: model.folder,
    expected: 'tokens of one letter, or k-mers end to end',
    fix: 'Choose another model.',
  });
}

function letterIds({ vocabulary }: Tokenizer, letters: string): number[] {
  const only = new RegExp(`^[${letters}]+$`);
  return vocabulary.flatMap((token, id) => (only.test(token) ? [id] : []));
}

function withoutEnds({ special }: Tokenizer, ids: readonly number[]): Int32Array {
  return Int32Array.from(ids.slice(special.cls === null ? 0 : 1, special.eos === null ? undefined : -1));
}

function configFor({ config }: Checkpoint, order: ReadingOrder): object {
  const own = { ...config };
  for (const field of Object.keys(orderField('reverse'))) delete own[field];
  return { ...own, ...orderField(order) };
}

function tokenizerTexts(folder: string): Record<string, string> {
  const present = TOKENIZER_FILES.filter((name) => existsSync(path.join(folder, name)));
  return Object.fromEntries(present.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

/** Float tensors that the loss does not depend on, kept as they are; integer tables are rebuilt by who needs them. */
function fixedTensors(checkpoint: Checkpoint, trained: ReadonlySet<string>): TensorToWrite[] {
  return checkpoint
    .names()
    .filter((name) => !trained.has(name) && /^B?F/.test(checkpoint.location(name).dtype))
    .map((name) => ({
      name,
      shape: checkpoint.location(name).shape,
      data: Float32Array.from(checkpoint.tensor(name).data),
    }));
}
