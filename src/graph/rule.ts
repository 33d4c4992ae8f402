import type { OpAttributes, OpName } from './attributes.js';
import type { GraphBuilder, Node } from './builder.js';
import type { TensorType, Value } from './types.js';

/** What a reverse rule sees: the node, the cotangents of its outputs, and which inputs want one. */
export interface VjpContext<K extends OpName> {
  readonly g: GraphBuilder;
  readonly node: Node<K>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: OpAttributes[K];
  /** Cotangent of the first output (ops with more outputs are differentiated through the first alone). */
  readonly cotangent: Value;
  /** Whether input i needs a cotangent; a rule may skip the work for one that does not. */
  readonly needs: readonly boolean[];
}

/** One op: its output types, and its vector-Jacobian product written as graph nodes. */
export interface OpRule<K extends OpName> {
  infer(inputs: readonly Value[], attributes: OpAttributes[K]): TensorType[];
  /** Cotangent of each input; null where none flows. */
  vjp(context: VjpContext<K>): (Value | null)[];
}
