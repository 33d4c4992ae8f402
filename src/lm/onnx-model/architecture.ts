import { internal, ModelError } from '../../core/errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import { GraphBuilder as Builder } from '../../graph/builder.js';
import { Importer, type Lookup } from '../../graph/import/importer.js';
import type { FileInput, OnnxFile } from '../../graph/import/model-file.js';
import { add, type Element, unknownSize } from '../../graph/import/sizes.js';
import { type DType, formatShape, type Shape, type Value } from '../../graph/types.js';
import {
  type Architecture,
  type BatchInputs,
  declareInputs,
  plainRow,
} from '../architecture/architecture.js';
import { inputParameters, type Parameters } from '../architecture/parameters.js';
import type { OnnxDescription } from './description.js';

/** Keeps the names of a file's weights apart from those that graphs give. */
const PREFIX = 'onnx.';

/** The name in the file of a weight that a graph asks for. */
export const storedName = (name: string) => name.slice(PREFIX.length);

/** An ONNX model as an architecture, and the weights that its graphs hold. */
export interface OnnxArchitecture {
  readonly architecture: Architecture;
  /** Names of its weights, as graphs ask for them, and their shapes. */
  readonly weights: ReadonlyMap<string, Shape>;
}

/** Which inputs and outputs of a file are which. */
interface Roles {
  readonly ids: FileInput;
  readonly mask: FileInput | null;
  readonly positions: (FileInput & { first: number; padding: number }) | null;
  readonly zeros: readonly FileInput[];
  readonly hidden: string;
  readonly logits: string | null;
}

/**
 * An ONNX model as an architecture: its nodes are taken over into each graph that is built, with the batch's tokens and
 * mask as its inputs. The whole of it is tried once here.
 * @throws ModelError when inputs or outputs are not those described, an op has no rule, or the model does not look its
 *   tokens up in one table as wide as its hidden state
 */
export function onnxArchitecture(file: OnnxFile, description: OnnxDescription): OnnxArchitecture {
  const roles = rolesOf(file, description);
  checkPadding(file, roles, description);
  const importers = new WeakMap<GraphBuilder, Importer>();
  const begin = (g: GraphBuilder, parameters: Parameters, inputs: BatchInputs) => {
    const importer = new Importer(file, {
      g,
      ids: roles.ids.name,
      inputs: feeds(g, roles, inputs),
      bounds: positionBounds(roles),
      weight: (name, shape) => parameters.tensor(PREFIX + name, shape),
    });
    importers.set(g, importer);
    const hidden = importer.tensor(roles.hidden);
    return { hidden, lookup: lookupOf(importer, roles, file), importer };
  };

  const trial = new Builder();
  const parameters = inputParameters(trial);
  const { hidden, lookup, importer } = begin(trial, parameters, declareInputs(trial));
  checkHidden(hidden, lookup, roles.hidden, file);
  if (roles.logits !== null) checkTokens(importer.tensor(roles.logits), roles.logits, file);
  const { first = 0, padding = 0 } = roles.positions ?? {};
  const architecture: Architecture = {
    family: 'ONNX',
    vocabularySize: lookup.vocabularySize,
    hiddenSize: lookup.width,
    maxTokens: longest(description, importer),
    causal: description.causal,
    embeddingName: PREFIX + lookup.table,
    encode(g, p, inputs) {
      const begun = begin(g, p, inputs);
      return { hidden: begun.hidden, lookup: begun.lookup.value };
    },
    logits(g, _parameters, body) {
      const used = importers.get(g);
      if (used && roles.logits !== null) {
        if (body === used.tensor(roles.hidden)) return used.tensor(roles.logits);
        throw internal('the head of an imported model takes its own hidden state alone');
      }
      throw new ModelError({
        what: 'the model has no logits',
        file: file.file,
        expected: '"logits" under "outputs" of the JSON beside it',
        fix: 'Export it with its language model head, or use it for features alone.',
      });
    },
    row: plainRow(first, padding),
  };
  return {
    architecture,
    weights: new Map([...parameters.declared].map(([name, { shape }]) => [name, shape])),
  };
}

/** Sequences are padded to multiples of it (see `planBatches`), and padding reads the tables of positions too. */
const LENGTH_MULTIPLE = 4;

/** The longest sequence: what is described, or what the model's tables hold once it is padded. */
function longest({ max_tokens = Infinity }: OnnxDescription, importer: Importer): number {
  const padded = Math.floor(importer.longest / LENGTH_MULTIPLE) * LENGTH_MULTIPLE;
  return Math.min(max_tokens, padded, Number.MAX_SAFE_INTEGER);
}

function rolesOf(file: OnnxFile, { inputs, outputs }: OnnxDescription): Roles {
  const input = (name: string): FileInput => {
    const found = file.inputs.find((one) => one.name === name);
    if (!found)
      throw missing(
        file,
        `input ${name}`,
        file.inputs.map((one) => one.name),
      );
    checkShape(file, found);
    return found;
  };
  const has = (name: string) => file.inputs.some((one) => one.name === name);
  /** What is described; where nothing is said, the usual name if the file has it. */
  const described = (named: string | null | undefined, usual: string) =>
    named === undefined ? (has(usual) ? usual : null) : named;
  const mask = described(inputs.attention_mask, 'attention_mask');
  const usualPositions = has('position_ids') ? { name: 'position_ids', first: 0, padding: 0 } : null;
  const positions = inputs.position_ids === undefined ? usualPositions : inputs.position_ids;
  const zeros = inputs.zeros ?? (has('token_type_ids') ? ['token_type_ids'] : []);
  const hidden = tensorNamed(file, outputs.hidden);
  const logits = outputs.logits === undefined ? usualOutput(file, 'logits') : outputs.logits;
  return {
    ids: input(inputs.ids),
    mask: mask === null ? null : input(mask),
    positions: positions ? { ...positions, ...input(positions.name) } : null,
    zeros: zeros.map(input),
    hidden,
    logits: logits === null ? null : tensorNamed(file, logits),
  };
}

function usualOutput(file: OnnxFile, name: string): string | null {
  return file.outputs.includes(name) ? name : null;
}

function tensorNamed(file: OnnxFile, name: string): string {
  if (file.producers.has(name)) return name;
  throw missing(file, `output ${name}`, file.outputs);
}

function missing(file: OnnxFile, what: string, names: readonly string[]): ModelError {
  const listed = names.slice(0, 20).join(', ') + (names.length > 20 ? ', ...' : '');
  return new ModelError({
    what: `the model has no ${what}`,
    file: file.file,
    expected: `one of ${listed || 'none'}`,
    fix: 'Name its inputs and outputs in the JSON beside it.',
  });
}

function checkShape(file: OnnxFile, { name, shape }: FileInput): void {
  if (shape.length === 2 && shape.every((dim) => typeof dim === 'string')) return;
  throw new ModelError({
    what: `input ${name} has a fixed size or is not a batch of token rows`,
    file: file.file,
    expected: '[batch x tokens], both free',
    got: formatShape(shape),
    fix: 'Export the model with dynamic_axes (or dynamic_shapes) for batch and sequence.',
  });
}

function checkPadding(file: OnnxFile, roles: Roles, { causal, ignores_padding }: OnnxDescription): void {
  if (roles.mask || causal || ignores_padding) return;
  throw new ModelError({
    what: 'the model takes no attention mask',
    file: file.file,
    expected: 'an input that says which tokens are padding',
    fix:
      'Export it with its attention_mask, or say "causal": true or "ignores_padding": true in the JSON beside it where ' +
      'padding behind a sequence cannot change its hidden state.',
  });
}

/** The batch's tensors in the element types that the file wants. */
function feeds(g: GraphBuilder, roles: Roles, inputs: BatchInputs): Map<string, Value> {
  const fed = new Map([[roles.ids.name, g.cast(inputs.ids, roles.ids.dtype)]]);
  if (roles.mask) fed.set(roles.mask.name, g.cast(inputs.mask, roles.mask.dtype));
  if (roles.positions) fed.set(roles.positions.name, g.cast(inputs.positions, roles.positions.dtype));
  for (const { name, dtype } of roles.zeros)
    fed.set(name, g.apply('ExpandLike', [zero(g, dtype), inputs.ids], {})[0]);
  return fed;
}

/** Positions count the tokens from `first` on. */
function positionBounds({ positions }: Roles): Map<string, Element> {
  if (!positions) return new Map();
  const bound = add(unknownSize('T'), positions.first);
  return new Map(bound === null ? [] : [[positions.name, bound]]);
}

function zero(g: GraphBuilder, dtype: DType): Value {
  return g.cast(g.constant(Int32Array.of(0), []), dtype);
}

function lookupOf(importer: Importer, roles: Roles, file: OnnxFile): Lookup {
  const { lookup } = importer;
  if (lookup) return lookup;
  throw new ModelError({
    what: `the hidden state does not come from a look-up of ${roles.ids.name}`,
    file: file.file,
    expected: 'a Gather of its ids from one weight, [tokens x width] in float32',
    fix: 'Export the whole model, from token ids on, in float32.',
  });
}

function checkHidden(hidden: Value, lookup: Lookup, name: string, file: OnnxFile): void {
  const { dtype, shape } = hidden;
  const wanted = ['B', 'T', lookup.width];
  if (dtype === 'float32' && shape.length === 3 && wanted.every((dim, axis) => dim === shape[axis])) return;
  throw new ModelError({
    what: `output ${name} is not a hidden state`,
    file: file.file,
    expected: `float32 [B x T x ${lookup.width}], as wide as the embedding`,
    got: `${dtype} ${formatShape(shape)}`,
    fix: 'Name the last hidden state under "outputs" of the JSON beside the model.',
  });
}

function checkTokens({ dtype, shape }: Value, name: string, file: OnnxFile): void {
  const rows = shape[0] === 'B' && shape[1] === 'T';
  if (dtype === 'float32' && shape.length === 3 && rows && typeof shape[2] === 'number') return;
  throw new ModelError({
    what: `output ${name} does not hold logits`,
    file: file.file,
    expected: 'float32 [B x T x V]',
    got: `${dtype} ${formatShape(shape)}`,
    fix: 'Name the logits under "outputs" of the JSON beside the model, or null.',
  });
}
