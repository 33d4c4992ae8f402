import type { ModelError } from '../../core/errors.js';
import type { GraphBuilder } from '../builder.js';
import { type DType, formatShape, type Value } from '../types.js';
import { EXPORT_AGAIN, modelFault } from './fault.js';
import type { FileNode, OnnxFile } from './model-file.js';
import { computed, known, type Known, type Operand } from './operand.js';
import type { Scope } from './scope.js';
import type { Element } from './sizes.js';
import type { StoredTensor } from './tensors.js';

/** One node with what it is applied to: all that the handler of its op sees. */
export class Call {
  constructor(
    readonly scope: Scope,
    readonly file: OnnxFile,
    readonly node: FileNode,
    /** Operands by position; undefined where an optional one is left out. */
    readonly operands: readonly (Operand | undefined)[],
  ) {}

  get g(): GraphBuilder {
    return this.scope.g;
  }

  get opset(): number {
    return this.file.opset;
  }

  /** An operand that the op cannot do without. */
  input(index: number): Operand {
    const operand = this.operands[index];
    if (!operand) throw this.refuse(`input ${index + 1} is missing`);
    return operand;
  }

  /** An operand that may be left out. */
  optional(index: number): Operand | undefined {
    return this.operands[index];
  }

  /** An operand of real numbers, as a value. */
  float(index: number): Value {
    const operand = this.input(index);
    if (operand.dtype !== 'float32' && operand.dtype !== 'float64')
      throw this.refuse(`input ${index + 1} is ${operand.dtype}, not real numbers`);
    return operand.value();
  }

  /** An operand of one element type, as a value. */
  typed(index: number, dtype: DType): Value {
    const operand = this.input(index);
    if (operand.dtype !== dtype) throw this.refuse(`input ${index + 1} is ${operand.dtype}, not ${dtype}`);
    return operand.value();
  }

  /** The entries of an operand that has to be known while the model is read. */
  elements(index: number): readonly Element[] {
    const elements = this.input(index).elements();
    if (!elements) throw this.refuse(`input ${index + 1} is only known at run time`);
    return elements;
  }

  /** Whole numbers that stand in an input, or in an attribute of older versions; null where neither is given. */
  integers(index: number, attribute?: string): readonly number[] | null {
    const operand = this.optional(index);
    if (!operand) return attribute === undefined ? null : this.ints(attribute);
    return this.elements(index).map((element) => {
      if (typeof element === 'number' && Number.isInteger(element)) return element;
      throw this.refuse(`input ${index + 1} depends on the batch`);
    });
  }

  int(name: string, fallback: number): number {
    const attribute = this.node.attributes.get(name);
    if (!attribute) return fallback;
    if (attribute.kind !== 'int') throw this.refuse(`attribute ${name} is not a whole number`);
    return attribute.value;
  }

  real(name: string, fallback: number): number {
    const attribute = this.node.attributes.get(name);
    if (!attribute) return fallback;
    if (attribute.kind !== 'float') throw this.refuse(`attribute ${name} is not a number`);
    return attribute.value;
  }

  text(name: string, fallback: string): string {
    const attribute = this.node.attributes.get(name);
    if (!attribute) return fallback;
    if (attribute.kind !== 'string') throw this.refuse(`attribute ${name} is not a text`);
    return attribute.value;
  }

  ints(name: string): readonly number[] | null {
    const attribute = this.node.attributes.get(name);
    if (!attribute) return null;
    if (attribute.kind !== 'ints') throw this.refuse(`attribute ${name} is not a list of whole numbers`);
    return attribute.value;
  }

  /** A tensor that stands in an attribute. */
  tensor(name: string): StoredTensor | null {
    const attribute = this.node.attributes.get(name);
    if (!attribute) return null;
    if (attribute.kind !== 'tensor') throw this.refuse(`attribute ${name} is not a tensor`);
    return this.file.constant(attribute.value, `${this.node.outputs[0]} (attribute ${name})`);
  }

  /** An axis of a tensor of that rank, counted from the front. */
  axis(axis: number, rank: number): number {
    const positive = axis < 0 ? axis + rank : axis;
    if (positive < 0 || positive >= rank) throw this.refuse(`axis ${axis} of a tensor of ${rank} axes`);
    return positive;
  }

  known(entries: Known): Operand {
    return known(this.scope, entries);
  }

  computed(value: Value): Operand {
    return computed(value);
  }

  /** The error of a node that cannot be taken over, which says where it sits. */
  refuse(reason: string): ModelError {
    return modelFault(this.file.file, {
      what: `op ${this.node.op} is not supported as it is used here: ${reason}`,
      got: describeNode(this.file, this.node, this.operands),
      fix: EXPORT_AGAIN,
    });
  }
}

/** Where a node sits: its name, and what makes its inputs. */
export function describeNode(
  { producers, nodes, weight }: OnnxFile,
  node: FileNode,
  operands: readonly (Operand | undefined)[] = [],
): string {
  const inputs = node.inputs.map((name, i) => {
    if (name === '') return 'nothing';
    const operand = operands[i];
    const type = operand ? ` ${operand.dtype} ${formatShape(operand.shape)}` : '';
    const maker = producers.get(name);
    if (maker)
      return `${shortened(name)}${type} from ${maker.op}${maker.name ? ` '${shortened(maker.name)}'` : ''}`;
    return `${weightNamed(weight, name) ? 'weight' : 'input'} ${shortened(name)}${type}`;
  });
  const title = node.name ? `'${shortened(node.name)}'` : `that makes ${shortened(node.outputs[0] ?? '')}`;
  const listed = inputs.length > 6 ? [...inputs.slice(0, 6), `${inputs.length - 6} more`] : inputs;
  return `node ${title} (${nodes.indexOf(node) + 1} of ${nodes.length}) on ${listed.join(', ') || 'nothing'}`;
}

function weightNamed(weight: OnnxFile['weight'], name: string): boolean {
  try {
    return weight(name) !== undefined;
  } catch {
    return true;
  }
}

function shortened(name: string): string {
  return name.length > 120 ? `${name.slice(0, 117)}...` : name;
}
