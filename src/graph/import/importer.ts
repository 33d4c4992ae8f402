import { ModelError } from '../../core/errors.js';
import type { GraphBuilder } from '../builder.js';
import { formatShape, type Shape, type Value } from '../types.js';
import { disagreement } from './agreement.js';
import { boundsAfter } from './bounds.js';
import { Call, describeNode } from './call.js';
import { EXPORT_AGAIN, modelFault } from './fault.js';
import { folds } from './fold.js';
import { handlerOf } from './handlers/index.js';
import { type FileNode, isStandard, type OnnxFile } from './model-file.js';
import { computed, known, type Known, knownOf, type Operand, stored } from './operand.js';
import { Scope } from './scope.js';
import { difference, type Element, productOf } from './sizes.js';

/** What a model is turned into a graph of. */
export interface ImportTarget {
  readonly g: GraphBuilder;
  /** What the model's inputs are, by name, in the element types that the file gives them. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** The input that holds token ids, [B x T]. */
  readonly ids: string;
  /** What the entries of integer inputs stay below, where that is known. */
  readonly bounds?: ReadonlyMap<string, Element>;
  /** A float32 weight of the file. */
  weight(name: string, shape: readonly number[]): Value;
}

/** Where token ids are looked up. */
export interface Lookup {
  /** [B x T x D], the rows of the table. */
  readonly value: Value;
  /** The weight, [V x D]. */
  readonly table: string;
  readonly vocabularySize: number;
  readonly width: number;
}

/** No tensor that is not a weight comes near. */
const MOST_ENTRIES = 2 ** 28;
const MOST_AXES = 16;

/** Whether a tensor is beyond all use even for the smallest batch. */
function isTooLarge(shape: Shape): boolean {
  const count = productOf(shape);
  return shape.length > MOST_AXES || count === null || difference(count, MOST_ENTRIES).least > 0;
}

/**
 * Turns an ONNX model into nodes of our own graph, as far as it is asked for: each node is taken over by the handler of
 * its op, shapes are inferred with the sizes B and T left open, and what is known of them is computed on the way.
 */
export class Importer {
  private readonly scope: Scope;
  private readonly operands = new Map<string, Operand>();
  private readonly converted = new Set<FileNode>();
  private found: Lookup | null = null;

  constructor(
    private readonly file: OnnxFile,
    private readonly target: ImportTarget,
  ) {
    const ids = target.inputs.get(target.ids);
    if (!ids) throw this.fault(`input ${target.ids} is not fed`);
    const sources = new Map(['B', 'T'].map((name, axis) => [name, { value: ids, axis }]));
    this.scope = new Scope(target.g, file.file, sources);
    this.scope.tokenIds.add(ids.name);
    for (const [name, value] of target.inputs) {
      this.operands.set(name, computed(value));
      this.scope.setBound(value, target.bounds?.get(name));
    }
  }

  /** Where token ids are looked up, if that has been met. */
  get lookup(): Lookup | null {
    return this.found;
  }

  /** The longest sequence that the model's tables allow, in tokens; Infinity where nothing limits it. */
  get longest(): number {
    return this.scope.limit('T');
  }

  /**
   * The tensor of that name as a value of the graph.
   * @throws ModelError when an op on the way has no rule, or does not fit, saying where it sits
   */
  tensor(name: string): Value {
    const needed = this.neededFor(name);
    for (const node of this.file.nodes) if (needed.has(node)) this.convert(node);
    return this.operand(name, null).value();
  }

  private neededFor(name: string): Set<FileNode> {
    const needed = new Set<FileNode>();
    const open = [name];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const node = this.file.producers.get(next);
      if (!node || needed.has(node) || this.converted.has(node)) continue;
      needed.add(node);
      open.push(...node.inputs);
    }
    return needed;
  }

  private operand(name: string, reader: FileNode | null): Operand {
    const found = this.operands.get(name);
    if (found) return found;
    const weight = this.file.weight(name);
    if (weight) {
      const operand = stored(this.scope, weight, (tensor, shape) => this.target.weight(tensor, shape));
      this.operands.set(name, operand);
      return operand;
    }
    const where = reader ? describeNode(this.file, reader) : undefined;
    if (this.file.inputs.some((input) => input.name === name)) {
      throw modelFault(this.file.file, {
        what: `input ${name} is not described`,
        got: where,
        fix: 'Name it under "inputs" of the JSON beside the model, or export the model without it.',
      });
    }
    const made = this.file.producers.has(name);
    throw this.fault(made ? `tensor ${name} is read before it is made` : `there is no tensor ${name}`, where);
  }

  private convert(node: FileNode): void {
    this.converted.add(node);
    const operands = node.inputs.map((name) => (name === '' ? undefined : this.operand(name, node)));
    const call = new Call(this.scope, this.file, node, operands);
    const first = this.target.g.nodes.length;
    const outputs = this.guarded(call, () => this.outputsOf(call));
    this.inspect(call, first);
    this.remember(call, outputs);
  }

  private outputsOf(call: Call): readonly Operand[] {
    const handler = this.handlerFor(call.node);
    const count = call.operands.length;
    const [fewest, most] = handler.inputs;
    if (count < fewest || count > most)
      throw call.refuse(`${count} inputs instead of ${fewest === most ? most : `${fewest} to ${most}`}`);
    const folded = this.fold(call);
    if (folded) return [known(this.scope, folded)];
    const result = handler.convert(call);
    return 'elements' in result ? [result] : result;
  }

  private handlerFor(node: FileNode) {
    const handler = isStandard(node.domain) ? handlerOf(node.op) : undefined;
    if (handler) return handler;
    const op = isStandard(node.domain) ? node.op : `${node.domain}.${node.op}`;
    const [what, fix] = this.reasonAgainst(node, op);
    throw modelFault(this.file.file, { what, got: describeNode(this.file, node), fix });
  }

  private reasonAgainst(node: FileNode, op: string): [string, string] {
    if (this.file.functions.has(node.op))
      return [
        `op ${op} is a function of the file itself, which is not supported`,
        'Write the functions out: onnx.inliner.inline_local_functions(model) in Python.',
      ];
    if ([...node.attributes.values()].some(({ kind }) => kind === 'graph'))
      return [`op ${op} is control flow, which is not supported`, EXPORT_AGAIN];
    return [`op ${op} has no rule`, EXPORT_AGAIN];
  }

  private fold(call: Call): Known | null {
    const fold = folds[call.node.op];
    if (!fold) return null;
    const entries: Known[] = [];
    for (const operand of call.operands) {
      const one = operand && knownOf(operand);
      if (!one) return null;
      entries.push(one);
    }
    return fold(call, entries);
  }

  /** Inference of the graph's own ops throws internal errors; here the file is at fault. */
  private guarded<T>(call: Call, convert: () => T): T {
    try {
      return convert();
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof ModelError || !message.startsWith('internal: ')) throw error;
      throw call.refuse(message.slice('internal: '.length));
    }
  }

  /** Checks new nodes, and notes which of them depend on the look-up. */
  private inspect(call: Call, first: number): void {
    for (const node of this.target.g.nodes.slice(first)) {
      const fault = disagreement(node);
      if (fault) throw call.refuse(fault);
      if (!node.inputs.some((input) => this.scope.active.has(input.name))) continue;
      for (const output of node.outputs) this.scope.active.add(output.name);
    }
  }

  private remember(call: Call, outputs: readonly Operand[]): void {
    const { node } = call;
    if (node.op === 'Gather') this.lookUp(call, outputs[0]);
    node.outputs.forEach((name, i) => {
      const operand = outputs[i];
      if (name === '' || !operand) return;
      if (!operand.weight && isTooLarge(operand.shape))
        throw call.refuse(`its result is ${formatShape(operand.shape)}`);
      this.operands.set(name, operand);
    });
    const [output] = outputs;
    const computedNow = output && !output.elements() && !output.weight && !output.parts;
    if (computedNow && boundsAfter[node.op])
      this.scope.setBound(output.value(), boundsAfter[node.op]?.(call));
  }

  /** Notes where the token ids are looked up in a table: gradients end there. */
  private lookUp(call: Call, output: Operand): void {
    const [table, ids] = call.operands;
    if (!table || !ids || ids.elements() || ids.weight || !this.scope.tokenIds.has(ids.value().name)) return;
    const { weight } = table;
    if (!weight || weight.shape.length !== 2 || weight.dtype !== 'float32') return;
    if (this.found) {
      if (this.found.table === weight.name) throw call.refuse('the token ids are looked up twice');
      throw call.refuse(`the token ids are also looked up in ${this.found.table}`);
    }
    const value = output.value();
    const [vocabularySize, width] = weight.shape;
    this.found = { value, table: weight.name, vocabularySize, width };
    this.scope.active.add(value.name);
  }

  private fault(what: string, got?: string): ModelError {
    return modelFault(this.file.file, { what, got, fix: EXPORT_AGAIN });
  }
}
